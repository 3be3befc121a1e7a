/** What was not spent, because the guard had stopped it. Pure. */
import type { Amount } from './amount.ts'
import type { Period } from './periods.ts'

/** One stop, as it is on record. Times are ISO 8601. */
export interface StoppedTime {
  workload: string
  name: string
  from: string
  /** Absent: it is stopped still. */
  to?: string
  costPerHour: Amount
}

export interface Saved {
  /** US dollars, of what has a price. */
  usd: number
  /** How long workloads were stopped, all together. */
  seconds: number
  /** How many of them were stopped at some time. */
  workloads: number
  /** Those of them whose cost is not known, each once. */
  unknown: { name: string; why: string }[]
}

/** Within the period, up to now: what is still to be saved is not counted yet. No second of a workload counts twice. */
export function savedIn(stops: readonly StoppedTime[], period: Period, now: Date): Saved {
  const begin = Date.parse(period.from)
  const end = Math.min(Date.parse(period.to), now.getTime())
  const saved: Saved = { usd: 0, seconds: 0, workloads: 0, unknown: [] }
  for (const [, own] of Map.groupBy(stops, ({ workload }) => workload)) {
    const parts = apart(own).map(({ from, to, stop }) => ({
      stop,
      seconds: Math.max(0, Math.min(to, end) - Math.max(from, begin)) / 1000,
    }))
    const counted = parts.filter(({ seconds }) => seconds > 0)
    if (counted.length > 0) saved.workloads++
    for (const { stop, seconds } of counted) {
      saved.seconds += seconds
      if ('usd' in stop.costPerHour) saved.usd += stop.costPerHour.usd * (seconds / 3600)
    }
    const lacking = counted.find(({ stop }) => 'unknown' in stop.costPerHour)?.stop
    if (lacking && 'unknown' in lacking.costPerHour)
      saved.unknown.push({ name: lacking.name, why: lacking.costPerHour.unknown })
  }
  return saved
}

/** Each to the beginning of the next at the latest: one that came back by itself, and was stopped again, has two that overlap. */
function apart(own: readonly StoppedTime[]): { from: number; to: number; stop: StoppedTime }[] {
  const inOrder = own.toSorted((a, b) => (a.from < b.from ? -1 : 1))
  return inOrder.map((stop, nth) => {
    const to = stop.to === undefined ? Number.POSITIVE_INFINITY : Date.parse(stop.to)
    const next = inOrder[nth + 1]
    return { from: Date.parse(stop.from), to: next ? Math.min(to, Date.parse(next.from)) : to, stop }
  })
}
