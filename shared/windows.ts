/** Weekly and other windows in local time: freezes of deployments, hours in which things run. Pure: the windows and a moment in. */
import { fromEpochMilliseconds, toZonedDateTimeISO } from 'temporal-polyfill/fns/Instant'
import { create, toZonedDateTime } from 'temporal-polyfill/fns/PlainDateTime'
import { offsetNanoseconds } from 'temporal-polyfill/fns/ZonedDateTime'
import type { FreezeWindow } from './config/config.ts'

const [minuteMs, dayMs, weekMs] = [60_000, 86_400_000, 7 * 86_400_000]

/** Windows that leave no gap would be followed for ever: it is worth looking again by then. */
const farthestMs = 366 * dayMs

/**
 * What holds at `now`, and until when: windows that overlap, or begin where another ends, hold on together, for
 * a year at the most. `label` names each of them. A window holds from its beginning on, and no longer at its end.
 */
export function activeWindow(windows: readonly FreezeWindow[], now: Date): { label: string; until: Date } | undefined {
  const labels = new Set<string>()
  let until = now.getTime()
  while (until < now.getTime() + farthestMs) {
    const next = lastToEnd(windows, until)
    if (!next) break
    labels.add(next.label)
    until = next.end
  }
  return labels.size === 0 ? undefined : { label: [...labels].join(', then '), until: new Date(until) }
}

/** Whether any of them holds. */
export function isWithin(windows: readonly FreezeWindow[], now: Date): boolean {
  return lastToEnd(windows, now.getTime()) !== undefined
}

/**
 * When the first of them begins after `now`, and what clocks of its zone show then: `Mon 07:00 Europe/Berlin`. Undefined where none
 * ever does. Nothing begins in a window that the clocks' change leaves empty.
 */
export function nextBeginning(windows: readonly FreezeWindow[], now: Date): { at: Date; shown: string } | undefined {
  let first: { begin: number; timeZone: string } | undefined
  for (const window of windows)
    for (const { begin, end } of occurrences(window, now.getTime(), weeksAhead))
      if (begin > now.getTime() && begin < end && begin < (first?.begin ?? Number.POSITIVE_INFINITY))
        first = { begin, timeZone: window.timeZone }
  return first && { at: new Date(first.begin), shown: shown(first.begin, first.timeZone) }
}

/** A week's window may be empty in the week in which clocks change. */
const weeksAhead = 2

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function shown(at: number, timeZone: string): string {
  const local = localTime(at, timeZone)
  const day = dayNames[Math.floor((local - mondayBefore(local)) / dayMs)]
  return `${day} ${new Date(local).toISOString().slice(11, 16)} ${timeZone}`
}

/** Of the windows that hold at `at`, the one that ends last. */
function lastToEnd(windows: readonly FreezeWindow[], at: number): { label: string; end: number } | undefined {
  return windows
    .flatMap(window =>
      occurrences(window, at)
        .filter(({ begin, end }) => begin <= at && at < end)
        .map(({ end }) => ({ label: window.label, end })),
    )
    .reduce<{ label: string; end: number } | undefined>(
      (last, next) => (last && last.end >= next.end ? last : next),
      undefined,
    )
}

/** When the window holds, in epoch milliseconds; of a weekly one, the times that may hold at `at`, and in the weeks that follow. */
function occurrences(window: FreezeWindow, at: number, weeksAfter = 0): { begin: number; end: number }[] {
  const instant = (local: number) => instantOf(local, window.timeZone)
  if (window.kind === 'once') {
    return [{ begin: instant(Date.parse(`${window.from}Z`)), end: instant(Date.parse(`${window.to}Z`)) }]
  }
  const monday = mondayBefore(localTime(at, window.timeZone))
  // The one that began last week may go on into this one.
  return Array.from({ length: 2 + weeksAfter }, (_, nth) => {
    const week = monday + (nth - 1) * weekMs
    const begin = week + offsetInWeek(window.from)
    const end = week + offsetInWeek(window.to)
    return { begin: instant(begin), end: instant(end > begin ? end : end + weekMs) }
  })
}

function offsetInWeek({ day, minute }: { day: number; minute: number }): number {
  return (day - 1) * dayMs + minute * minuteMs
}

/** 1970 began on a Thursday. */
function mondayBefore(local: number): number {
  return Math.floor((local + 3 * dayMs) / weekMs) * weekMs - 3 * dayMs
}

/** What clocks of the zone show at an instant, as if it were UTC. */
export function localTime(at: number, timeZone: string): number {
  return at + offsetNanoseconds(toZonedDateTimeISO(fromEpochMilliseconds(at), timeZone)) / 1_000_000
}

/**
 * The instant at which clocks of the zone show this local time. Where they show it twice, the first; where they skip it, as much
 * later as they are put forward: Temporal's `compatible`.
 */
export function instantOf(local: number, timeZone: string): number {
  const of = new Date(local)
  const [year, month, day] = [of.getUTCFullYear(), of.getUTCMonth() + 1, of.getUTCDate()]
  return toZonedDateTime(create(year, month, day, of.getUTCHours(), of.getUTCMinutes()), timeZone).epochMilliseconds
}
