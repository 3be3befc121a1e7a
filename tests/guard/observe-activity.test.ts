import { describe, expect, test } from 'vitest'
import type { IdleRule } from '../../shared/config/config.ts'
import type { Activity } from '../../shared/guard/activity.ts'
import { countFamilies } from '../../shared/guard/families.ts'
import { windowOf } from '../../shared/guard/idle-window.ts'
import { observeActivity } from '../../shared/guard/observe-activity.ts'
import type { Workload } from '../../shared/guard/workload.ts'
import { RefusedError, RetryableError, type Task } from '../../shared/ports.ts'
import { FakeMetrics, fakeLog, type Metric, type Values } from './fake-metrics.ts'
import { copies, running, service, standalone } from './workloads.ts'

const now = new Date('2026-03-01T12:00:30Z')
const hour = 3_600_000
const rule: IdleRule = { cpuPercent: 3, windowMs: 6 * hour, coverage: 0.9 }
const window = windowOf(rule, now)
const insights = 'ECS/ContainerInsights'
const always =
  (value: number): Values =>
  () =>
    value
const at =
  (moment: number, value: number, otherwise: number): Values =>
  each =>
    each === moment ? value : otherwise

const byTask = (id: string, family = 'reports', cluster = 'demo') => ({
  ClusterName: cluster,
  TaskDefinitionFamily: family,
  TaskId: id,
})
const byFamily = (family = 'reports') => ({ ClusterName: 'demo', TaskDefinitionFamily: family })
const byService = (name: string) => ({ ClusterName: 'demo', ServiceName: name })

const taskCpu = (id: string) => ({ namespace: insights, name: 'TaskCpuUtilization', dimensions: byTask(id) })
const familyCpu = (family?: string) => ({ namespace: insights, name: 'CpuUtilized', dimensions: byFamily(family) })
const serviceCpu = (name: string) => ({ namespace: 'AWS/ECS', name: 'CPUUtilization', dimensions: byService(name) })
const network = (dimensions: Record<string, string>) => ({
  rx: { namespace: insights, name: 'NetworkRxBytes', dimensions },
  tx: { namespace: insights, name: 'NetworkTxBytes', dimensions },
})
const perTarget = (group: string) => ({
  namespace: 'AWS/ApplicationELB',
  name: 'RequestCountPerTarget',
  dimensions: { TargetGroup: group },
})
const groupArn = (group: string) => `arn:aws:elasticloadbalancing:eu-central-1:123456789012:${group}`

/** `others`: tasks that run beside the workloads'. */
async function observe(metrics: FakeMetrics, asked: [Workload, IdleRule][], others: Task[] = [], log = fakeLog()) {
  const families = countFamilies([...asked.flatMap(([{ tasks }]) => tasks), ...others])
  const given = asked.map(([workload, idle]) => ({ workload, rule: idle }))
  return observeActivity(given, families, { metrics, log }, now)
}

async function observeOne(metrics: FakeMetrics, workload: Workload, idle: Partial<IdleRule> = {}, others: Task[] = []) {
  const observed = await observe(metrics, [[workload, { ...rule, ...idle }]], others)
  return observed.get(workload.id) as Activity
}

const shortly = ({ signals }: Activity) =>
  signals.map(({ signal, tier, state, highest }) => `${signal} ${state} ${tier ?? '-'} ${highest ?? '-'}`)

