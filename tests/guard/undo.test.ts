/** Undo and wake where something is in the way: what can come back does, and what somebody said counts. */
import { describe, expect, test } from 'vitest'
import { readTarget } from '../../shared/deploy/records.ts'
import { guard } from '../../shared/guard/guard.ts'
import { findKeep, findParked } from '../../shared/guard/records.ts'
import { undoRun, undoWorkload, wakeAll } from '../../shared/guard/undo.ts'
import { type GuardWorld, RefusedError, RetryableError } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const ada = { by: 'ada', because: 'needed' }
const hours = (begin: string) =>
  writtenConfig(
    `guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [{ for: all, hours: Mon-Fri ${begin} - 20:00 UTC }] }`,
  )
const night = hours('07:00')

/** Three services, all of them parked for the night. */
async function asleep() {
  const simulated = simulatedWorld({ at: '2026-03-02T20:00:00Z', behaviour: () => ({ kind: 'runs' }) })
  const { world, clock } = simulated
  simulated.push('acme/web', '1.0.0')
  for (const name of ['a', 'b', 'c']) await simulated.createService('demo', name, `${registryHost}/acme/web:1.0.0`)
  await clock.advance(5 * minute)
  const run = await guard('schedule', night, world, means)
  if ('skipped' in run) throw new Error(run.skipped)
  expect(run.stopped).toHaveLength(3)
  await clock.advance(5 * minute)
  const counts = () => simulated.ecs.services().map(({ desiredCount }) => desiredCount)
  const broken = (error: Error): GuardWorld => ({
    ...world,
    fleet: {
      ...world.fleet,
      setDesiredCount: (cluster, name, count) =>
        name === 'a' ? Promise.reject(error) : world.fleet.setDesiredCount(cluster, name, count),
    },
  })
  return { ...simulated, run, counts, broken }
}

describe('one that can not be put back', () => {
  const denied = new RefusedError('AccessDeniedException', 'no ecs:UpdateService')
  const throttled = new RetryableError('Rate exceeded')

  // `wake` ended at the first that AWS refused, and all that came after it slept on.
  test.each(['wake', 'undo of the run'])('keeps nothing else asleep: %s', async how => {
    const { run, counts, broken } = await asleep()
    const undone =
      how === 'wake' ? await wakeAll(ada, night, broken(denied)) : await undoRun(run.id, ada, night, broken(denied))
    expect(counts()).toEqual([0, 1, 1])
    expect(undone?.said).toEqual(['Putting service a in demo back: no ecs:UpdateService'])
    expect(undone?.woken.map(({ workload }) => workload)).toEqual(['service:demo/b', 'service:demo/c'])
  })

  test('for now is tried again, after the others', async () => {
    const { counts, broken, world } = await asleep()
    await expect(wakeAll(ada, night, broken(throttled))).rejects.toThrow('Rate exceeded')
    expect(counts()).toEqual([0, 1, 1])
    await wakeAll(ada, night, world)
    expect(counts()).toEqual([1, 1, 1])
  })
})

describe('what was undone is kept', () => {
  test('for as long as somebody keeps it anyway', async () => {
    const { world, clock, counts } = await asleep()
    const until = '2026-03-06T12:00:00.000Z'
    const at = clock.now().toISOString()
    await world.table.put(
      {
        pk: 'KEEP',
        sk: 'service:demo/a',
        schema: 1,
        version: 1,
        at,
        workload: 'service:demo/a',
        until,
        by: 'bob',
        because: 'fair',
      },
      'any',
    )
    await undoWorkload('service:demo/a', ada, night, world)
    expect(await findKeep(world.table, 'service:demo/a', clock.now())).toMatchObject({ until, by: 'bob' })
    expect(counts()).toEqual([1, 0, 0])
  })

  test('for a day where its hours, as they were when it was parked, have begun without waking it', async () => {
    const { world, clock, counts } = await asleep()
    await clock.advanceTo(Date.parse('2026-03-03T08:00:00Z'))
    await undoWorkload('service:demo/a', ada, hours('10:00'), world)
    await clock.advance(15 * minute)
    await guard('schedule', hours('10:00'), world, means)
    expect(counts()).toEqual([1, 0, 0])
  })
})

describe('copies that farguard.yml keeps no more', () => {
  // The gate of the name stayed asleep for good: nothing was on record as parked that could have been woken.
  test('hold back nothing that is deployed under their name later, once they were woken', async () => {
    const { world, clock } = await asleep()
    const at = clock.now().toISOString()
    await world.table.put(
      {
        pk: 'TARGET#archiver',
        sk: 'GATE',
        schema: 1,
        version: 1,
        at,
        target: 'archiver',
        approvals: [],
        gone: [],
        asleep: { because: 'off-hours', since: at },
      },
      'any',
    )
    expect((await readTarget(world.table, 'archiver')).gate?.asleep).toBeDefined()
    await world.table.put(
      {
        pk: 'PARKED',
        sk: 'target:archiver',
        schema: 1,
        version: 1,
        at,
        workload: 'target:archiver',
        name: 'the copies of archiver in demo',
        cluster: 'demo',
        target: 'archiver',
        state: 'parked',
        was: { desiredCount: 2 },
        reasons: [],
        stoppedAt: at,
        costPerHour: { usd: 0 },
        stoppedAgain: 0,
      },
      'any',
    )
    await undoWorkload('target:archiver', ada, night, world)
    expect(await findParked(world.table, 'target:archiver')).toMatchObject({ state: 'over', ended: { how: 'gone' } })
    expect((await readTarget(world.table, 'archiver')).gate?.asleep).toBeUndefined()
  })
})
