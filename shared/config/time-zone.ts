/** Time zones by their IANA names. At build and start only. */
import { nearest } from './nearest.ts'
import { quote } from './problems.ts'

/** What is wrong with a zone's name, and what would be right; undefined when it is one. */
export function zoneProblem(name: string): string | undefined {
  if (/^[A-Za-z]/.test(name) && isZone(name)) return undefined
  const meant = nearestZone(name) ?? 'Europe/Berlin, or UTC'
  // +02:00 is right for half of the year only where clocks change.
  const what = /^(?:UTC|GMT)?[+-]\d/i.test(name) ? 'is an offset: a time zone goes by its IANA name' : 'is no time zone'
  return `${quote(name)} ${what}. Try ${meant}`
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function nearestZone(name: string): string | undefined {
  const zones = Intl.supportedValuesOf('timeZone')
  const city = name.split('/').at(-1)?.toLowerCase()
  return zones.find(zone => zone.split('/').at(-1)?.toLowerCase() === city) ?? nearest(name, zones)
}
