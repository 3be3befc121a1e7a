/** What is idle: found, warned of, stopped, and put back; and what brings itself back. */
import { describe, expect, test } from 'vitest'
import { guarded, hour, minute } from './guarded.ts'

const idleRule = `
guard:
  mode: enforce
  clusters: [demo]
  every: 30m
  grace: 1h
  rules: [{ for: all, idle: { cpu: 3%, window: 2h } }]
`

describe('an idle service', () => {
  test('is warned of, stopped after the grace, and put back by undo', { timeout: 60_000 }, async () => {
    const { serve, copies, scaling, to, lastRun, parked, savings, ask, actions, clock } = await guarded(idleRule, {
      sweepMinutes: 60,
    })
    await serve('shop', { activity: 'idle', count: 2, scaling: { min: 1, max: 4 } })
    await to('2026-03-02T10:10:00Z')
    expect(await lastRun()).toMatchObject({ warned: [], stopped: [], counts: { notJudged: 2 } })
    await to('2026-03-02T10:40:00Z')
    const run = await lastRun()
    expect(run).toMatchObject({ warned: [{ workload: 'service:demo/shop', reason: 'idle' }], stopped: [] })
    expect(run?.warned[0]?.detail).toMatch(/^CPU at most 0\.\d+ % of 3 %, for 2 h, by its service's metrics$/)
    await to('2026-03-02T11:20:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')

    await to('2026-03-02T11:40:00Z')
    const stopped = await lastRun()
    expect(stopped).toMatchObject({ stopped: [{ workload: 'service:demo/shop', reason: 'idle' }], failed: [] })
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await scaling('shop')).toMatchObject({ min: 1, max: 4, suspended: { in: true, out: true, scheduled: true } })
    const was = { desiredCount: 2, scaling: { min: 1, max: 4, suspended: { in: false, out: false, scheduled: false } } }
    expect(await parked('service:demo/shop')).toMatchObject({ state: 'parked', was })
    expect(await actions(stopped?.id ?? '')).toMatchObject([{ what: 'stop', state: 'done', before: '2 copies' }])

    await to('2026-03-02T12:40:00Z')
    const undone = await ask({ do: 'undo', what: stopped?.id ?? '' })
    expect(undone).toMatchObject({ state: 'done', detail: 'service shop in demo: back to 2 copies.' })
    await clock.advance(3 * minute)
    expect(copies('shop')).toBe('2 wanted, 2 running')
    expect(await scaling('shop')).toMatchObject(was.scaling)
    const [saving, ...others] = await savings()
    expect(others).toEqual([])
    expect(saving).toMatchObject({ from: '2026-03-02T11:30:00.000Z', to: expect.stringMatching(/^2026-03-02T12:40/) })
    expect(await ask({ do: 'undo', what: 'service:demo/shop' })).toMatchObject({
      state: 'done',
      detail: expect.stringContaining('service shop in demo is not stopped: since 2026-03-02T12:40'),
    })
    expect(copies('shop')).toBe('2 wanted, 2 running')
  })

  test('that was undone runs on for a day, and is then judged like any other', { timeout: 120_000 }, async () => {
    const { serve, copies, to, ask, lastRun } = await guarded(idleRule, { sweepMinutes: 240 })
    await serve('shop', { activity: 'idle' })
    await to('2026-03-02T12:00:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await ask({ do: 'undo', what: 'service:demo/shop' })
    await to('2026-03-03T11:50:00Z')
    expect(copies('shop')).toBe('1 wanted, 1 running')
    expect(await lastRun()).toMatchObject({ warned: [] })
    await to('2026-03-03T12:40:00Z')
    expect(await lastRun()).toMatchObject({ warned: [{ workload: 'service:demo/shop' }] })
    await to('2026-03-03T13:40:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
  })

  test('is only told of while the guard observes', { timeout: 60_000 }, async () => {
    const { serve, copies, to, runs, parked, savings } = await guarded(idleRule.replace('enforce', 'observe'), {
      sweepMinutes: 60,
    })
    await serve('shop', { activity: 'idle' })
    await to('2026-03-02T12:10:00Z')
    const stops = (await runs()).filter(({ stopped }) => stopped.length > 0)
    expect(stops).toMatchObject([{ mode: 'observe', stopped: [{ workload: 'service:demo/shop' }] }])
    expect(copies('shop')).toBe('1 wanted, 1 running')
    expect(await parked('service:demo/shop')).toBeUndefined()
    expect(await savings()).toEqual([])
  })

  test('in a capacity-provider strategy is stopped and put back all the same', { timeout: 60_000 }, async () => {
    const { serve, copies, to, ask, clock } = await guarded(idleRule, { sweepMinutes: 60 })
    await serve('shop', {
      activity: 'idle',
      count: 3,
      capacityProviderStrategy: [
        { capacityProvider: 'FARGATE_SPOT', weight: 3, base: 0 },
        { capacityProvider: 'FARGATE', weight: 1, base: 1 },
      ],
    })
    await to('2026-03-02T12:00:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await ask({ do: 'wake' })).toMatchObject({ state: 'done', reason: 'woken' })
    await clock.advance(3 * minute)
    expect(copies('shop')).toBe('3 wanted, 3 running')
  })
})

test('a service that is busy for an hour a night is not idle the rest of the day', { timeout: 60_000 }, async () => {
  const { serve, to, runs } = await guarded(idleRule.replace('window: 2h', 'window: 8h'), {
    at: '2026-03-02T23:00:00Z',
    sweepMinutes: 60,
  })
  await serve('batch', { activity: 'nightly' })
  await to('2026-03-03T10:40:00Z')
  expect((await runs()).flatMap(({ warned, stopped }) => [...warned, ...stopped])).toEqual([])
  await to('2026-03-03T11:40:00Z')
  expect((await runs()).at(-1)).toMatchObject({ warned: [{ workload: 'service:demo/batch' }] })
})

describe('what would scale a stopped service up again', () => {
  test('is suspended, and goes on as before once it is undone', { timeout: 60_000 }, async () => {
    const { serve, copies, to, ask, call, clock, scaling } = await guarded(idleRule, { sweepMinutes: 60 })
    await serve('shop', { activity: 'idle', count: 2, scaling: { min: 2, max: 4 } })
    await call('application-autoscaling', 'PutScalingPolicy', {
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: 'service/demo/shop',
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      },
    })
    await to('2026-03-02T12:00:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await clock.advance(3 * hour)
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await ask({ do: 'undo', what: 'service:demo/shop' })
    await clock.advance(5 * minute)
    expect(copies('shop')).toBe('2 wanted, 2 running')
    expect((await scaling('shop'))?.suspended).toEqual({ in: false, out: false, scheduled: false })
  })

  test('was suspended in part before: that part stays so after the undo', { timeout: 60_000 }, async () => {
    const { serve, to, ask, world, scaling } = await guarded(idleRule, { sweepMinutes: 60 })
    await serve('shop', { activity: 'idle', scaling: { min: 1, max: 4 } })
    await world.scaling.suspend('demo', 'shop', { in: true, out: false, scheduled: false })
    await to('2026-03-02T12:00:00Z')
    expect((await scaling('shop'))?.suspended).toEqual({ in: true, out: true, scheduled: true })
    await ask({ do: 'undo', what: 'service:demo/shop' })
    expect((await scaling('shop'))?.suspended).toEqual({ in: true, out: false, scheduled: false })
  })
})
