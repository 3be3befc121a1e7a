/** Whether a freeze window holds deployments back. Pure: the windows and a moment in, the window and its end out. */
import { fromEpochMilliseconds, toZonedDateTimeISO } from 'temporal-polyfill/fns/Instant'
import { create, toZonedDateTime } from 'temporal-polyfill/fns/PlainDateTime'
import { offsetNanoseconds } from 'temporal-polyfill/fns/ZonedDateTime'
import type { FreezeWindow } from '../config/config.ts'

const [minuteMs, dayMs, weekMs] = [60_000, 86_400_000, 7 * 86_400_000]

/** Windows that leave no gap would be followed for ever: it is worth looking again by then. */
const farthestMs = 366 * dayMs

/**
 * What holds deployments back at `now`, and until when: windows that overlap, or begin where another ends, hold on together, for
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

/** When the window holds, in epoch milliseconds; of a weekly one, the times that may hold at `at`. */
function occurrences(window: FreezeWindow, at: number): { begin: number; end: number }[] {
  const instant = (local: number) => instantOf(local, window.timeZone)
  if (window.kind === 'once') {
    return [{ begin: instant(Date.parse(`${window.from}Z`)), end: instant(Date.parse(`${window.to}Z`)) }]
  }
  const monday = mondayBefore(localTime(at, window.timeZone))
  // The one that began last week may go on into this one.
  return [monday - weekMs, monday].map(week => {
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
function localTime(at: number, timeZone: string): number {
  return at + offsetNanoseconds(toZonedDateTimeISO(fromEpochMilliseconds(at), timeZone)) / 1_000_000
}

/**
 * The instant at which clocks of the zone show this local time. Where they show it twice, the first; where they skip it, as much
 * later as they are put forward: Temporal's `compatible`.
 */
function instantOf(local: number, timeZone: string): number {
  const of = new Date(local)
  const [year, month, day] = [of.getUTCFullYear(), of.getUTCMonth() + 1, of.getUTCDate()]
  return toZonedDateTime(create(year, month, day, of.getUTCHours(), of.getUTCMinutes()), timeZone).epochMilliseconds
}
