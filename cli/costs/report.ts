/** What `farguard costs` says: the ledger summed up, beside what AWS says and what the guard has saved. */
import { clustersOf } from '../../shared/config/clusters.ts'
import { type Amount, sumOf, times } from '../../shared/cost/amount.ts'
import type { CostDay } from '../../shared/cost/ledger-records.ts'
import { meteredOf, readLedger } from '../../shared/cost/metered.ts'
import { hoursLeft, ownPeriod, type Period } from '../../shared/cost/periods.ts'
import { type Saved, savedIn } from '../../shared/cost/savings.ts'
import type { Spend } from '../../shared/cost/spend.ts'
import { type CostGroup, type Costs, type Grouping, groupsOf, totalOf } from '../../shared/cost/summary.ts'
import { type MoneyNow, moneyNow } from '../../shared/guard/plan-only.ts'
import { readSavings } from '../../shared/guard/records.ts'
import { readingWorld } from '../guard/reading-world.ts'
import type { Session } from '../session.ts'

export interface CostReport {
  at: string
  stack: string
  /** `2026-03`, UTC */
  month: string
  /** When the newest of these figures was metered; absent where nothing is on record. */
  meteredAt?: string
  /** What ran before this time of the month nobody metered. */
  meteredSince?: string
  /** Absent where nothing of the month is on record. */
  total?: Costs
  /** Why the total is not all of it. */
  lacks?: string
  /** Only of the month that is under way. */
  now?: NowReport
  by: string
  groups: CostGroup[]
  saved: { inMonth: Saved; inAll: Saved }
  /** Every month on record, oldest first. */
  months: ({ month: string } & Costs)[]
  /** What is not known, not counted or taken for granted; one line each. */
  notes: string[]
}

interface NowReport {
  /** Absent where nothing of the day is on record. */
  today?: Costs
  perHour: Amount
  /** Metered, and `perHour` until the month's end. */
  projected: Amount
  budgets: { budget: string; spend: Spend; problem?: string }[]
}

/** Days are kept for 800 days; what is older is none. */
const keptMs = 800 * 24 * 3_600_000

/** `month`: absent for the one that is under way. */
export async function reportOn(month: string | undefined, grouping: Grouping, session: Session): Promise<CostReport> {
  const { stack } = session
  const config = session.config()
  const world = await readingWorld(session)
  const now = world.clock.now()
  const period = ownPeriod('month', month === undefined ? now : new Date(`${month}-01T00:00:00Z`))
  const isUnderWay = period.from <= now.toISOString() && now.toISOString() < period.to
  const money = isUnderWay ? await moneyNow(config, world) : undefined
  const since = new Date(now.getTime() - keptMs).toISOString()
  const ledger = await readLedger(stack.table, clustersOf(config), since, now, money?.fresh)
  const days = daysIn(period, ledger.days)
  const metered = meteredOf([{ by: 'all' }], period, ledger, { clusters: clustersOf(config), config }, now)
  const savings = await readSavings(stack.table)
  const ever: Period = { from: since, to: now.toISOString() }
  const newest = days
    .map(({ at }) => at)
    .sort()
    .at(-1)
  const lacks = 'unknown' in metered.amount ? metered.amount.unknown : undefined
  return {
    at: now.toISOString(),
    stack: stack.name,
    month: period.from.slice(0, 7),
    ...(newest !== undefined && { meteredAt: newest }),
    ...(metered.since !== undefined && days.length > 0 && { meteredSince: metered.since }),
    ...(days.length > 0 && { total: totalOf(days) }),
    ...(lacks !== undefined && { lacks }),
    ...(money && { now: nowReport(money, metered.amount, period, days, now) }),
    by: grouping.by === 'tag' ? `tag:${grouping.key}` : grouping.by,
    groups: groupsOf(days, grouping),
    saved: { inMonth: savedIn(savings, period, now), inAll: savedIn(savings, ever, now) },
    months: monthsOf(ledger.days),
    notes: [...new Set([...(money?.problems ?? []), ...factsOf(days)])],
  }
}

function daysIn({ from, to }: Period, days: readonly CostDay[]): CostDay[] {
  return days.filter(({ day }) => from.slice(0, 10) <= day && day < to.slice(0, 10))
}

function monthsOf(days: readonly CostDay[]): CostReport['months'] {
  const months = [...Map.groupBy(days, ({ day }) => day.slice(0, 7))]
  return months.map(([month, of]) => ({ month, ...totalOf(of) })).sort((a, b) => (a.month < b.month ? -1 : 1))
}

function nowReport(
  { perHour, budgets }: MoneyNow,
  metered: Amount,
  month: Period,
  days: readonly CostDay[],
  now: Date,
): NowReport {
  const today = days.filter(({ day }) => day === now.toISOString().slice(0, 10))
  return {
    ...(today.length > 0 && { today: totalOf(today) }),
    perHour,
    projected: sumOf([metered, times(perHour, hoursLeft(month, now))]),
    budgets: budgets.map(({ budget, spend, problem }) => ({
      budget: budget.name,
      spend,
      ...(problem !== undefined && { problem }),
    })),
  }
}

function factsOf(days: readonly CostDay[]): string[] {
  return [
    ...days.flatMap(({ leavesOut }) => leavesOut.map(what => `Not counted: ${what}`)),
    ...days.flatMap(({ assumes }) => assumes.map(what => `Taken for granted: ${what}`)),
  ]
}
