/** An account with ECS and Budgets in it, for tests: tasks that cost something, and what is published of it. */
import type { Budget, CreateBudgetRequest, DescribeBudgetResponse, Notification } from '@aws-sdk/client-budgets'
import { type Budgets, createBudgets } from '../../../local/account/budgets/budgets.ts'
import type { BudgetNotice } from '../../../local/account/budgets/refresh.ts'
import { seededRandom } from '../../../local/account/random.ts'
import { accountContext } from '../account-context.ts'
import { type EcsAccount, ecsAccount } from '../ecs/ecs-account.ts'

export const accountId = '123456789012'
export const topic = `arn:aws:sns:eu-central-1:${accountId}:budgets`

export interface BudgetsAccount {
  ecs: EcsAccount
  budgets: Budgets
  published: ({ topicArn: string } & BudgetNotice)[]
  call<Output>(operation: string, input: object): Output
  create(budget?: Partial<Budget>, more?: Partial<CreateBudgetRequest>): void
  describe(name?: string): Budget
  /** Actual and forecast as numbers, in the budget's unit. */
  reported(name?: string): { actual: number; forecast?: number }
}

/** A monthly cost budget of $100 unless told. */
export const monthly = (given: Partial<Budget> = {}): Budget => ({
  BudgetName: 'team',
  BudgetType: 'COST',
  TimeUnit: 'MONTHLY',
  BudgetLimit: { Amount: '100', Unit: 'USD' },
  ...given,
})

export const above = (percent: number, given: Partial<Notification> = {}): Notification => ({
  NotificationType: 'ACTUAL',
  ComparisonOperator: 'GREATER_THAN',
  Threshold: percent,
  ...given,
})

export const toTopic = (notification: Notification) => ({
  Notification: notification,
  Subscribers: [{ SubscriptionType: 'SNS' as const, Address: topic }],
})

interface Options {
  forecastAfterMs?: number
  seed?: number
  publish?(topicArn: string): unknown
}

export function budgetsAccount({ publish = () => undefined, seed = 1, ...options }: Options = {}): BudgetsAccount {
  const ecs = ecsAccount()
  const published: BudgetsAccount['published'] = []
  const context = { ...accountContext(), clock: ecs.clock, random: seededRandom(seed) }
  const budgets = createBudgets(context, {
    ecs: ecs.ecs,
    ...options,
    publish(topicArn, notice) {
      published.push({ topicArn, ...notice })
      return publish(topicArn)
    },
  })
  const call = <Output>(operation: string, input: object) =>
    budgets.operations[operation]?.(input, { accessKeyId: 'test' }) as Output
  const describe = (BudgetName = 'team') =>
    call<DescribeBudgetResponse>('DescribeBudget', { AccountId: accountId, BudgetName }).Budget as Budget
  return {
    ecs,
    budgets,
    published,
    call,
    create: (budget, more) => void call('CreateBudget', { AccountId: accountId, Budget: monthly(budget), ...more }),
    describe,
    reported(name) {
      const { ActualSpend, ForecastedSpend } = describe(name).CalculatedSpend ?? {}
      const actual = Number(ActualSpend?.Amount)
      return ForecastedSpend ? { actual, forecast: Number(ForecastedSpend.Amount) } : { actual }
    },
  }
}
