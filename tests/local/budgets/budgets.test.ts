import {
  type Budget,
  BudgetsClient,
  CreateBudgetCommand,
  CreateNotificationCommand,
  CreateSubscriberCommand,
  DeleteBudgetCommand,
  DeleteNotificationCommand,
  DeleteSubscriberCommand,
  DescribeBudgetCommand,
  DescribeNotificationsForBudgetCommand,
  DescribeSubscribersForNotificationCommand,
  type Notification,
  paginateDescribeBudgets,
  UpdateBudgetCommand,
} from '@aws-sdk/client-budgets'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { localAccount } from '../wire/local-account.ts'
import { above, accountId, budgetsAccount, monthly, topic, toTopic } from './budgets-account.ts'

function client() {
  const inside = budgetsAccount()
  const { account, client: settings } = localAccount({ budgets: inside.budgets.operations })
  const budgets = new BudgetsClient(settings)
  const of = { AccountId: accountId, BudgetName: 'team' }
  return {
    ...inside,
    account,
    aws: budgets,
    of,
    create: (given: Partial<Budget> = {}) =>
      budgets.send(new CreateBudgetCommand({ AccountId: accountId, Budget: monthly(given) })),
    read: async (BudgetName = 'team') =>
      (await budgets.send(new DescribeBudgetCommand({ AccountId: accountId, BudgetName }))).Budget,
  }
}

const usd = (Amount: string) => ({ Amount, Unit: 'USD' })
const seconds = (iso: string) => String(Date.parse(iso) / 1000)

describe('a budget', () => {
  test('is told with what AWS fills in, and with 0 spent until the first refresh', async () => {
    const { create, read, ecs } = client()
    await create({ CostFilters: { TagKeyValue: ['user:team$data'] } })
    const now = ecs.clock.now()
    expect(await read()).toEqual({
      BudgetName: 'team',
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: usd('100.0'),
      CostFilters: { TagKeyValue: ['user:team$data'] },
      CostTypes: expect.objectContaining({ IncludeCredit: true, UseAmortized: false }),
      TimePeriod: { Start: new Date('2026-03-01T00:00:00Z'), End: new Date('2087-06-15T00:00:00Z') },
      CalculatedSpend: { ActualSpend: usd('0.0') },
      LastUpdatedTime: now,
      HealthStatus: { Status: 'HEALTHY', LastUpdatedTime: now },
    })
  })

  test('in gigabytes says so, and an unhealthy one too', async () => {
    const { create, read } = client()
    const HealthStatus = { Status: 'UNHEALTHY' as const, StatusReason: 'FILTER_INVALID' as const }
    await create({ BudgetType: 'USAGE', BudgetLimit: { Amount: '5.5', Unit: 'GB' }, HealthStatus })
    expect(await read()).toMatchObject({
      BudgetLimit: { Amount: '5.5', Unit: 'GB' },
      CalculatedSpend: { ActualSpend: { Amount: '0.0', Unit: 'GB' } },
      HealthStatus,
    })
  })

  test('of another type has a limit of 100 %', async () => {
    const { account: _, aws, read } = client()
    const { BudgetLimit: __, ...Budget } = monthly({ BudgetType: 'RI_UTILIZATION' })
    await aws.send(new CreateBudgetCommand({ AccountId: accountId, Budget }))
    expect((await read())?.BudgetLimit).toEqual({ Amount: '100.0', Unit: 'PERCENTAGE' })
  })

  test('is updated, with its spend and notifications kept, and deleted', async () => {
    const { create, read, aws, of, budgets } = client()
    await create()
    await aws.send(new CreateNotificationCommand({ ...of, ...toTopic(above(80)) }))
    budgets.pin('team', { actual: 12.3456, forecast: 40 })
    await aws.send(new UpdateBudgetCommand({ AccountId: accountId, NewBudget: monthly({ BudgetLimit: usd('7.25') }) }))
    expect(await read()).toMatchObject({
      BudgetLimit: usd('7.25'),
      CalculatedSpend: { ActualSpend: usd('12.346'), ForecastedSpend: usd('40.0') },
    })
    expect((await aws.send(new DescribeNotificationsForBudgetCommand(of))).Notifications).toHaveLength(1)
    await aws.send(new DeleteBudgetCommand(of))
    await expect(read()).rejects.toMatchObject({ name: 'NotFoundException' })
  })

  test('is gone after its end', async () => {
    const { create, read, ecs } = client()
    const TimePeriod = { Start: new Date('2026-03-01T00:00:00Z'), End: new Date('2026-03-04T00:00:00Z') }
    await create({ TimeUnit: 'CUSTOM', TimePeriod })
    await ecs.advance(48 * 3600)
    expect(await read()).toMatchObject({ TimePeriod })
    await ecs.advance(24 * 3600)
    await expect(read()).rejects.toMatchObject({ name: 'NotFoundException' })
    // Nothing is left to refresh, so that time can come to rest.
    expect(ecs.clock.nextDue).toBeUndefined()
  })
})

