import type { RegisterTaskDefinitionRequest, RunTaskRequest, Tag, Task } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { arnOf, arnsOf, network } from '../ecs/ecs-account.ts'
import { type BudgetsAccount, budgetsAccount } from './budgets-account.ts'

const hour = 3600
const day = 24 * hour

/** List prices of eu-central-1, an hour. */
const [vcpu, gb] = [0.04656, 0.00511]
const small = vcpu / 4 + gb / 2

/** Hours that a task was, or has been, billed for. */
function hoursOf({ pullStartedAt, stoppedAt }: Task, now: Date): number {
  const seconds = (Number(stoppedAt ?? now) - Number(pullStartedAt)) / 1000
  return (stoppedAt ? Math.max(60, Math.ceil(seconds)) : seconds) / 3600
}

function start(account: BudgetsAccount, definition: Partial<RegisterTaskDefinitionRequest> = {}, run = {}): string {
  account.ecs.register(definition)
  return arnOf(account.ecs.run(run))
}

async function costAfter(account: BudgetsAccount, seconds: number): Promise<number> {
  await account.ecs.advance(seconds)
  await account.budgets.refresh()
  return account.reported().actual
}

describe('what tasks cost', () => {
  const windows = { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' as const } }
  const spot: Partial<RunTaskRequest> = {
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
  }
  const addressed: Partial<RunTaskRequest> = {
    networkConfiguration: { awsvpcConfiguration: { ...network.awsvpcConfiguration, assignPublicIp: 'ENABLED' } },
  }
  test.each<[string, Partial<RegisterTaskDefinitionRequest>, Partial<RunTaskRequest>, number]>([
    ['the smallest', {}, {}, small],
    ['2 vCPU and 8 GB', { cpu: '2048', memory: '8192' }, {}, 2 * vcpu + 8 * gb],
    ['ARM', { runtimePlatform: { cpuArchitecture: 'ARM64' } }, {}, 0.03725 / 4 + 0.00409 / 2],
    ['Spot, 70 % off', {}, { ...spot, launchType: undefined }, small * 0.3],
    // Of Frankfurt's Windows and storage no price is in the list: Virginia's stands in.
    ['Windows and its licence', { ...windows, cpu: '1024', memory: '2048' }, {}, 0.046552 + 0.046 + 2 * 0.00511175],
    ['50 GB of storage, of which 20 are free', { ephemeralStorage: { sizeInGiB: 50 } }, {}, small + 30 * 0.000111],
    ['a public address, of another service', {}, addressed, small + 0.005],
  ])('%s', async (_, definition, run, perHour) => {
    const account = budgetsAccount()
    account.create()
    const arn = start(account, definition, run)
    const cost = await costAfter(account, 10 * day)
    expect(cost).toBeCloseTo(perHour * hoursOf(account.ecs.task(arn), account.ecs.clock.now()), 3)
  })

  test.each([
    ['seconds are a minute', 'LINUX', 20, 60],
    ['and five with Windows', 'WINDOWS_SERVER_2022_CORE', 20, 300],
  ])('%s', async (_, operatingSystemFamily, after, billed) => {
    const account = budgetsAccount()
    account.create()
    const platform = { operatingSystemFamily: operatingSystemFamily as 'LINUX' }
    // Without a need for many of them the cost would be lost in rounding.
    account.ecs.register({ runtimePlatform: platform, cpu: '1024', memory: '2048' })
    const arns = Array.from({ length: 100 }, () => arnsOf(account.ecs.run({ count: 10 }))).flat()
    await account.ecs.advance(after)
    for (const task of arns) account.ecs.call('StopTask', { task })
    await account.ecs.advance(240)
    const tasks = arns.map(arn => account.ecs.task(arn))
    expect(new Set(tasks.map(task => task.lastStatus))).toEqual(new Set(['STOPPED']))
    await account.budgets.refresh()
    const perHour = platform.operatingSystemFamily === 'LINUX' ? vcpu + 2 * gb : 0.046552 + 0.046 + 2 * 0.00511175
    const seconds = tasks.map(({ pullStartedAt, stoppedAt }) =>
      pullStartedAt ? Math.max(billed, Math.ceil((Number(stoppedAt) - Number(pullStartedAt)) / 1000)) : 0,
    )
    expect(seconds.filter(each => each === billed).length).toBeGreaterThan(100)
    const expected = (perHour * seconds.reduce((sum, each) => sum + each, 0)) / 3600
    expect(account.reported().actual).toBeCloseTo(expected, 3)
  })

  test('what stopped, and what ECS has long forgotten, stays on the bill', async () => {
    const account = budgetsAccount()
    account.create()
    const arn = start(account)
    await account.ecs.advance(10 * hour)
    account.ecs.call('StopTask', { task: arn })
    await account.ecs.advance(600)
    const hours = hoursOf(account.ecs.task(arn), account.ecs.clock.now())
    expect(hours).toBeGreaterThan(9.9)
    expect(await costAfter(account, 5 * day)).toBeCloseTo(small * hours, 3)
    expect(account.ecs.ecs.tasks()).toEqual([])
  })

  test('a task that never got to pull costs nothing', async () => {
    const account = budgetsAccount()
    account.create()
    account.ecs.call('StopTask', { task: start(account) })
    expect(await costAfter(account, day)).toBe(0)
  })
})

describe('figures lag', () => {
  test('by 8 to 12 hours, differently each time, and the same for the same seed', async () => {
    const refreshes = async (seed: number) => {
      const account = budgetsAccount({ seed })
      account.create()
      account.create({ BudgetName: 'other' })
      start(account, { cpu: '4096', memory: '8192' })
      const hours: number[] = []
      let last = account.reported().actual
      for (let passed = 0; passed < 14 * 24 * 6; passed++) {
        await account.ecs.advance(600)
        const { actual } = account.reported()
        if (actual !== last) hours.push(passed / 6)
        last = actual
      }
      return hours
    }
    const hours = await refreshes(1)
    const gaps = hours.slice(1).map((at, nth) => at - (hours[nth] ?? 0))
    expect(gaps.length).toBeGreaterThan(25)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(7.8)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(12.2)
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(2)
    expect(await refreshes(1)).toEqual(hours)
    expect(await refreshes(2)).not.toEqual(hours)
  })

  test('a budget that has not begun has nothing spent', async () => {
    const account = budgetsAccount()
    const TimePeriod = { Start: new Date('2026-03-20T00:00:00Z'), End: new Date('2026-12-31T00:00:00Z') }
    account.create({ TimePeriod })
    start(account)
    expect(await costAfter(account, 10 * day)).toBe(0)
    expect(await costAfter(account, 10 * day)).toBeGreaterThan(0)
  })

  test('a new month begins at zero at the first refresh in it', async () => {
    const account = budgetsAccount()
    const arn = start(account)
    account.create()
    const before = await costAfter(account, 30 * day)
    const monthEnd = Date.UTC(2026, 3, 1)
    await account.ecs.clock.advanceTo(monthEnd + 1)
    expect(account.reported().actual).toBeGreaterThan(before * 0.9)
    const after = await costAfter(account, 24 * hour)
    expect(after).toBeCloseTo((small * (account.ecs.clock.now().getTime() - monthEnd)) / 3_600_000, 3)
    expect(account.ecs.task(arn).lastStatus).toBe('RUNNING')
  })
})

describe('the forecast', () => {
  test('is there after five weeks of data, and goes by the pace of the last week', async () => {
    const account = budgetsAccount()
    account.create()
    start(account)
    await costAfter(account, 34.9 * day)
    expect(account.reported()).not.toHaveProperty('forecast')
    await costAfter(account, 0.2 * day)
    const { actual, forecast = 0 } = account.reported()
    const hoursLeft = (Date.UTC(2026, 4, 1) - account.ecs.clock.now().getTime()) / 3_600_000
    expect(forecast).toBeCloseTo(actual + small * hoursLeft, 2)
  })

  test('forgets what stopped a week ago', async () => {
    const account = budgetsAccount({ forecastAfterMs: day * 1000 })
    account.create()
    const arn = start(account)
    await account.ecs.advance(3 * day)
    account.ecs.call('StopTask', { task: arn })
    await costAfter(account, 2 * day)
    const { actual, forecast = 0 } = account.reported()
    expect(forecast).toBeGreaterThan(actual * 2)
    await costAfter(account, 8 * day)
    expect(account.reported()).toEqual({ actual, forecast: actual })
  })

  test('leaves out credits, which are given once', async () => {
    const account = budgetsAccount({ forecastAfterMs: 0 })
    account.create()
    start(account)
    await account.ecs.advance(2 * day)
    account.budgets.credit(30)
    await costAfter(account, 2 * day)
    const { actual, forecast = 0 } = account.reported()
    const hoursLeft = (Date.UTC(2026, 3, 1) - account.ecs.clock.now().getTime()) / 3_600_000
    expect(forecast - actual).toBeCloseTo(small * hoursLeft, 1)
  })

  test('a daily budget has none', async () => {
    const account = budgetsAccount({ forecastAfterMs: 0 })
    account.create({ TimeUnit: 'DAILY' })
    start(account)
    await costAfter(account, 12 * hour)
    expect(account.reported()).toEqual({ actual: expect.closeTo(small * 10, 2) })
  })
})

describe('credits', () => {
  test('make actual negative, unless the budget leaves them out', async () => {
    const account = budgetsAccount()
    account.create()
    account.create({ BudgetName: 'gross', CostTypes: { IncludeCredit: false } })
    start(account)
    account.budgets.credit(50)
    const cost = await costAfter(account, 10 * hour)
    expect(cost).toBeLessThan(-49)
    expect(account.reported('gross').actual).toBeCloseTo(cost + 50, 3)
    expect(account.describe().CalculatedSpend?.ActualSpend?.Amount).toMatch(/^-49\.\d+$/)
  })
})

describe('cost filters', () => {
  const tagged = (value: string): { tags: Tag[] } => ({ tags: [{ key: 'team', value }] })

  test('by tag, service and Region; a task counts by the tags it had while it ran', async () => {
    const account = budgetsAccount()
    const filtered = (BudgetName: string, CostFilters: Record<string, string[]>) =>
      account.create({ BudgetName, CostFilters })
    account.create()
    filtered('data', { TagKeyValue: ['user:team$data'] })
    filtered('both', { TagKeyValue: ['user:team$data', 'team$web'] })
    filtered('untagged', { TagKeyValue: ['user:team$'] })
    filtered('ecs', { Service: ['Amazon Elastic Container Service'], Region: ['eu-central-1', 'us-east-1'] })
    filtered('vpc', { Service: ['Amazon Virtual Private Cloud'] })
    filtered('elsewhere', { Region: ['us-east-1'] })
    filtered('ec2', { Service: ['Amazon Elastic Compute Cloud - Compute'] })
    const publicIp = { awsvpcConfiguration: { ...network.awsvpcConfiguration, assignPublicIp: 'ENABLED' } }
    const [data] = [start(account, {}, tagged('data')), start(account, {}, tagged('web'))]
    start(account, {}, { networkConfiguration: publicIp })
    await account.ecs.advance(5 * hour)
    account.ecs.call('StopTask', { task: data })
    await costAfter(account, 15 * hour)
    const cost = (name: string) => account.reported(name).actual
    expect(cost('data')).toBeCloseTo(small * 5, 3)
    expect(cost('both')).toBeCloseTo(small * 25, 2)
    expect(cost('untagged')).toBeCloseTo((small + 0.005) * 20, 2)
    expect(cost('vpc')).toBeCloseTo(0.005 * 20, 2)
    expect(cost('ecs') + cost('vpc')).toBeCloseTo(cost('team'), 2)
    expect([cost('elsewhere'), cost('ec2')]).toEqual([0, 0])
  })

  test('a tag that changes counts from the next refresh on', async () => {
    const account = budgetsAccount()
    account.create({ CostFilters: { TagKeyValue: ['user:team$web'] } })
    const resourceArn = start(account, {}, tagged('data'))
    expect(await costAfter(account, 7 * hour)).toBe(0)
    account.ecs.call('TagResource', { resourceArn, tags: [{ key: 'team', value: 'web' }] })
    expect(await costAfter(account, 3 * hour)).toBeCloseTo(small * 3, 3)
  })
})

test('ten thousand running tasks are billed in one pass a refresh, not at each read', async () => {
  const account = budgetsAccount()
  account.create()
  account.ecs.register()
  for (let nth = 0; nth < 1000; nth++) account.ecs.run({ count: 10, tags: [{ key: 'team', value: `t${nth % 7}` }] })
  await account.ecs.advance(600)
  const took = (work: () => unknown) => {
    const begun = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1000
  }
  const reads = took(() => {
    for (let nth = 0; nth < 1000; nth++) account.describe()
  })
  expect(reads).toBeLessThan(200)
  await account.ecs.advance(12 * hour)
  expect(account.reported().actual).toBeGreaterThan(small * 10_000 * 7)
})
