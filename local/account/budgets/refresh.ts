/** What a budget reports: spend as of its last refresh, hours ago, and the notifications that a refresh sends. */
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import type { Bill } from './bill.ts'
import { type CheckedBudget, limitIn } from './budget-rules.ts'
import { coverageOf } from './cost-filters.ts'
import { noticeText } from './notice.ts'
import { type NotificationRecord, thresholdAmount } from './notifications.ts'
import { type Period, periodOf } from './periods.ts'

const day = 86_400_000

/** A forecast goes by the pace of so many days before. */
const paceOver = 7 * day

export interface Figures {
  actual: number
  forecast?: number
}

export interface BudgetRecord {
  budget: CheckedBudget
  notifications: NotificationRecord[]
  /** As of the last refresh; before the first one AWS says 0. */
  reported: Figures
  /** Said in place of what was really spent. */
  pinned?: Figures
}

/** What goes to a topic, and the budget that it comes from, which the topic's policy may name. */
export interface BudgetNotice {
  subject: string
  message: string
  budgetArn: string
}

export interface RefreshWorld {
  context: Omit<AccountContext, 'emit'>
  bill: Bill
  /** How much data a forecast wants. */
  forecastAfterMs: number
  /** Throws AwsError when the topic is gone or does not take it. */
  publish(topicArn: string, notice: BudgetNotice): unknown
}

/** Brings one budget's figures up to now, and sends what passes a threshold with them. */
export async function refreshBudget(record: BudgetRecord, world: RefreshWorld): Promise<void> {
  const { budget } = record
  const now = world.context.clock.now()
  const period = currentPeriod(budget, now)
  record.reported = record.pinned ?? figuresOf(budget, period, now, world)
  const limit = Number(limitIn(budget, period)?.Amount)
  for (const notification of record.notifications) {
    const amount = comparedAmount(record, notification, now, world)
    const isPassed = amount !== undefined && passes(notification, amount, limit)
    const isDue = isPassed && isUnsent(notification, period)
    notification.isInAlarm = isPassed
    if (!isDue || amount === undefined) continue
    notification.sentIn = period.start.getTime()
    const { accountId } = world.context
    const text = noticeText({ accountId, budget, notification, period, amount, at: now })
    const budgetArn = `arn:aws:budgets::${accountId}:budget/${budget.BudgetName}`
    await send(notification, { ...text, budgetArn }, world)
  }
}

/** The period that a budget is in. */
export function currentPeriod({ TimeUnit, TimePeriod }: CheckedBudget, now: Date): Period {
  return periodOf(TimeUnit, now, { start: TimePeriod.Start, end: TimePeriod.End })
}

/** Only cost is modelled: a budget of another type has used nothing, in its own unit, until it is told otherwise. */
function figuresOf(budget: CheckedBudget, period: Period, now: Date, world: RefreshWorld): Figures {
  if (budget.BudgetType !== 'COST' || now < budget.TimePeriod.Start) return { actual: 0 }
  const { bill, context } = world
  const covers = coverageOf(budget, context.region)
  const actual = bill.spend(period, covers)
  const since = bill.firstUse
  // Daily budgets have no forecast.
  if (budget.TimeUnit === 'DAILY' || since === undefined || now.getTime() - since < world.forecastAfterMs)
    return { actual }
  const from = new Date(Math.max(since, dayOf(now) - paceOver))
  const recent = bill.spend({ start: new Date(dayOf(from)), end: now }, line => covers(line) && !line.isCredit)
  const usdPerMs = recent / Math.max(1, now.getTime() - from.getTime())
  return { actual, forecast: actual + usdPerMs * (period.end.getTime() - now.getTime()) }
}

/** A daily budget's notification looks at the day before, which is the last one that is whole. */
function comparedAmount(
  { budget, reported, pinned }: BudgetRecord,
  { type }: NotificationRecord,
  now: Date,
  world: RefreshWorld,
): number | undefined {
  if (type === 'FORECASTED') return reported.forecast
  if (budget.TimeUnit !== 'DAILY' || pinned || budget.BudgetType !== 'COST') return reported.actual
  const yesterday = periodOf('DAILY', new Date(now.getTime() - day), { start: now, end: now })
  return world.bill.spend(yesterday, coverageOf(budget, world.context.region))
}

/** What was spent is told once a period; a forecast may fall below its threshold and pass it again, which is told again. */
function isUnsent({ type, sentIn, isInAlarm }: NotificationRecord, { start }: Period): boolean {
  return sentIn !== start.getTime() || (type === 'FORECASTED' && !isInAlarm)
}

function passes(notification: NotificationRecord, amount: number, limit: number): boolean {
  const threshold = thresholdAmount(notification, limit)
  switch (notification.operator) {
    case 'GREATER_THAN':
      return amount > threshold
    case 'LESS_THAN':
      return amount < threshold
    case 'EQUAL_TO':
      return amount === threshold
  }
}

/** Mail is not modelled. A topic that is gone, or does not let Budgets publish, loses the message: nobody is told, as on AWS. */
async function send(
  { subscribers }: NotificationRecord,
  notice: BudgetNotice,
  { publish }: RefreshWorld,
): Promise<void> {
  for (const { SubscriptionType, Address = '' } of subscribers) {
    if (SubscriptionType !== 'SNS') continue
    try {
      await publish(Address, notice)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
    }
  }
}

const dayOf = (at: Date | number) => {
  const ms = Number(at)
  return ms - (ms % day)
}
