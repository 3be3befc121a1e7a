/** What the guard reads and how it suspends scaling, through the SDK on the local account. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import { autoscaling } from '../../shared/aws/autoscaling.ts'
import { awsBudgets } from '../../shared/aws/budgets.ts'
import { priceTable } from '../../shared/cost/price-table.ts'
import type { MetricQuery, MetricSpan, Series } from '../../shared/ports.ts'
import { scaledService } from '../local/autoscaling/scaled-service.ts'
import { budgetsAccount } from '../local/budgets/budgets-account.ts'
import { localAccount } from '../local/wire/local-account.ts'
import { accountId, registryHost, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000

describe('metrics', () => {
  const insights = { namespace: 'ECS/ContainerInsights', name: 'CpuUtilized' }
  const cpuOf = (ServiceName: string): MetricQuery => ({
    namespace: 'AWS/ECS',
    name: 'CPUUtilization',
    dimensions: { ClusterName: 'demo', ServiceName },
    statistic: 'Maximum',
  })

  /** `web` uses 3 % of its CPU for an hour, in a cluster of its own setting. */
  async function measured(insightsAre = 'disabled') {
    const simulated = simulatedWorld()
    const { call, push, createService, clock, world } = simulated
    const settings = [{ name: 'containerInsights', value: insightsAre }]
    await call('ecs', 'UpdateClusterSettings', { cluster: 'demo', settings })
    push('acme/web', '1.0.0', 'web', { 'local.activity': 'cpu 3%' })
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await clock.advance(60 * minute)
    const to = clock.now()
    const span: MetricSpan = { from: new Date(to.getTime() - 30 * minute), to, periodSeconds: 300 }
    async function read(queries: readonly MetricQuery[]): Promise<Series[]> {
      const found: Series[] = []
      for await (const portion of world.metrics.read(queries, span))
        for (const { nth, series } of portion) found[nth] = series
      return found
    }
    const has = (others: string[]) => world.metrics.hasMetric(insights, { ClusterName: 'demo' }, others)
    return { ...simulated, span, read, has }
  }

  test('points of what runs, none of what does not', async () => {
    const { read, span } = await measured()
    const at = Array.from({ length: 6 }, (_, nth) => span.from.getTime() + nth * 5 * minute)
    expect(await read([cpuOf('none'), cpuOf('web')])).toEqual([
      { at: [], values: [] },
      { at, values: at.map(() => 3) },
    ])
  })

  test('a series that is cut into pages is put together again, in whatever pieces', async () => {
    const { read, cloudwatch, calls } = await measured()
    const [whole] = await read([cpuOf('web')])
    cloudwatch.shortenPages(4)
    calls.length = 0
    expect(await read([cpuOf('web'), cpuOf('none'), cpuOf('web')])).toEqual([whole, { at: [], values: [] }, whole])
    expect(calls).toEqual(Array(3).fill('cloudwatch:GetMetricData'))
  })

  test.each(['InternalError', 'Forbidden'] as const)('%s of one metric is that one', async statusCode => {
    const { read, cloudwatch } = await measured()
    cloudwatch.withhold({ namespace: 'AWS/ECS', name: 'CPUUtilization' }, statusCode)
    expect(await read([cpuOf('web')])).toEqual([
      { unreadable: expect.stringMatching(`^cloudwatch:GetMetricData of CPUUtilization: ${statusCode}`) },
    ])
  })

  test('who may not read is told so, in AWS’s words, and only for that portion', async () => {
    const { read, account } = await measured()
    const error = new AwsError('AccessDenied', 'not authorized to perform: cloudwatch:GetMetricData', { status: 403 })
    account.failNext('cloudwatch:GetMetricData', { when: 'before', error })
    const found = await read(Array.from({ length: 700 }, () => cpuOf('web')))
    const unreadable = `cloudwatch:GetMetricData of 500 metrics: AccessDenied: ${error.message}`
    expect(found.slice(0, 500)).toEqual(Array(500).fill({ unreadable }))
    expect(found.slice(500).every(series => 'at' in series && series.at.length === 6)).toBe(true)
  })

  test.each([
    { insightsAre: 'disabled', family: false, task: false },
    { insightsAre: 'enabled', family: true, task: false },
    { insightsAre: 'enhanced', family: true, task: true },
  ])('tiers of a cluster whose Container Insights are $insightsAre', async ({ insightsAre, family, task }) => {
    const { has } = await measured(insightsAre)
    expect(await has(['TaskDefinitionFamily'])).toBe(family)
    expect(await has(['ServiceName'])).toBe(family)
    expect(await has(['TaskDefinitionFamily', 'TaskId'])).toBe(task)
  })
})

test.each(Object.entries(priceTable))('prices of %s, as they are listed', async (listed, prices) => {
  const { world } = simulatedWorld()
  expect(await world.priceList.pricesOf(listed)).toEqual(prices)
})

test('a Region that is not listed has no prices', async () => {
  const { world, calls } = simulatedWorld()
  expect(await world.priceList.pricesOf('mars-north-1')).toBeUndefined()
  expect(new Set(calls)).toEqual(new Set(['pricing:GetProducts']))
})

describe('budgets', () => {
  const withBudgets = (names: string[]) => {
    const budgets = budgetsAccount()
    for (const BudgetName of names) budgets.create({ BudgetName })
    const { client, account } = localAccount({ budgets: budgets.budgets.operations })
    const calls: string[] = []
    account.onCall(({ name }) => calls.push(name))
    return { ...budgets, account, calls, port: awsBudgets(client) }
  }

  test('a hundred a page, until all are found', async () => {
    const names = Array.from({ length: 250 }, (_, nth) => `budget-${String(nth).padStart(3, '0')}`)
    const { port, calls } = withBudgets(names)
    expect(await port.read(accountId, ['budget-099', 'none'])).toMatchObject([
      { found: { type: 'COST', unit: 'USD', timeUnit: 'MONTHLY', limit: 100 } },
      { name: 'none', missing: true },
    ])
    expect(calls).toEqual(Array(3).fill('budgets:DescribeBudgets'))
    calls.length = 0
    await port.read(accountId, ['budget-099'])
    expect(calls).toEqual(['budgets:DescribeBudgets'])
  })

  test('of another account nobody tells', async () => {
    const { port } = withBudgets(['team'])
    expect(await port.read('999999999999', ['team'])).toEqual([
      { name: 'team', unreadable: expect.stringContaining('budgets:ViewBudget') },
    ])
  })
})

test('what scales a service is suspended and resumed, and its bounds stay', async () => {
  const { register, advance, options, desired, setByHand } = scaledService(() => 90)
  await register({ MinCapacity: 2, MaxCapacity: 6 })
  const scaling = autoscaling(options)
  const found = async () => (await scaling.targetsOf('default', ['shop', 'other'])).get('shop')
  const before = { min: 2, max: 6, suspended: { in: false, out: false, scheduled: false } }
  expect(await found()).toEqual(before)
  const suspended = { in: true, out: true, scheduled: true }
  await scaling.suspend('default', 'shop', suspended)
  expect(await found()).toEqual({ ...before, suspended })
  setByHand(0)
  advance(30)
  expect(desired()).toBe(0)
  await scaling.suspend('default', 'shop', before.suspended)
  expect(await found()).toEqual(before)
})
