/** What the guard leaves alone, or tries again: what is protected, not known, in the way of its limits, or refused. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { type Guarded, guarded, hour, minute } from './guarded.ts'

/** At night nothing is to run, and nothing warns of that. */
const night = (more = '', rules = '') =>
  `guard: { mode: enforce, clusters: [demo], every: 30m, minimumAge: 0s, limits: none${more}, rules: [{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }${rules}] }`
const evening = { at: '2026-03-02T20:10:00Z', sweepMinutes: 60 }
const idle = (more = '') =>
  `guard: { mode: enforce, clusters: [demo], every: 30m, minimumAge: 0s, grace: 0s, limits: none${more}, rules: [{ for: all, idle: { cpu: 3%, window: 2h } }] }`

describe('protected', () => {
  test('by a tag, by ECS or by whoever keeps it: it runs on, whatever the hour', async () => {
    const { serve, copies, clock, call, ecs, ask, verdict } = await guarded(
      night('', ', { for: tag:env=prod, protect: true }'),
      evening,
    )
    await serve('tagged', { tags: { env: 'prod' } })
    await serve('working')
    await serve('kept')
    await serve('spare')
    await clock.advance(2 * minute)
    const [task] = ecs.tasks().filter(({ group }) => group === 'service:working')
    await call('ecs', 'UpdateTaskProtection', {
      cluster: 'demo',
      tasks: [task?.taskArn],
      protectionEnabled: true,
      expiresInMinutes: 120,
    })
    await ask({ do: 'keep', workload: 'service:demo/kept', until: '2026-03-02T22:45:00Z', because: 'demo at ten' })
    expect(await verdict('service:demo/tagged')).toMatchObject({ is: 'keep', reason: 'protected' })
    expect(await verdict('service:demo/working')).toMatchObject({
      is: 'keep',
      reason: 'protected',
      detail: expect.stringMatching(/^ECS protects its task \w+ until 2026-03-02T22:1/),
    })
    expect(await verdict('service:demo/kept')).toMatchObject({
      is: 'keep',
      reason: 'kept',
      detail: 'until 2026-03-02T22:45:00.000Z, by ada: demo at ten',
    })
    await clock.advance(hour)
    const all = () => ['tagged', 'working', 'kept', 'spare'].map(copies)
    const [runs, stopped] = ['1 wanted, 1 running', '0 wanted, 0 running']
    expect(all()).toEqual([runs, runs, runs, stopped])
    // Both end by themselves.
    await clock.advance(2 * hour)
    expect(all()).toEqual([runs, stopped, stopped, stopped])
  })

  test('perhaps, as its tags can not be read: it runs on', async () => {
    const untold = (of: GuardWorld): GuardWorld => ({
      ...of,
      fleet: {
        ...of.fleet,
        async describeServices(cluster, names) {
          return (await of.fleet.describeServices(cluster, names)).map(({ tags: _tags, ...service }) => service)
        },
      },
    })
    const { serve, copies, clock, verdict } = await guarded(night('', ', { for: tag:env=prod, protect: true }'), {
      ...evening,
      world: untold,
    })
    await serve('shop')
    await clock.advance(hour)
    expect(copies('shop')).toBe('1 wanted, 1 running')
    expect(await verdict('service:demo/shop')).toMatchObject({ is: 'not-judged', reason: 'tags-unreadable' })
  })

  test('since the plan was made, as its tag says by now: it is not stopped', async () => {
    let isTagged = false
    const late = (of: GuardWorld): GuardWorld => ({
      ...of,
      fleet: {
        ...of.fleet,
        async describeService(cluster, name) {
          const found = await of.fleet.describeService(cluster, name)
          return found && isTagged ? { ...found, tags: { env: 'prod' } } : found
        },
      },
    })
    const { serve, copies, look, clock } = await guarded(night('', ', { for: tag:env=prod, protect: true }'), {
      ...evening,
      world: late,
    })
    await serve('shop')
    await clock.advance(2 * minute)
    isTagged = true
    expect(await look()).toMatchObject({
      stopped: [],
      problems: expect.arrayContaining(['service shop in demo was not stopped: by the rule for tag:env=prod']),
    })
    expect(copies('shop')).toBe('1 wanted, 1 running')
  })
})