describe('the points of one task', () => {
  const { from, to, points, span } = window
  const periodMs = span.periodSeconds * 1000
  test.each<{ case: string; values: Values; expected: object }>([
    { case: 'all quiet', values: always(0.4), expected: { state: 'quiet', highest: 0.4, points } },
    { case: 'at the threshold', values: always(3), expected: { state: 'quiet', highest: 3 } },
    { case: 'one above it', values: at(from + 7 * periodMs, 3.1, 0.4), expected: { state: 'busy', highest: 3.1 } },
    { case: 'the first one above it', values: at(from, 50, 0), expected: { state: 'busy' } },
    { case: 'the last one above it', values: at(to - periodMs, 50, 0), expected: { state: 'busy' } },
    { case: 'one above it that is not whole yet', values: at(to, 50, 0), expected: { state: 'busy', points } },
    { case: 'none', values: () => undefined, expected: { state: 'no-data', points: 0 } },
    {
      case: 'half of them',
      values: each => ((each / periodMs) % 2 === 0 ? 0.4 : undefined),
      expected: { state: 'too-few-points', points: points / 2, highest: 0.4 },
    },
    {
      case: 'half of them, one above',
      values: each => ((each / periodMs) % 2 === 0 ? 40 : undefined),
      expected: { state: 'busy', points: points / 2 },
    },
    {
      case: 'just enough',
      values: each => (each < from + 0.1 * points * periodMs ? undefined : 0),
      expected: { state: 'quiet', points: 0.9 * points },
    },
    {
      case: 'one less than enough',
      values: each => (each <= from + 0.1 * points * periodMs ? undefined : 0),
      expected: { state: 'too-few-points', points: 0.9 * points - 1 },
    },
    {
      case: 'only some that are not whole yet',
      values: each => (each < to ? undefined : 0),
      expected: { state: 'no-data', points: 0 },
    },
    { case: 'no numbers', values: always(Number.NaN), expected: { state: 'no-data', points: 0 } },
  ])('$case', async ({ values, expected }) => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('a'), values)
    const { signals } = await observeOne(metrics, standalone('a'))
    expect(signals).toMatchObject([{ signal: 'cpu', tier: 'task', threshold: 3, expected: points, ...expected }])
  })

  test('the latest one above a threshold is when it was busy', async () => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('a'), each => (each <= from + 10 * periodMs ? 50 : 0))
    expect((await observeOne(metrics, standalone('a'))).busyAt).toBe(new Date(from + 10 * periodMs).toISOString())
  })
})

