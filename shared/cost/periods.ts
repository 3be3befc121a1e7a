/** Periods that money is counted in: UTC, as AWS's are. Pure. */
import type { AwsBudget } from '../ports.ts'
import type { Spend } from './spend.ts'

export type Period = Spend['period']

const hourMs = 3600_000

/** Months of each of AWS's units that is made of months. */
const months: Readonly<Record<string, number>> = { MONTHLY: 1, QUARTERLY: 3, ANNUALLY: 12 }

/** The day or month that `now` is in. */
export function ownPeriod(per: 'day' | 'month', now: Date): Period {
  return per === 'day' ? dayOf(now) : monthsOf(1, now)
}

/**
 * The period of an AWS budget that `now` is in: of the calendar, whatever day the budget began on; a custom one is all of its time. Or why
 * there is none.
 */
export function awsPeriod(
  { timeUnit, startsAt, endsAt }: Pick<AwsBudget, 'timeUnit' | 'startsAt' | 'endsAt'>,
  now: Date,
): Period | { none: string } {
  const at = now.toISOString()
  const [from, to] = [iso(startsAt), iso(endsAt)]
  if (from !== undefined && at < from) return { none: `It begins on ${dayText(from)}` }
  if (to !== undefined && at >= to) return { none: `It ended on ${dayText(to)}` }
  if (timeUnit === 'CUSTOM')
    return from === undefined || to === undefined ? { none: 'AWS does not tell its custom period' } : { from, to }
  const count = months[timeUnit]
  if (timeUnit !== 'DAILY' && count === undefined) return { none: `Its time unit ${timeUnit} is not known` }
  const period = count === undefined ? dayOf(now) : monthsOf(count, now)
  return to !== undefined && to < period.to ? { from: period.from, to } : period
}

/** The limit that holds now; undefined where AWS tells none. Of planned limits: the last one that has begun. */
export function limitAt({ limit, plannedLimits = [] }: AwsBudget, now: Date): number | undefined {
  const at = now.toISOString()
  const begun = plannedLimits.filter(({ from }) => (iso(from) ?? at) <= at)
  return plannedLimits.length > 0 ? begun.at(-1)?.amount : limit
}

/** Hours from `now` to the period's end. */
export function hoursLeft({ to }: Period, now: Date): number {
  return Math.max(0, Date.parse(to) - now.getTime()) / hourMs
}

/** The days that a period has touched so far, such as `2026-03-01`, oldest first. */
export function daysOf({ from, to }: Period, now: Date): string[] {
  const last = Math.min(Date.parse(to) - 1, now.getTime())
  const days: string[] = []
  for (let at = Date.parse(dayText(from)); at <= last; at += 24 * hourMs) days.push(dayText(new Date(at).toISOString()))
  return days
}

function dayOf(now: Date): Period {
  const from = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())
  return { from: new Date(from).toISOString(), to: new Date(from + 24 * hourMs).toISOString() }
}

function monthsOf(count: number, now: Date): Period {
  const year = now.getUTCFullYear()
  const first = now.getUTCMonth() - (now.getUTCMonth() % count)
  return {
    from: new Date(Date.UTC(year, first)).toISOString(),
    to: new Date(Date.UTC(year, first + count)).toISOString(),
  }
}

const dayText = (at: string) => at.slice(0, 10)

/** In the one form that compares as text. */
function iso(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}