describe('metrics', () => {
  const cpu = { namespace: 'AWS/ECS', name: 'CPUUtilization' }
  const denied = () =>
    new AwsError('AccessDeniedException', 'User is not authorized to perform: cloudwatch:GetMetricData')
  test.each<{
    case: string
    reason: string
    trouble: (found: Guarded) => unknown
  }>([
    { case: 'that are not there at all', reason: 'no-data', trouble: ({ cloudwatch }) => cloudwatch.losePoints(cpu) },
    {
      case: 'of which half the points are missing',
      reason: 'too-few-points',
      trouble: ({ cloudwatch }) => cloudwatch.losePoints({ ...cpu, share: 0.5 }),
    },
    {
      case: 'that are withheld',
      reason: 'metrics-unreadable',
      trouble: ({ cloudwatch }) => cloudwatch.withhold(cpu, 'Forbidden'),
    },
    {
      case: 'that may not be read',
      reason: 'metrics-unreadable',
      trouble: ({ account }) =>
        account.failNext('cloudwatch:GetMetricData', ...Array(100).fill({ when: 'before', error: denied() })),
    },
  ])('$case stop nothing', { timeout: 30_000 }, async ({ reason, trouble }) => {
    const found = await guarded(idle(), { sweepMinutes: 240 })
    const { serve, copies, clock, verdict, runs } = found
    trouble(found)
    await serve('shop', { activity: 'idle' })
    await clock.advance(4 * hour)
    expect(copies('shop')).toBe('1 wanted, 1 running')
    expect(await verdict('service:demo/shop')).toMatchObject({ is: 'not-judged', reason })
    expect((await runs()).flatMap(({ stopped, warned }) => [...stopped, ...warned])).toEqual([])
  })

  test('that come back after they were lost make it idle only once there are enough', { timeout: 30_000 }, async () => {
    const { serve, copies, to, cloudwatch } = await guarded(idle(), { sweepMinutes: 240 })
    cloudwatch.losePoints({ ...cpu, to: new Date('2026-03-02T10:00:00Z') })
    await serve('shop', { activity: 'idle' })
    await to('2026-03-02T11:40:00Z')
    expect(copies('shop')).toBe('1 wanted, 1 running')
    await to('2026-03-02T12:10:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
  })
})

test('one point above the threshold in two hours is enough to be in use', { timeout: 30_000 }, async () => {
  /** At a quarter past ten, once. */
  const spike = (of: GuardWorld): GuardWorld => ({
    ...of,
    metrics: {
      ...of.metrics,
      async *read(queries, span) {
        for await (const portion of of.metrics.read(queries, span))
          yield portion.map(({ nth, series }) => ({ nth, series: 'at' in series ? withSpike(series) : series }))
      },
    },
  })
  const withSpike = ({ at, values }: { at: number[]; values: number[] }) => ({
    at,
    values: values.map((value, nth) => (at[nth] === Date.parse('2026-03-02T10:15:00Z') ? 3.1 : value)),
  })
  const { serve, copies, to, verdict } = await guarded(idle(), { sweepMinutes: 240, world: spike })
  await serve('shop', { activity: 'idle' })
  await to('2026-03-02T10:25:00Z')
  expect(await verdict('service:demo/shop')).toEqual({
    is: 'keep',
    reason: 'in-use',
    detail: "CPU up to 3.1 %, above 3 %, within 2 h, by its service's metrics",
  })
  await to('2026-03-02T12:10:00Z')
  expect(copies('shop')).toBe('1 wanted, 1 running')
  await to('2026-03-02T12:40:00Z')
  expect(copies('shop')).toBe('0 wanted, 0 running')
})

describe('the limits', () => {
  test('that a run would exceed: it stops none, and says so; with fewer, it does', {
    timeout: 60_000,
  }, async () => {
    const { serve, copies, to, lastRun, scale } = await guarded(
      idle().replace('limits: none', 'limits: { stops: 1, share: 100% }'),
      { sweepMinutes: 240 },
    )
    await serve('one', { activity: 'idle' })
    await serve('two', { activity: 'idle' })
    await to('2026-03-02T11:10:00Z')
    expect([copies('one'), copies('two')]).toEqual(Array(2).fill('1 wanted, 1 running'))
    expect(await lastRun()).toMatchObject({
      stopped: [],
      limit:
        '2 would be stopped, and guard.limits allows 1 in 24 hours: none is. Raise guard.limits in farguard.yml where that is meant',
    })
    await scale('two', 0)
    await to('2026-03-02T11:40:00Z')
    expect(copies('one')).toBe('0 wanted, 0 running')
  })

  test('count what was stopped within a day, and are not about off hours', { timeout: 60_000 }, async () => {
    const { serve, copies, to, lastRun } = await guarded(
      `guard:
  mode: enforce
  clusters: [demo]
  every: 30m
  minimumAge: 0s
  grace: 0s
  limits: { stops: 1, share: 100% }
  rules: [{ for: service:one, maxLifetime: 1h }, { for: service:two, maxLifetime: 2h }, { for: tag:env=dev, hours: Mon-Fri 07:00 - 20:00 UTC }]`,
      { at: '2026-03-02T17:20:00Z', sweepMinutes: 240 },
    )
    for (const name of ['one', 'two']) await serve(name)
    for (const name of ['dev1', 'dev2', 'dev3']) await serve(name, { tags: { env: 'dev' } })
    await to('2026-03-02T19:55:00Z')
    expect([copies('one'), copies('two')]).toEqual(['0 wanted, 0 running', '1 wanted, 1 running'])
    expect((await lastRun())?.limit).toMatch(/1 in 24 hours, 1 of them done: none is\. Raise guard\.limits/)
    await to('2026-03-02T20:25:00Z')
    expect(['dev1', 'dev2', 'dev3'].map(copies)).toEqual(Array(3).fill('0 wanted, 0 running'))
    await to('2026-03-03T18:55:00Z')
    expect(copies('two')).toBe('0 wanted, 0 running')
  })
})

describe('what AWS refuses', () => {
  const throttled = { when: 'before' as const, error: new AwsError('ThrottlingException', 'Rate exceeded') }
  const denied = { when: 'before' as const, error: new AwsError('AccessDeniedException', 'no ecs:UpdateService') }

  test.each([
    { case: 'a call that is throttled', fault: throttled },
    { case: 'a call that is denied', fault: denied },
    { case: 'a call that had its effect all the same', fault: { ...throttled, when: 'after' as const } },
  ])('$case keeps no other from being stopped, and is made up for by the next run', async ({ fault }) => {
    const { serve, copies, clock, account, look, savings, parked } = await guarded(
      night('', ', { for: service:web, protect: true }'),
      evening,
    )
    for (const name of ['one', 'two', 'three']) await serve(name, { scaling: { min: 1, max: 2 } })
    await clock.advance(2 * minute)
    account.failNext('ecs:UpdateService', fault)
    const run = await look()
    expect(run).toMatchObject({ failed: [{ workload: 'service:demo/one' }] })
    expect(run.stopped.map(({ workload }) => workload).sort()).toEqual(['service:demo/three', 'service:demo/two'])
    await clock.advance(minute)
    expect([copies('two'), copies('three')]).toEqual(Array(2).fill('0 wanted, 0 running'))
    await clock.advance(2 * minute)
    expect(await look()).toMatchObject({ failed: [], stopped: [{ workload: 'service:demo/one' }] })
    await clock.advance(minute)
    expect(copies('one')).toBe('0 wanted, 0 running')
    expect(await savings()).toHaveLength(3)
    const was = { desiredCount: 1, scaling: { suspended: { in: false, out: false, scheduled: false } } }
    expect(await parked('service:demo/one')).toMatchObject({ state: 'parked', was })
  })
})

test('a run that runs out of time leaves the rest to the next one', async () => {
  const { serve, copies, clock, look, ecs } = await guarded(night('', ', { for: service:web, protect: true }'), evening)
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await serve(name)
  await clock.advance(2 * minute)
  const lefts: number[] = []
  for (let run = 0; run < 3; run++) {
    const stopped = () => ecs.services().filter(({ desiredCount }) => desiredCount === 0).length
    const before = stopped()
    lefts.push((await look('schedule', { hasTime: () => stopped() < before + 2 })).left)
    await clock.advance(minute)
  }
  expect(lefts).toEqual([3, 1, 0])
  expect(names.map(copies)).toEqual(Array(5).fill('0 wanted, 0 running'))
})

describe('a service that somebody brings back', () => {
  test('is stopped once more in its off hours, and then left alone until they end', { timeout: 60_000 }, async () => {
    const { serve, scale, copies, clock, look, parked, savings, to } = await guarded(
      night('', ', { for: service:web, protect: true }'),
      evening,
    )
    await serve('shop', { count: 2, scaling: { min: 1, max: 4 } })
    await clock.advance(2 * minute)
    expect(await look()).toMatchObject({ stopped: [{ workload: 'service:demo/shop' }] })
    await clock.advance(5 * minute)
    await scale('shop', 3)
    await clock.advance(5 * minute)
    expect(await look()).toMatchObject({
      stopped: [{ workload: 'service:demo/shop' }],
      problems: ['service shop in demo came back by itself: it is stopped once more, and not a third time'],
    })
    await clock.advance(5 * minute)
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await parked('service:demo/shop')).toMatchObject({ stoppedAgain: 1, was: { desiredCount: 3 } })
    await scale('shop', 2)
    await clock.advance(5 * minute)
    expect(await look()).toMatchObject({
      stopped: [],
      problems: ['service:demo/shop: it came back by itself, twice: it is left alone'],
    })
    await to('2026-03-03T06:55:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    expect(await parked('service:demo/shop')).toMatchObject({ state: 'left' })
    // Nothing is saved while it runs: of three stops and starts, no two spans of time overlap.
    const spans = (await savings()).map(({ from, to: end }) => [from, end])
    expect(spans).toEqual([
      [expect.stringMatching(/^2026-03-02T20:12/), expect.stringMatching(/^2026-03-02T20:2/)],
      [expect.stringMatching(/^2026-03-02T20:2/), expect.stringMatching(/^2026-03-02T20:[23]/)],
    ])
    await to('2026-03-03T07:40:00Z')
    expect(await parked('service:demo/shop')).toMatchObject({ state: 'over' })
    expect(copies('shop')).toBe('2 wanted, 2 running')
    await to('2026-03-03T20:20:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
  })
})