describe('the finest metrics are taken', () => {
  test.each<{
    case: string
    has: Metric[]
    workload: Workload
    others?: Task[]
    expected: string
  }>([
    { case: 'by task', has: [taskCpu('a'), familyCpu()], workload: standalone('a'), expected: 'cpu quiet task 1' },
    {
      case: 'by task, of several in a family',
      has: [taskCpu('a'), familyCpu()],
      workload: standalone('a'),
      others: [running('b')],
      expected: 'cpu quiet task 1',
    },
    {
      case: 'by family, the only one',
      has: [familyCpu()],
      workload: standalone('a'),
      expected: 'cpu quiet family 0.390625',
    },
    {
      case: 'by family, beside others of other families',
      has: [familyCpu()],
      workload: standalone('a'),
      others: [running('b', 'other')],
      expected: 'cpu quiet family 0.390625',
    },
    {
      case: 'by family, beside one in another cluster',
      has: [familyCpu()],
      workload: standalone('a'),
      others: [running('b', 'reports', { cluster: 'prod' })],
      expected: 'cpu quiet family 0.390625',
    },
    {
      case: 'by family, one of two',
      has: [familyCpu()],
      workload: standalone('a'),
      others: [running('b')],
      expected: 'cpu average-of-many family -',
    },
    {
      case: 'by family, beside a service’s',
      has: [familyCpu()],
      workload: standalone('a'),
      others: [running('b', 'reports', { group: 'service:web' })],
      expected: 'cpu average-of-many family -',
    },
    { case: 'none at all', has: [], workload: standalone('a'), expected: 'cpu no-such-metric - -' },
    { case: 'none of this task', has: [taskCpu('b')], workload: standalone('a'), expected: 'cpu no-data task -' },
    {
      case: 'none of its cluster',
      has: [{ ...taskCpu('a'), dimensions: byTask('a', 'reports', 'prod') }],
      workload: standalone('a'),
      expected: 'cpu no-such-metric - -',
    },
    {
      case: 'of copies, each',
      has: [taskCpu('a'), taskCpu('b')],
      workload: copies('reports', [running('a'), running('b')]),
      expected: 'cpu quiet task 1',
    },
    {
      case: 'of copies, one without data',
      has: [taskCpu('a')],
      workload: copies('reports', [running('a'), running('b')]),
      expected: 'cpu no-data task 1',
    },
    {
      case: 'of copies, all of their family',
      has: [familyCpu()],
      workload: copies('reports', [running('a'), running('b')]),
      expected: 'cpu quiet family 0.390625',
    },
    {
      case: 'of copies of different sizes, by the smallest',
      has: [familyCpu()],
      workload: copies('reports', [running('a', 'reports', { cpu: 1024 }), running('b', 'reports', { cpu: 64 })]),
      expected: 'cpu quiet family 1.5625',
    },
    {
      case: 'of copies, not all of the family',
      has: [familyCpu()],
      workload: copies('reports', [running('a')]),
      others: [running('b')],
      expected: 'cpu average-of-many family -',
    },
    {
      case: 'of copies of two families, as many as run of one',
      has: [familyCpu()],
      workload: copies('reports', [running('a'), running('b', 'old')]),
      others: [running('c')],
      expected: 'cpu average-of-many family -',
    },
    {
      case: 'of copies of different sizes, by the smallest, whichever comes first',
      has: [familyCpu()],
      workload: copies('reports', [running('a', 'reports', { cpu: 64 }), running('b', 'reports', { cpu: 1024 })]),
      expected: 'cpu quiet family 1.5625',
    },
    {
      case: 'of copies of two families',
      has: [familyCpu(), familyCpu('old')],
      workload: copies('reports', [running('a'), running('b', 'old')]),
      expected: 'cpu average-of-many family -',
    },
    { case: 'of a service', has: [serviceCpu('web')], workload: service('web', 3), expected: 'cpu quiet service 1' },
    { case: 'of a service without data', has: [], workload: service('web', 3), expected: 'cpu no-data service -' },
  ])('$case', async ({ has, workload, others = [], expected }) => {
    const metrics = new FakeMetrics()
    for (const metric of has) metrics.put(metric, always(1))
    expect(shortly(await observeOne(metrics, workload, {}, others))).toEqual([expected])
  })

  test('every copy must be quiet', async () => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('a'), always(0.1))
    metrics.put(taskCpu('b'), at(window.from, 4, 0.1))
    const workload = copies('reports', [running('a'), running('b'), running('c')])
    expect(shortly(await observeOne(metrics, workload))).toEqual(['cpu busy task 4'])
  })

  test('a size that ECS does not tell is not guessed', async () => {
    const metrics = new FakeMetrics()
    metrics.put(familyCpu(), always(1))
    const { cpu: _cpu, ...sizeless } = running('a')
    for (const tasks of [[sizeless], [running('b'), sizeless]])
      expect((await observeOne(metrics, copies('reports', tasks))).signals).toMatchObject([
        { state: 'metrics-unreadable', error: expect.stringContaining('how much CPU') },
      ])
  })

  test('a task whose family ECS does not tell has none, and is counted in none', async () => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('b'), always(1))
    const { revision: _revision, ...nameless } = running('a')
    const workload = standalone('a', { task: nameless })
    expect(shortly(await observeOne(metrics, workload))).toEqual(['cpu no-such-metric - -'])
    const both = copies('reports', [running('b'), nameless])
    expect(shortly(await observeOne(metrics, both))).toEqual(['cpu no-such-metric - -'])
  })
})

describe('network', () => {
  const idle = { networkBytesPerSecond: 1000 }
  const only = ({ signals }: Activity) => signals.filter(({ signal }) => signal === 'network')

  test('is what came in and what went out', async () => {
    const metrics = new FakeMetrics()
    const { rx, tx } = network(byTask('a'))
    metrics.put(taskCpu('a'), always(0))
    metrics.put(rx, at(window.from, 700, 90))
    metrics.put(tx, at(window.from, 301, 10))
    expect(only(await observeOne(metrics, standalone('a'), idle))).toMatchObject([
      { state: 'busy', highest: 1001, tier: 'task' },
    ])
    metrics.put(tx, at(window.from + window.span.periodSeconds * 1000, 301, 10))
    expect(only(await observeOne(metrics, standalone('a'), idle))).toMatchObject([{ state: 'quiet', highest: 710 }])
  })

  test('with one of the two is not quiet, but can be busy', async () => {
    const metrics = new FakeMetrics()
    metrics.put(network(byTask('a')).rx, always(90))
    expect(only(await observeOne(metrics, standalone('a'), idle))).toMatchObject([{ state: 'no-data', points: 0 }])
    metrics.put(network(byTask('a')).rx, always(1001))
    expect(only(await observeOne(metrics, standalone('a'), idle))).toMatchObject([{ state: 'busy' }])
  })

  test('of a service is only known with Container Insights', async () => {
    const metrics = new FakeMetrics()
    metrics.put(serviceCpu('web'), always(1))
    expect(shortly(await observeOne(metrics, service('web', 2), idle))).toEqual([
      'cpu quiet service 1',
      'network no-such-metric - -',
    ])
    const { rx, tx } = network(byService('web'))
    metrics.put(rx, always(1))
    metrics.put(tx, always(2))
    expect(shortly(await observeOne(metrics, service('web', 2), idle))).toEqual([
      'cpu quiet service 1',
      'network quiet service 3',
    ])
  })
})

