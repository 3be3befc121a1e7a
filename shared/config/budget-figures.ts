/** Reads the figures of a budget: its limit, `$20 a day`, and its steps', `80% of forecast`. At build and start only. */
import type { BudgetStep } from './config.ts'
import { dollarsIn } from './measures.ts'
import { nearest } from './nearest.ts'
import { quote } from './problems.ts'
import { readPercent, readUsd } from './quantities.ts'

export interface OwnLimit {
  usd: number
  per: 'day' | 'month'
}

/** What `text` allows, or what is wrong with it and what would be right. */
export function parseLimit(text: string): OwnLimit | { problem: string } {
  const [, amount, period] = /^(.+?) (?:a|per) (\w+)$/.exec(text.trim()) ?? []
  const usd = amount === undefined ? undefined : readUsd(amount)
  if (usd === undefined || (period !== 'day' && period !== 'month')) {
    return { problem: `${quote(text)} is no limit: US dollars a day, or a month. Try ${limitMeant(text)}` }
  }
  if (usd < 0.01 || usd > mostUsd)
    return { problem: `${quote(text)} is outside $0.01 to $${mostUsd}. Try $500 a month` }
  return { usd, per: period }
}

/** What `text` is reached at, or what is wrong with it and what would be right. */
export function parseThreshold(text: string): Pick<BudgetStep, 'percent' | 'of' | 'label'> | { problem: string } {
  const [, share, of] = /^(\S+ ?%) of (\w+)$/.exec(text.trim()) ?? []
  const percent = share === undefined ? undefined : readPercent(share)
  if (percent === undefined || !isBasis(of)) {
    return { problem: `${quote(text)} is no share of actual, forecast or projected. Try ${thresholdMeant(text)}` }
  }
  if (percent === 0 || percent > mostPercent) {
    return { problem: `${quote(text)} is outside 0.001% to ${mostPercent}%. Try 80% of ${of}` }
  }
  return { label: `${percent}% of ${of}`, percent, of }
}

const mostUsd = 10_000_000
const mostPercent = 1000

const bases = ['actual', 'forecast', 'projected'] as const

function isBasis(text: string | undefined): text is BudgetStep['of'] {
  return bases.some(basis => basis === text)
}

function limitMeant(text: string): string {
  const guess = dollarsIn(text)?.[0]
  const [amount, known] = guess !== undefined && readUsd(guess) ? [guess, true] : ['$500', false]
  const isDaily = /\b(?:a|per|\/)? ?(?:day|daily|d)\b/i.test(text)
  return isDaily ? `${known ? amount : '$20'} a day` : `${amount} a month`
}

function thresholdMeant(text: string): string {
  const figure = Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? 80)
  const percent = figure > 0 && figure <= 2 && !text.includes('%') ? Number((figure * 100).toFixed(3)) : figure
  const words = text.match(/[a-z]{3,}/gi) ?? []
  const basis = words.map(word => nearest(word, bases)).find(isBasis) ?? 'actual'
  return `${percent > 0 && percent <= mostPercent ? percent : 80}% of ${basis}`
}