describe('planned limits', () => {
  const months = Array.from({ length: 12 }, (_, nth) => new Date(Date.UTC(2026, 2 + nth, 1)).toISOString())
  const plan = (from: readonly string[]) =>
    Object.fromEntries(from.map((month, nth) => [seconds(month), usd(String(100 + nth))]))
  const planned = (PlannedBudgetLimits: Record<string, { Amount: string; Unit: string }>, given = {}) => {
    const { BudgetLimit: _, ...budget } = monthly()
    return { ...budget, PlannedBudgetLimits, ...given }
  }

  test('are told with the one that holds now; the last goes on for ever', async () => {
    const { aws, read, ecs } = client()
    await aws.send(new CreateBudgetCommand({ AccountId: accountId, Budget: planned(plan(months)) }))
    expect(await read()).toMatchObject({
      BudgetLimit: usd('100.0'),
      PlannedBudgetLimits: { [seconds('2027-02-01')]: usd('111.0') },
    })
    await ecs.clock.advanceTo(Date.parse('2026-06-30T23:59:59Z'))
    expect((await read())?.BudgetLimit).toEqual(usd('103.0'))
    await ecs.clock.advanceTo(Date.parse('2028-01-01T00:00:00Z'))
    expect((await read())?.BudgetLimit).toEqual(usd('111.0'))
  })

  test.each([
    ['a month is missing', planned(plan(months.slice(1)))],
    ['one that begins in mid-month', planned({ ...plan(months.slice(0, 11)), [seconds('2027-02-02')]: usd('1') })],
    ['a daily budget', planned(plan(months), { TimeUnit: 'DAILY' })],
    ['beside a plain limit', planned(plan(months), { BudgetLimit: usd('5') })],
  ])('refused: %s', async (_, Budget) => {
    const { aws } = client()
    const create = aws.send(new CreateBudgetCommand({ AccountId: accountId, Budget }))
    await expect(create).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })

  test('of quarters, as far as the budget goes', async () => {
    const { aws, read } = client()
    const TimePeriod = { Start: new Date('2026-01-01T00:00:00Z'), End: new Date('2026-07-01T00:00:00Z') }
    const limits = { [seconds('2026-01-01')]: usd('10'), [seconds('2026-04-01')]: usd('20') }
    const Budget = planned(limits, { TimeUnit: 'QUARTERLY', TimePeriod })
    await aws.send(new CreateBudgetCommand({ AccountId: accountId, Budget }))
    expect((await read())?.BudgetLimit).toEqual(usd('10.0'))
  })
})