describe('requests', () => {
  const idle = { requestsPerMinute: 6 }
  const [blue, green] = ['targetgroup/web/0123456789abcdef', 'targetgroup/api/fedcba9876543210']
  const requests = ({ signals }: Activity) => signals.filter(({ signal }) => signal === 'requests')

  test('are a minute’s, of all tasks and all target groups', async () => {
    const metrics = new FakeMetrics()
    // Points of two minutes: the sum of what one target got in each.
    expect(window.span.periodSeconds).toBe(120)
    metrics.put(perTarget(blue), always(3))
    metrics.put(perTarget(green), always(1))
    const web = service('web', 3, { targetGroups: [groupArn(blue), groupArn(green)] })
    expect(requests(await observeOne(metrics, web, idle))).toMatchObject([
      { state: 'quiet', highest: 6, tier: 'load-balancer' },
    ])
    metrics.put(perTarget(green), always(1.1))
    expect(requests(await observeOne(metrics, web, idle))).toMatchObject([{ state: 'busy' }])
  })

  test.each([
    { case: 'of a service without a load balancer', workload: service('web') },
    { case: 'of a standalone task', workload: standalone('a') },
    { case: 'of copies', workload: copies('reports', [running('a')]) },
  ])('$case are no metric', async ({ workload }) => {
    expect(requests(await observeOne(new FakeMetrics(), workload, idle))).toMatchObject([{ state: 'no-such-metric' }])
  })
})

describe('what can’t be read', () => {
  test('is evidence of that, of the workloads that it is about only', async () => {
    const metrics = new FakeMetrics()
    const asked = Array.from({ length: 700 }, (_, nth): [Workload, IdleRule] => [standalone(`t${nth}`), rule])
    for (const [{ tasks }] of asked) metrics.put(taskCpu(tasks[0]?.arn.split('/').at(-1) ?? ''), always(0))
    metrics.failPortion = nth => (nth === 1 ? 'AccessDenied: not allowed' : undefined)
    const log = fakeLog()
    const observed = await observe(metrics, asked, [], log)
    const states = [...observed.values()].map(({ signals }) => signals[0]?.state)
    expect(states.slice(0, 500).every(state => state === 'quiet')).toBe(true)
    expect(states.slice(500)).toEqual(Array.from({ length: 200 }, () => 'metrics-unreadable'))
    expect([...observed.values()][600]?.signals[0]).toMatchObject({ error: 'AccessDenied: not allowed', points: 0 })
    expect(log.warnings).toEqual([['metrics can not be read', { error: 'AccessDenied: not allowed', metrics: 200 }]])
  })

  test.each([
    new RefusedError('AccessDenied', 'cloudwatch:ListMetrics is not allowed'),
    new RetryableError('cloudwatch:ListMetrics: Rate exceeded'),
  ])('neither is what there is to be read: $message', async error => {
    const metrics = new FakeMetrics()
    metrics.put(familyCpu(), always(0))
    metrics.put(serviceCpu('web'), always(0))
    metrics.failLook = name => (name === 'TaskCpuUtilization' ? error : undefined)
    const observed = await observe(metrics, [
      [standalone('a'), rule],
      [service('web'), rule],
    ])
    const states = [...observed.values()].map(({ signals }) => signals[0])
    expect(states).toMatchObject([{ state: 'metrics-unreadable', error: error.message }, { state: 'quiet' }])
  })

  test('a mistake of ours is no answer of AWS', async () => {
    const metrics = new FakeMetrics()
    metrics.failLook = () => new TypeError('x is not a function')
    await expect(observe(metrics, [[standalone('a'), rule]])).rejects.toThrow('x is not a function')
  })
})

