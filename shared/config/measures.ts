/** Fields that hold a number with its unit: percentages, money, rates, and times that may be `none`. */
import { parsed } from './parsed-field.ts'
import { quote } from './problems.ts'
import { readBytesPerSecond, readPercent, readPerMinute, readSeconds, readUsd } from './quantities.ts'

interface Bounds {
  /** As they are written: `1%`. */
  from: string
  to: string
  example: string
  help: string
  /** Whether `none` may be written too. */
  orNone?: boolean
}

/** `80%`. */
export function percent(bounds: Bounds) {
  return measure('a percentage', readPercent, bounds, text => {
    const value = numberIn(text)
    if (value === undefined) return []
    return value < 1 && !text.includes('%') ? [`${Number((value * 100).toFixed(3))}%`] : [`${value}%`]
  })
}

/** `$5`. */
export function usd(bounds: Bounds) {
  return measure('an amount of US dollars', readUsd, bounds, text => dollarsIn(text) ?? [])
}

/** `1 KB/s`. */
export function bytesPerSecond(bounds: Bounds) {
  return measure('a rate of bytes', readBytesPerSecond, bounds, text => {
    const [, amount, unit = ''] = /^([\d.]+) ?([kmg]?)i?b?(?:ytes?)?(?:\/s(?:ec)?|ps)?$/i.exec(text.trim()) ?? []
    // Kb may be meant as bits: not guessed.
    return amount === undefined || /\db|[kmg]b/.test(text) ? [] : [`${amount} ${unit.toUpperCase()}B/s`]
  })
}

/** `0/min`. */
export function perMinute(bounds: Bounds) {
  return measure('a number a minute', readPerMinute, bounds, text => {
    const value = numberIn(text)
    if (value === undefined) return []
    return /\/ ?s(ec)?/.test(text) ? [`${value * 60}/min`] : [`${value}/min`]
  })
}

/** `3d`, or `none`. */
export function durationOrNone(bounds: Omit<Bounds, 'orNone'>) {
  const named = (text: string) => text.toLowerCase().match(/^(\d+) ?(d|h|m|s)/)
  return measure('a duration', readSeconds, { ...bounds, orNone: true }, text => {
    const [, value, unit] = named(text) ?? []
    return value === undefined ? ['d', 'h', 'm'].map(each => `${text.trim()}${each}`) : [`${value}${unit}`]
  })
}

/** The figure of an amount that is not written as one, as it would be: `5 USD` as `$5`, `$1,000` as `$1000`. */
export function dollarsIn(text: string): string[] | undefined {
  const figure = /\d[\d.,]*/.exec(text)?.[0].replace(/[.,]$/, '')
  if (figure === undefined) return undefined
  const plain = figure.replace(/,(?=\d{3}(?:\D|$))/g, '').replace(',', '.')
  return /^\d+(?:\.\d+)?$/.test(plain) ? [`$${plain}`] : undefined
}

/** `guesses`: what a wrong text may have meant; the first that is right is offered. */
function measure(
  what: string,
  read: (text: string) => number | undefined,
  bounds: Bounds,
  guesses: (text: string) => string[],
) {
  const { from, to, orNone, help } = bounds
  const example = orNone ? `${bounds.example}, or none` : bounds.example
  const [least, most] = [read(from) ?? 0, read(to) ?? Number.POSITIVE_INFINITY]
  const isRight = (text: string) => {
    const value = read(text)
    return value !== undefined && value >= least && value <= most
  }
  return parsed({ example, examples: [bounds.example, ...(orNone ? ['none'] : [])], help, problem })

  function problem(text: string): string | undefined {
    if (isRight(text) || (orNone && text === 'none')) return undefined
    if (read(text) !== undefined) return `${quote(text)} is outside ${from} to ${to}. Try ${example}`
    const meant = guesses(text).find(isRight) ?? example
    return /^-?[\d.]+$/.test(text.trim())
      ? `${text.trim()} has no unit. Try ${meant}`
      : `${quote(text)} is not ${what}. Try ${meant}`
  }
}

function numberIn(text: string): number | undefined {
  const figure = /\d+(?:\.\d+)?/.exec(text)?.[0]
  return figure === undefined ? undefined : Number(figure)
}
