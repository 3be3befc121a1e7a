/** What wakes the guard in the deployed stack: its look, its nightly report, and a budget of AWS's that notifies. */
import { expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { readLastRun, readRuns } from '../../shared/guard/records.ts'
import { deployed, minute } from './control-plane.ts'

const accountId = '123456789012'
const topic = `arn:aws:sns:eu-central-1:${accountId}:farguard-dev-budgets`

const everyHalfHour = (config: Config): Config => ({
  ...config,
  budgets: [{ name: 'all', limit: { from: 'aws', budget: 'fargate-dev' }, covers: [], steps: [] }],
  ...(config.guard && {
    guard: { ...config.guard, everyMinutes: 30, report: { hour: 23, minute: 40, timeZone: 'Europe/Berlin' } },
  }),
})

async function guarded(at: string) {
  const plane = await deployed({ config: everyHalfHour, at })
  return { ...plane, last: () => readLastRun(plane.table) }
}

test('it looks every so often, and reports at its hour of the place that farguard.yml names', async () => {
  const { clock, last, table } = await guarded('2026-03-01T22:00:00Z')
  await clock.advance(29 * minute)
  expect(await last()).toBeUndefined()
  await clock.advance(minute)
  expect(await last()).toMatchObject({ trigger: 'schedule', at: '2026-03-01T22:30:00.000Z' })
  await clock.advance(10 * minute)
  expect(await last()).toMatchObject({ trigger: 'report', at: '2026-03-01T22:40:00.000Z' })
  await clock.advance(20 * minute)
  expect(await last()).toMatchObject({ trigger: 'schedule', at: '2026-03-01T23:00:00.000Z' })
  const kept = await readRuns(table, 10)
  expect(kept.filter(({ trigger }) => trigger === 'report')).toHaveLength(1)
})

test('where look and report are due at once both are made', async () => {
  const { clock, table } = await guarded('2026-03-01T21:40:00Z')
  await clock.advance(61 * minute)
  expect(await readLastRun(table)).toMatchObject({ at: '2026-03-01T22:40:00.000Z' })
  expect((await readRuns(table, 10)).map(({ trigger }) => trigger)).toContain('report')
})

test('a budget that notifies is a look at once', async () => {
  const { account, budgets, clock, last } = await guarded('2026-03-01T22:00:00Z')
  const call = (service: string, operation: string, input: unknown) =>
    account.call(service, operation, input, { accessKeyId: 'ada' })
  await call('budgets', 'CreateBudget', {
    AccountId: accountId,
    Budget: {
      BudgetName: 'fargate-dev',
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: '100', Unit: 'USD' },
    },
    NotificationsWithSubscribers: [
      {
        Notification: { NotificationType: 'ACTUAL', ComparisonOperator: 'GREATER_THAN', Threshold: 80 },
        Subscribers: [{ SubscriptionType: 'SNS', Address: topic }],
      },
    ],
  })
  budgets.pin('fargate-dev', { actual: 81 })
  await clock.advance(minute)
  expect(await last()).toBeUndefined()
  await budgets.refresh()
  await clock.advance(1000)
  expect(await last()).toMatchObject({ trigger: 'budget' })
})

test.each([
  { case: 'another service', service: 'cloudwatch.amazonaws.com', sourceArn: `arn:aws:budgets::${accountId}:budget/x` },
  {
    case: 'a budget of another account',
    service: 'budgets.amazonaws.com',
    sourceArn: 'arn:aws:budgets::999999999999:budget/fargate-dev',
  },
  { case: 'what is no budget', service: 'budgets.amazonaws.com', sourceArn: `arn:aws:s3:::${accountId}` },
])('$case can not wake it', async ({ service, sourceArn }) => {
  const { sns, clock, last } = await guarded('2026-03-01T22:00:00Z')
  expect(() => sns.publishAs({ service, sourceArn }, topic, { Message: 'ACTUAL Amount: $93.17' })).toThrow(
    'not authorized',
  )
  await clock.advance(minute)
  expect(await last()).toBeUndefined()
})