describe('refused', () => {
  test.each<[string, Partial<Budget>, string]>([
    ['a colon in the name', { BudgetName: 'a:b' }, 'BudgetName'],
    ['an action in the name', { BudgetName: 'a/action/b' }, 'BudgetName'],
    ['a name of 101 characters', { BudgetName: 'a'.repeat(101) }, 'BudgetName'],
    ['another type', { BudgetType: 'MONEY' as 'COST' }, 'BudgetType'],
    ['another unit of time', { TimeUnit: 'WEEKLY' as 'DAILY' }, 'TimeUnit'],
    ['an amount that is none', { BudgetLimit: usd('$100') }, '"$100" is not an amount'],
    ['an amount without a unit', { BudgetLimit: { Amount: '1', Unit: '' } }, 'unit'],
    ['no limit', { BudgetLimit: undefined }, 'needs BudgetLimit'],
    ['an end before the start', { TimePeriod: { Start: new Date(2e12), End: new Date(1e12) } }, 'before'],
    ['a custom budget without an end', { TimeUnit: 'CUSTOM', TimePeriod: { Start: new Date(1e12) } }, 'custom'],
    ['a filter that is not modelled', { CostFilters: { AZ: ['a'] } }, 'cost filter AZ'],
    ['a tag that is none', { CostFilters: { TagKeyValue: ['team=data'] } }, 'team=data'],
    ['an expression', { FilterExpression: { Dimensions: { Key: 'SERVICE', Values: ['x'] } } }, 'FilterExpression'],
  ])('%s', async (_, given, message) => {
    const refused = { name: 'InvalidParameterException', message: expect.stringContaining(message) }
    await expect(client().create(given)).rejects.toMatchObject(refused)
  })

  test('a second one of the same name, one that is not there, and other accounts', async () => {
    const { create, aws } = client()
    await create()
    await expect(create()).rejects.toMatchObject({ name: 'DuplicateRecordException' })
    const update = new UpdateBudgetCommand({ AccountId: accountId, NewBudget: monthly({ BudgetName: 'other' }) })
    await expect(aws.send(update)).rejects.toMatchObject({ name: 'NotFoundException' })
    const foreign = { AccountId: '999999999999', BudgetName: 'team' }
    const denied = { name: 'AccessDeniedException' }
    await expect(aws.send(new DescribeBudgetCommand(foreign))).rejects.toMatchObject(denied)
    const all = paginateDescribeBudgets({ client: aws }, { AccountId: '999999999999' })
    await expect(all.next()).rejects.toMatchObject(denied)
  })
})

test('pages hold 100 budgets unless told, each budget once', async () => {
  const { create, aws } = client()
  const names = Array.from({ length: 230 }, (_, nth) => `budget ${nth}`)
  for (const BudgetName of names) await create({ BudgetName })
  const sizes: number[] = []
  const found: (string | undefined)[] = []
  for await (const { Budgets = [] } of paginateDescribeBudgets({ client: aws }, { AccountId: accountId })) {
    sizes.push(Budgets.length)
    found.push(...Budgets.map(budget => budget.BudgetName))
  }
  expect(sizes).toEqual([100, 100, 30])
  expect(found.toSorted()).toEqual(names.toSorted())
})

test('faults strike as in the other services', async () => {
  const { create, read, account } = client()
  await create()
  account.failNext(
    'budgets:DescribeBudget',
    { when: 'before', error: new AwsError('ThrottlingException', 'Rate exceeded') },
    { when: 'before', error: new AwsError('AccessDeniedException', 'not authorized to perform: budgets:ViewBudget') },
    { when: 'before', error: new AwsError('InternalErrorException', 'oops', { status: 500 }) },
  )
  await expect(read()).rejects.toMatchObject({ name: 'ThrottlingException' })
  await expect(read()).rejects.toMatchObject({ name: 'AccessDeniedException' })
  await expect(read()).rejects.toMatchObject({ name: 'InternalErrorException', $fault: 'server' })
  expect(await read()).toBeDefined()
})

