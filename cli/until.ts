/** Until when, as people say it where they are. */
import { instantOf, localTime } from '../shared/windows.ts'
import { readSpan } from './times.ts'

const dayMs = 86_400_000

/**
 * `18:00` (the next one), `tomorrow` and `2026-03-12` (to the end of that day), `2026-03-12T18:00`, by the clocks of `timeZone`; `90m`, `3d`
 * from now; or a time with its own offset. Undefined for what is none of these.
 */
export function readUntil(text: string, now: Date, timeZone: string): Date | undefined {
  const said = text.trim()
  const ms = readSpan(said)
  if (ms !== undefined) return new Date(now.getTime() + ms)
  const local = localTime(now.getTime(), timeZone)
  const today = Math.floor(local / dayMs) * dayMs
  if (said === 'tomorrow') return new Date(instantOf(today + 2 * dayMs, timeZone))
  const minutes = readMinutes(said)
  if (minutes !== undefined) {
    const at = instantOf(today + minutes * 60_000, timeZone)
    return new Date(at > now.getTime() ? at : instantOf(today + dayMs + minutes * 60_000, timeZone))
  }
  const [, date = '', time] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d?:\d\d))?$/.exec(said) ?? []
  if (date === '') return withOffset(said)
  const day = Date.parse(`${date}T00:00:00Z`)
  // What has no 30th, such as February, would become the month after.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return undefined
  if (time === undefined) return new Date(instantOf(day + dayMs, timeZone))
  const ofDay = readMinutes(time)
  return ofDay === undefined ? undefined : new Date(instantOf(day + ofDay * 60_000, timeZone))
}

function readMinutes(text: string): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes)
}

/** `2026-03-12T18:00:00Z`, `2026-03-12T18:00+01:00` */
function withOffset(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** `2026-03-12 18:00 Europe/Berlin` */
export function shownIn(at: Date, timeZone: string): string {
  return `${new Date(localTime(at.getTime(), timeZone)).toISOString().slice(0, 16).replace('T', ' ')} ${timeZone}`
}