describe('what is asked', () => {
  test('who has not been there for the window is not asked about', async () => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('a'), always(0))
    const { since: _since, ...ageless } = standalone('c')
    const observed = await observe(metrics, [
      [standalone('a', { since: new Date(window.from).toISOString() }), rule],
      [standalone('b', { since: new Date(window.from + 1).toISOString() }), rule],
      [ageless, rule],
    ])
    expect([...observed.keys()]).toEqual(['task:demo/a'])
    expect(metrics.reads.flatMap(({ queries }) => queries.map(({ dimensions }) => dimensions.TaskId))).toEqual(['a'])
  })

  test('nothing at all where there is nothing to ask', async () => {
    const metrics = new FakeMetrics()
    expect(await observe(metrics, [])).toEqual(new Map())
    expect([metrics.looks, metrics.reads]).toEqual([[], []])
  })

  test('each cluster once for each kind and signal, the finest metrics first', async () => {
    const metrics = new FakeMetrics()
    metrics.put(taskCpu('a'), always(0))
    const both = { ...rule, networkBytesPerSecond: 1000 }
    await observe(metrics, [
      [standalone('a'), both],
      [standalone('b'), both],
      [service('web'), both],
      [service('api'), rule],
      [standalone('c', { task: running('c', 'reports', { cluster: 'prod' }) }), rule],
    ])
    expect(metrics.looks.sort()).toEqual([
      'CpuUtilized by ClusterName TaskDefinitionFamily in prod',
      'NetworkRxBytes by ClusterName ServiceName in demo',
      'NetworkRxBytes by ClusterName TaskDefinitionFamily TaskId in demo',
      'NetworkRxBytes by ClusterName TaskDefinitionFamily in demo',
      'TaskCpuUtilization by ClusterName TaskDefinitionFamily TaskId in demo',
      'TaskCpuUtilization by ClusterName TaskDefinitionFamily TaskId in prod',
    ])
  })

  test('in full portions, one row of them for each window', async () => {
    const metrics = new FakeMetrics()
    const { rx } = network(byTask('x'))
    metrics.put(taskCpu('x'), always(0))
    metrics.put(rx, always(0))
    const both = { ...rule, networkBytesPerSecond: 1000 }
    const long = { ...rule, windowMs: 14 * 24 * hour }
    const asked = Array.from({ length: 4001 }, (_, nth): [Workload, IdleRule] => [
      standalone(`t${nth}`, { since: '2025-01-01T00:00:00Z' }),
      nth === 4000 ? long : both,
    ])
    await observe(metrics, asked)
    expect(metrics.reads.map(({ queries }) => queries.length)).toEqual([...Array.from({ length: 24 }, () => 500), 1])
    expect(metrics.reads.at(-1)?.span.periodSeconds).toBeGreaterThan(window.span.periodSeconds)
  })

  test('10,000 tasks, without holding their points', async () => {
    const metrics = new FakeMetrics()
    const asked = Array.from({ length: 10_000 }, (_, nth): [Workload, IdleRule] => [
      standalone(`t${nth}`),
      { ...rule, networkBytesPerSecond: 1000 },
    ])
    for (let nth = 0; nth < 10_000; nth++) {
      metrics.put(taskCpu(`t${nth}`), always(nth % 2 === 0 ? 0.1 : 50))
      const { rx, tx } = network(byTask(`t${nth}`))
      metrics.put(rx, always(1))
      metrics.put(tx, always(2))
    }
    const observed = await observe(metrics, asked)
    expect(metrics.reads.length).toBe(60)
    expect([...observed.values()].filter(({ busyAt }) => busyAt !== undefined).length).toBe(5000)
    expect(shortly(observed.get('task:demo/t0') as Activity)).toEqual(['cpu quiet task 0.1', 'network quiet task 3'])
  })
})