describe('notifications', () => {
  const sns = { SubscriptionType: 'SNS' as const, Address: topic }
  const email = (nth: number) => ({ SubscriptionType: 'EMAIL' as const, Address: `ops${nth}@example.com` })

  test('and subscribers are created, listed and deleted', async () => {
    const { create, aws, of } = client()
    await create()
    await aws.send(new CreateNotificationCommand({ ...of, Notification: above(80), Subscribers: [sns] }))
    const subscribe = () =>
      aws.send(new CreateSubscriberCommand({ ...of, Notification: above(80), Subscriber: email(1) }))
    await subscribe()
    await expect(subscribe()).rejects.toMatchObject({ name: 'DuplicateRecordException' })
    const list = async () => (await aws.send(new DescribeNotificationsForBudgetCommand(of))).Notifications
    expect(await list()).toEqual([{ ...above(80), ThresholdType: 'PERCENTAGE', NotificationState: 'OK' }])
    const subscribers = async () => {
      const input = { ...of, Notification: above(80, { ThresholdType: 'PERCENTAGE' }) }
      return (await aws.send(new DescribeSubscribersForNotificationCommand(input))).Subscribers
    }
    expect(await subscribers()).toEqual([sns, email(1)])
    await aws.send(new DeleteSubscriberCommand({ ...of, Notification: above(80), Subscriber: sns }))
    expect(await subscribers()).toEqual([email(1)])
    await aws.send(new DeleteNotificationCommand({ ...of, Notification: above(80) }))
    expect(await list()).toEqual([])
    await expect(subscribers()).rejects.toMatchObject({ name: 'NotFoundException' })
  })

  const tenEmails = Array.from({ length: 10 }, (_, nth) => email(nth))
  test.each<[string, Notification, object[], string]>([
    ['the same again', above(50), [sns], 'DuplicateRecordException'],
    ['nobody to tell', above(80), [], 'InvalidParameterException'],
    ['two topics', above(80), [sns, { ...sns, Address: `${topic}2` }], 'CreationLimitExceededException'],
    ['eleven addresses', above(80), [...tenEmails, email(11)], 'CreationLimitExceededException'],
    ['no topic’s ARN', above(80), [{ ...sns, Address: 'budgets' }], 'InvalidParameterException'],
    ['no address', above(80), [{ ...email(1), Address: 'ops' }], 'InvalidParameterException'],
    ['a negative threshold', above(-1), [sns], 'InvalidParameterException'],
    ['another comparison', above(1, { ComparisonOperator: 'MOST' as 'EQUAL_TO' }), [sns], 'InvalidParameterException'],
    ['another type', above(1, { NotificationType: 'GUESSED' as 'ACTUAL' }), [sns], 'InvalidParameterException'],
  ])('refused: %s', async (_, Notification, Subscribers, name) => {
    const { create, aws, of } = client()
    await create()
    await aws.send(new CreateNotificationCommand({ ...of, Notification: above(50), Subscribers: [sns] }))
    const again = new CreateNotificationCommand({ ...of, Notification, Subscribers: Subscribers as [] })
    await expect(aws.send(again)).rejects.toMatchObject({ name })
    const input = { ...of, Notification: above(50) }
    expect((await aws.send(new DescribeSubscribersForNotificationCommand(input))).Subscribers).toEqual([sns])
  })

  test('ten addresses and a topic are as many as there can be; so are ten notifications', async () => {
    const { create, aws, of } = client()
    await create()
    const everyone = [sns, ...tenEmails]
    for (let nth = 0; nth < 10; nth++)
      await aws.send(new CreateNotificationCommand({ ...of, Notification: above(nth), Subscribers: everyone }))
    const more = new CreateNotificationCommand({ ...of, Notification: above(99), Subscribers: [sns] })
    await expect(aws.send(more)).rejects.toMatchObject({ name: 'CreationLimitExceededException' })
  })

  test('of a forecast are refused for a daily budget, and a budget that is refused is not there', async () => {
    const { aws, read } = client()
    const Budget = monthly({ TimeUnit: 'DAILY' })
    const forecast = toTopic(above(80, { NotificationType: 'FORECASTED' }))
    const input = { AccountId: accountId, Budget, NotificationsWithSubscribers: [forecast] }
    await expect(aws.send(new CreateBudgetCommand(input))).rejects.toThrow('A daily budget has no forecast')
    await expect(read()).rejects.toMatchObject({ name: 'NotFoundException' })
  })
})
