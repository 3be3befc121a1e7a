/** The guard beside deployments: what is being deployed, what is pushed to while it is stopped, copies and jobs of targets. */
import { describe, expect, test } from 'vitest'
import { guarded, hour, minute } from './guarded.ts'

/** Nobody is to run before tomorrow. */
const night = (rules = '{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }', more = '') =>
  `guard: { mode: enforce, clusters: [demo], every: 30m, minimumAge: 0s, limits: none${more}, rules: [${rules}] }`
const evening = { at: '2026-03-02T20:10:00Z' }
const ofTarget = (name: string) => `{ for: target:${name}, hours: Mon-Fri 07:00 - 20:00 UTC }`

describe('a service', () => {
  test('that is being deployed is left alone until that is over', async () => {
    const { push, look, verdict, clock, copies } = await guarded(night(ofTarget('web')), evening)
    push('acme/web', '1.0.0')
    await clock.advance(30_000)
    expect(await verdict('service:demo/web')).toMatchObject({ is: 'keep', reason: 'being-deployed' })
    expect(await look()).toMatchObject({ stopped: [] })
    await clock.advance(5 * minute)
    expect(await look()).toMatchObject({ stopped: [{ workload: 'service:demo/web', reason: 'off-hours' }] })
    await clock.advance(minute)
    expect(copies('web')).toBe('0 wanted, 0 running')
  })

  test('that is pushed to while it is parked has the revision, sleeps on, and is verified when it wakes', {
    timeout: 60_000,
  }, async () => {
    const { push, clock, copies, target, to, imagesThatRun, service } = await guarded(night(ofTarget('web')), {
      at: '2026-03-03T04:40:00Z',
    })
    push('acme/web', '1.0.0')
    await clock.advance(40 * minute)
    expect(copies('web')).toBe('0 wanted, 0 running')
    const revision = service('web')?.taskDefinition
    const digest = push('acme/web', '1.1.0')
    await to('2026-03-03T06:55:00Z')
    expect(copies('web')).toBe('0 wanted, 0 running')
    expect(service('web')?.taskDefinition).not.toBe(revision)
    expect((await target('web')).newest).toMatchObject({ state: 'started', isParked: true, image: { tag: '1.1.0' } })
    await to('2026-03-03T07:30:00Z')
    expect(imagesThatRun('acme/web')).toEqual([digest])
    expect((await target('web')).newest).toMatchObject({ state: 'succeeded', image: { tag: '1.1.0' } })
  })

  test('whose image crashes when it wakes is put back to the one that ran before', { timeout: 60_000 }, async () => {
    const { push, clock, copies, target, to, imagesThatRun } = await guarded(night(ofTarget('web')), {
      at: '2026-03-03T05:10:00Z',
    })
    const good = push('acme/web', '1.0.0')
    await clock.advance(40 * minute)
    expect(copies('web')).toBe('0 wanted, 0 running')
    push('acme/web', '1.1.0', { 'local.behaviour': 'exits 1 after 5s' })
    await to('2026-03-03T07:50:00Z')
    expect((await target('web')).newest).toMatchObject({ state: 'rolled-back', image: { tag: '1.1.0' } })
    expect(imagesThatRun('acme/web')).toEqual([good])
  })
})

