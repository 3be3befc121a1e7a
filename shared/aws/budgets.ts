/** Budgets, in AWS Budgets. */
import {
  type Budget as BudgetOfAws,
  BudgetsClient,
  type BudgetsClientConfig,
  DescribeBudgetsCommand,
  type Spend,
} from '@aws-sdk/client-budgets'
import type { AwsBudget, BudgetAnswer, Budgets } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { saying, whatItSaid } from './sdk-error.ts'

const budgetsPerPage = 100

/** `options`: for a client other than the environment's. */
export function awsBudgets(options: BudgetsClientConfig = {}): Budgets {
  // One endpoint for all Regions, which takes this one's signature.
  const client = new BudgetsClient({ ...clientConfig, region: 'us-east-1', ...options })
  return { read: (accountId, names) => read(client, accountId, names) }
}

async function read(client: BudgetsClient, AccountId: string, names: readonly string[]): Promise<BudgetAnswer[]> {
  const found = new Map<string, AwsBudget>()
  let failed: string | undefined
  try {
    await saying('budgets:ViewBudget (DescribeBudgets)', () => find(client, AccountId, new Set(names), found))
  } catch (error) {
    failed = whatItSaid(error)
  }
  return names.map(name => {
    const budget = found.get(name)
    if (budget) return { name, found: budget }
    return failed === undefined ? { name, missing: true } : { name, unreadable: failed }
  })
}

/** Reads on until all are found. One by one would be a call each. */
async function find(
  client: BudgetsClient,
  AccountId: string,
  names: ReadonlySet<string>,
  found: Map<string, AwsBudget>,
): Promise<void> {
  let NextToken: string | undefined
  while (found.size < names.size) {
    const from = NextToken === undefined ? {} : { NextToken }
    const page = await client.send(new DescribeBudgetsCommand({ AccountId, MaxResults: budgetsPerPage, ...from }))
    for (const budget of page.Budgets ?? [])
      if (budget.BudgetName !== undefined && names.has(budget.BudgetName))
        found.set(budget.BudgetName, asBudget(budget))
    NextToken = page.NextToken
    if (!NextToken) return
  }
}

function asBudget(budget: BudgetOfAws): AwsBudget {
  const { BudgetLimit, PlannedBudgetLimits = {}, CalculatedSpend, TimePeriod, HealthStatus } = budget
  const spends = [BudgetLimit, ...Object.values(PlannedBudgetLimits), CalculatedSpend?.ActualSpend]
  const unit = spends.find(spend => spend?.Unit)?.Unit
  const limit = amountOf(BudgetLimit, unit)
  const plannedLimits = plannedIn(PlannedBudgetLimits, unit)
  const actual = amountOf(CalculatedSpend?.ActualSpend, unit)
  const forecast = amountOf(CalculatedSpend?.ForecastedSpend, unit)
  return {
    type: budget.BudgetType ?? 'UNKNOWN',
    ...(unit && { unit }),
    timeUnit: budget.TimeUnit ?? 'UNKNOWN',
    ...(limit !== undefined && { limit }),
    ...(plannedLimits && { plannedLimits }),
    ...(actual !== undefined && { actual }),
    ...(forecast !== undefined && { forecast }),
    ...(TimePeriod?.Start && { startsAt: TimePeriod.Start.toISOString() }),
    ...(TimePeriod?.End && { endsAt: TimePeriod.End.toISOString() }),
    ...(HealthStatus?.Status && { health: HealthStatus.Status }),
  }
}

/** AWS's amounts are text. Number('') is 0, and '0x10' 16. */
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** Undefined for what is no amount, or one in another unit than the budget's. */
function amountOf(spend: Spend | undefined, unit: string | undefined): number | undefined {
  const { Amount = '', Unit } = spend ?? {}
  if (Unit !== unit || !decimal.test(Amount)) return undefined
  const amount = Number(Amount)
  return Number.isFinite(amount) ? amount : undefined
}

/** By the epoch second that each holds from. None at all where one can't be read: the one before would hold in its place. */
function plannedIn(limits: Record<string, Spend>, unit: string | undefined): AwsBudget['plannedLimits'] {
  const planned: { at: number; amount: number }[] = []
  for (const [key, spend] of Object.entries(limits)) {
    const amount = amountOf(spend, unit)
    if (!/^\d{1,11}$/.test(key) || amount === undefined) return undefined
    planned.push({ at: Number(key) * 1000, amount })
  }
  if (planned.length === 0) return undefined
  return planned.sort((a, b) => a.at - b.at).map(({ at, amount }) => ({ from: new Date(at).toISOString(), amount }))
}
