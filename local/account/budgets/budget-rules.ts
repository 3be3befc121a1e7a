/** What AWS takes as a budget, and what it makes of what is left out. */
import type { Budget, CostTypes, Spend, TimeUnit } from '@aws-sdk/client-budgets'
import { AwsError } from '../aws-error.ts'
import { coverageOf } from './cost-filters.ts'
import { type Period, periodOf } from './periods.ts'

/** A budget with what AWS fills in. */
export interface CheckedBudget extends Budget {
  BudgetName: string
  TimeUnit: TimeUnit
  TimePeriod: { Start: Date; End: Date }
}

const types = ['COST', 'USAGE', 'RI_UTILIZATION', 'RI_COVERAGE', 'SAVINGS_PLANS_UTILIZATION', 'SAVINGS_PLANS_COVERAGE']
const units: readonly string[] = ['DAILY', 'MONTHLY', 'QUARTERLY', 'ANNUALLY', 'CUSTOM'] satisfies TimeUnit[]
const unmodelled = ['AutoAdjustData', 'FilterExpression', 'Metrics', 'BillingViewArn'] as const

/** The end that AWS gives to a budget without one. */
const farAway = new Date('2087-06-15T00:00:00Z')

/** How many planned limits there are, where a budget goes on for as long. */
const plannedPeriods: Readonly<Record<string, number>> = { MONTHLY: 12, QUARTERLY: 4 }

const usualCostTypes: CostTypes = {
  IncludeTax: true,
  IncludeSubscription: true,
  UseBlended: false,
  IncludeRefund: true,
  IncludeCredit: true,
  IncludeUpfront: true,
  IncludeRecurring: true,
  IncludeOtherSubscription: true,
  IncludeSupport: true,
  IncludeDiscount: true,
  UseAmortized: false,
}

/** The budget as it is kept; throws where AWS would refuse it, or where the local account does not model it. */
export function checkedBudget(given: Budget, now: Date): CheckedBudget {
  for (const member of unmodelled)
    if (given[member] !== undefined) throw invalid(`The local account does not model ${member} of a budget.`)
  const { BudgetName = '', BudgetType = '', TimeUnit = '' } = given
  if (!/^(?![^:\\]*\/action\/|.*<script>.*<\/script>.*)[^:\\]{1,100}$/i.test(BudgetName))
    throw invalid('BudgetName has 1 to 100 characters, without : and \\, and without /action/.')
  if (!types.includes(BudgetType)) throw invalid(`BudgetType is one of ${types.join(', ')}, not "${BudgetType}".`)
  if (!isTimeUnit(TimeUnit)) throw invalid(`TimeUnit is one of ${units.join(', ')}, not "${TimeUnit}".`)
  const period = timePeriod(given, TimeUnit, now)
  coverageOf(given, '')
  const { CalculatedSpend: _, LastUpdatedTime: __, ...asked } = given
  return {
    ...asked,
    ...limits(given, TimeUnit, period, now),
    ...(BudgetType === 'COST' && { CostTypes: { ...usualCostTypes, ...given.CostTypes } }),
    BudgetName,
    TimeUnit,
    TimePeriod: { Start: period.start, End: period.end },
    LastUpdatedTime: now,
    HealthStatus: { LastUpdatedTime: now, ...(given.HealthStatus ?? { Status: 'HEALTHY' }) },
  }
}

/** The limit that holds in a period; after the last planned one, that one goes on. */
export function limitIn({ BudgetLimit, PlannedBudgetLimits }: Budget, { start }: Period): Spend | undefined {
  if (!PlannedBudgetLimits) return BudgetLimit
  const begun = Object.keys(PlannedBudgetLimits)
    .map(Number)
    .sort((one, other) => one - other)
    .findLast(seconds => seconds * 1000 <= start.getTime())
  return begun === undefined ? undefined : PlannedBudgetLimits[begun]
}

/** As AWS writes amounts: at least one decimal, at most three. */
export const amountText = (amount: number) => {
  const rounded = Math.round(amount * 1000) / 1000
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded)
}

const isTimeUnit = (text: string): text is TimeUnit => units.includes(text)

function timePeriod({ TimePeriod = {} }: Budget, unit: TimeUnit, now: Date): Period {
  if (unit === 'CUSTOM' && !(TimePeriod.Start && TimePeriod.End))
    throw invalid('A custom budget needs TimePeriod.Start and TimePeriod.End.')
  const end = TimePeriod.End ?? farAway
  const start = TimePeriod.Start ?? periodOf(unit, now, { start: now, end }).start
  if (start >= end) throw invalid('TimePeriod.Start must be before TimePeriod.End.')
  return { start, end }
}

function limits(budget: Budget, unit: TimeUnit, period: Period, now: Date): Partial<Budget> {
  const { BudgetType, BudgetLimit, PlannedBudgetLimits } = budget
  if (BudgetLimit && PlannedBudgetLimits) throw invalid('Give BudgetLimit or PlannedBudgetLimits, not both.')
  if (BudgetLimit) return { BudgetLimit: checkedSpend(BudgetLimit) }
  if (PlannedBudgetLimits) return { PlannedBudgetLimits: planned(PlannedBudgetLimits, unit, period, now) }
  if (BudgetType === 'COST' || BudgetType === 'USAGE')
    throw invalid('A cost or usage budget needs BudgetLimit or PlannedBudgetLimits.')
  return { BudgetLimit: { Amount: '100.0', Unit: 'PERCENTAGE' } }
}

/** One limit for each period from the current one on, as far as the budget goes. */
function planned(given: Record<string, Spend>, unit: TimeUnit, { start, end }: Period, now: Date) {
  const count = plannedPeriods[unit]
  if (count === undefined) throw invalid('PlannedBudgetLimits are for MONTHLY and QUARTERLY budgets.')
  const expected: string[] = []
  for (let next = periodOf(unit, start > now ? start : now, { start, end }); expected.length < count; ) {
    if (next.start >= end) break
    expected.push(String(next.start.getTime() / 1000))
    next = periodOf(unit, next.end, { start, end })
  }
  if (Object.keys(given).sort().join() !== expected.sort().join())
    throw invalid(`PlannedBudgetLimits must have these keys, each a period's start: ${expected.join(', ')}.`)
  return Object.fromEntries(Object.entries(given).map(([key, spend]) => [key, checkedSpend(spend)]))
}

function checkedSpend({ Amount = '', Unit = '' }: Spend): Spend {
  if (!/^(\d*\.)?\d+$/.test(Amount)) throw invalid(`"${Amount}" is not an amount. Try 100.0`)
  if (Unit === '') throw invalid('An amount needs a unit. Try USD')
  return { Amount: amountText(Number(Amount)), Unit }
}

const invalid = (message: string) => new AwsError('InvalidParameterException', message)