describe('the copies of a target', () => {
  test('stay stopped whatever the sweep sees, a push waits, and wake brings them back on it', {
    timeout: 60_000,
  }, async () => {
    const { push, clock, imagesThatRun, target, parked, ask, sweep } = await guarded(night(`${ofTarget('worker')}`), {
      at: '2026-03-02T19:40:00Z',
    })
    const first = push('acme/worker', 'live', { content: 'a' })
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([first, first])
    await clock.advance(30 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([])
    expect(await parked('target:worker')).toMatchObject({ state: 'parked', was: { desiredCount: 2 } })
    const second = push('acme/worker', 'live', { content: 'b' })
    await clock.advance(30 * minute)
    await sweep()
    expect(imagesThatRun('acme/worker')).toEqual([])
    expect((await target('worker')).gate?.parked).toMatchObject({ reason: 'asleep', image: { digest: second } })
    expect(await ask({ do: 'wake' })).toMatchObject({ woken: [{ workload: 'target:worker', desiredCount: 2 }] })
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([second, second])
    expect((await target('worker')).gate?.asleep).toBeUndefined()
    // Kept for the night that they were woken in.
    await clock.advance(hour)
    expect(imagesThatRun('acme/worker')).toEqual([second, second])
  })

  test('come back by themselves when their hours begin', { timeout: 60_000 }, async () => {
    const { push, to, imagesThatRun, parked, target } = await guarded(night(ofTarget('worker')), {
      at: '2026-03-03T05:00:00Z',
    })
    const digest = push('acme/worker', 'live')
    await to('2026-03-03T05:40:00Z')
    expect(imagesThatRun('acme/worker')).toEqual([])
    await to('2026-03-03T06:55:00Z')
    expect(imagesThatRun('acme/worker')).toEqual([])
    await to('2026-03-03T07:10:00Z')
    expect(imagesThatRun('acme/worker')).toEqual([digest, digest])
    expect(await parked('target:worker')).toMatchObject({ state: 'over' })
    expect((await target('worker')).newest).toMatchObject({ state: 'succeeded', number: 1 })
  })

  test('that were stopped are no failure of their image', { timeout: 60_000 }, async () => {
    const { push, to, target } = await guarded(night(ofTarget('worker')), { at: '2026-03-03T05:00:00Z' })
    push('acme/worker', 'live')
    await to('2026-03-03T06:30:00Z')
    const { head, newest } = await target('worker')
    expect(head?.quarantine).toEqual([])
    expect(newest).toMatchObject({ state: 'succeeded' })
  })
})

describe('a standalone task', () => {
  const dear = '{ for: standalone, maxCost: $0.01 }'

  test('of a job that costs too much is stopped, and undo says how to run it again', { timeout: 60_000 }, async () => {
    const { push, clock, ecs, target, ask, runs } = await guarded(night(dear), evening)
    push('acme/nightly', 'n1', { 'local.behaviour': 'runs' })
    await clock.advance(2 * minute)
    const job = ecs.tasks().find(({ startedBy }) => startedBy?.startsWith('fg/nightly/'))
    const id = job?.taskArn?.split('/').at(-1)
    await clock.advance(hour)
    expect(job).toBeDefined()
    expect(ecs.tasks().find(({ taskArn }) => taskArn === job?.taskArn)).toMatchObject({
      desiredStatus: 'STOPPED',
      stoppedReason: expect.stringMatching(
        /^Farguard: costs-too-much: \$0\.01\d\d so far, at most \$0\.0100 \(run \d{8}-\d{6}\)$/,
      ),
    })
    const [stop] = (await runs()).filter(({ stopped }) => stopped.length > 0)
    expect(stop).toMatchObject({ stopped: [{ workload: `task:demo/${id}`, reason: 'costs-too-much' }] })
    const said = 'farguard deploy acme/nightly:n1 runs it anew, from its beginning'
    for (const what of [`task:demo/${id}`, stop?.id ?? ''])
      expect(await ask({ do: 'undo', what })).toMatchObject({ state: 'done', detail: expect.stringContaining(said) })
    const { head, newest } = await target('nightly')
    expect(newest?.state).toBe('stopped')
    expect(head?.quarantine).toEqual([])
  })

  test('that nothing can start again is not stopped, unless that is allowed', { timeout: 60_000 }, async () => {
    const long = '{ for: standalone, maxLifetime: 30m }'
    for (const isAllowed of [false, true]) {
      const more = `, grace: 0s, allowUnrestorable: ${isAllowed}`
      const { runTask, task, clock, verdict, savings, ask } = await guarded(night(long, more), evening)
      const arn = await runTask('migration', { activity: 'idle' })
      const workload = `task:demo/${arn.split('/').at(-1)}`
      await clock.advance(31 * minute)
      if (!isAllowed)
        expect(await verdict(workload)).toMatchObject({
          is: 'keep',
          reason: 'unrestorable',
          detail: expect.stringContaining('guard.allowUnrestorable: true lets it be stopped'),
        })
      await clock.advance(hour)
      expect(task(arn)?.desiredStatus).toBe(isAllowed ? 'STOPPED' : 'RUNNING')
      expect(await savings()).toHaveLength(isAllowed ? 1 : 0)
      if (isAllowed)
        expect(await ask({ do: 'undo', what: workload })).toMatchObject({
          detail: expect.stringContaining('can not be started again'),
        })
    }
  })

  test('that a schedule starts is said to come back by that', { timeout: 60_000 }, async () => {
    const long = '{ for: standalone, maxLifetime: 30m }'
    const { runTask, clock, verdict } = await guarded(night(long, ', grace: 6h, allowUnrestorable: true'), evening)
    const arn = await runTask('report', { activity: 'idle', startedBy: 'chronos-schedule/report' })
    await clock.advance(hour)
    expect(await verdict(`task:demo/${arn.split('/').at(-1)}`)).toMatchObject({
      is: 'warn',
      reason: 'lived-too-long',
      detail: expect.stringContaining('its schedule starts another one at its next time'),
    })
  })
})
