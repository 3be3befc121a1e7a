/** A guard run, or an undo, that is killed at any of its changes; whoever comes next brings it to the same end. */
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readSavings } from '../../shared/guard/records.ts'
import { undoWorkload, wakeAll } from '../../shared/guard/undo.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { type Gate, gated } from '../deploy/gated-world.ts'
import { finish } from '../deploy/rollouts.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const ada = { by: 'ada', because: 'needed' }
const halfSuspended = { in: true, out: false, scheduled: false }
const allSuspended = { in: true, out: true, scheduled: true }

const written = {
  hours: `guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }] }`,
  budget: `
budgets: { team: { aws: team, covers: all, steps: [{ at: 120% of actual, do: stop all }] } }
guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: { stops: 3, share: 100% } }
`,
}

interface Scene extends SimulatedWorld {
  config: Config
  /** A process whose calls all pass a gate; true when it died there. */
  killed(work: (world: GuardWorld) => Promise<unknown>, at: number): Promise<boolean>
}

/** Two services, one with autoscaling that is suspended in part, and two copies of a target; all of it is to stop. */
async function scene(why: keyof typeof written): Promise<Scene> {
  const config = writtenConfig(written[why])
  const simulated = simulatedWorld({ at: '2026-03-02T19:00:00Z' })
  const { world, clock, call, push, createService, budgets } = simulated
  push('acme/web', '0.9.0')
  await createService('demo', 'web', `${registryHost}/acme/web:0.9.0`, { desiredCount: 2 })
  await createService('demo', 'till', `${registryHost}/acme/web:0.9.0`)
  await call('application-autoscaling', 'RegisterScalableTarget', {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: 'service/demo/web',
    MinCapacity: 1,
    MaxCapacity: 4,
    SuspendedState: { DynamicScalingInSuspended: true },
  })
  const worker = config.targets.find(({ name }) => name === 'worker')
  if (!worker) throw new Error('farguard.yml has no target worker')
  await deployImage(push('acme/worker', 'live'), config, world)
  await finish(worker, simulated)
  const Budget = {
    BudgetName: 'team',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '100', Unit: 'USD' },
  }
  await call('budgets', 'CreateBudget', { AccountId: '123456789012', Budget })
  budgets.pin('team', { actual: 121 })
  await budgets.refresh()
  await clock.advanceTo(Date.parse('2026-03-02T20:10:00Z'))
  return {
    ...simulated,
    config,
    async killed(work, at) {
      const { gate, crashed } = crashingAfter(at)
      return Promise.race([work(gated(world, gate)).then(() => false), crashed.then(() => true)])
    },
  }
}

/** What is read in between makes no difference to who comes next. */
const changes = new Set(['put', 'send', 'suspend', 'setDesiredCount', 'stopTask'])

/** Dies after the effect of the `at`th call that changes something; 0: before the first. */
function crashingAfter(at: number): { gate: Gate; crashed: Promise<void> } {
  const { promise: crashed, resolve } = Promise.withResolvers<void>()
  let made = 0
  const gate: Gate = async (name, call) => {
    if (!changes.has(name)) return call()
    made++
    if (made < at) return call()
    if (made === at) await call()
    resolve()
    return new Promise(() => {})
  }
  return { gate, crashed }
}

const run = ({ config, world }: Scene) => guard('schedule', config, world, means)

/** After a sweep, which starts the copies that nothing keeps asleep. */
async function looks({ ecs, world, clock, config }: Scene) {
  await sweep(config, world, () => true)
  await clock.advance(3 * minute)
  const copies = ecs.tasks().filter(each => each.lastStatus === 'RUNNING' && each.startedBy?.startsWith('fg/worker/'))
  const counts = Object.fromEntries(ecs.services().map(each => [each.serviceName, each.desiredCount]))
  const scaling = (await world.scaling.targetsOf('demo', ['web'])).get('web')?.suspended
  return { ...counts, copies: copies.length, scaling }
}

const before = { web: 2, till: 1, copies: 2, scaling: halfSuspended }
const stopped = { web: 0, till: 0, copies: 0, scaling: allSuspended }
const ids = ['service:demo/web', 'service:demo/till', 'target:worker']

async function expectStopped(found: Scene, where: string): Promise<void> {
  expect(await looks(found), where).toEqual(stopped)
  const parked = await Promise.all(ids.map(id => findParked(found.world.table, id)))
  expect(parked, where).toMatchObject([
    {
      state: 'parked',
      was: { desiredCount: 2, scaling: { min: 1, max: 4, suspended: halfSuspended } },
      stoppedAgain: 0,
    },
    { state: 'parked', was: { desiredCount: 1 }, stoppedAgain: 0 },
    { state: 'parked', was: { desiredCount: 2 }, stoppedAgain: 0 },
  ])
  const savings = await readSavings(found.world.table)
  expect(savings.map(({ workload, to }) => `${workload} ${to}`).sort(), where).toEqual(
    ids.map(id => `${id} undefined`).sort(),
  )
}

async function expectBack(found: Scene, where: string): Promise<void> {
  expect(await looks(found), where).toEqual(before)
  const parked = await Promise.all(ids.map(id => findParked(found.world.table, id)))
  expect(
    parked.map(each => each?.state),
    where,
  ).toEqual(['over', 'over', 'over'])
  const savings = await readSavings(found.world.table)
  expect(savings.map(({ workload, to }) => `${workload} ${to === undefined}`).sort(), where).toEqual(
    ids.map(id => `${id} false`).sort(),
  )
}

/** Until a process has made all of its calls and lives. */
async function everywhere(story: (at: number) => Promise<boolean>): Promise<number> {
  let at = 0
  while (await story(at)) at++
  return at
}

describe.each(['hours', 'budget'] as const)('a run that stops for %s', why => {
  test('is killed after each of its changes: the next one ends it, and undo puts back what was there', {
    timeout: 120_000,
  }, async () => {
    const calls = await everywhere(async at => {
      const found = await scene(why)
      const isKilled = await found.killed(world => guard('schedule', found.config, world, means), at)
      const where = `killed after change ${at}`
      if (isKilled) {
        const next = await run(found)
        if ('skipped' in next) await found.clock.advance(means.leaseMs + minute)
        expect('skipped' in next ? await run(found) : next, where).toMatchObject({ failed: [], left: 0 })
      }
      await found.clock.advance(minute)
      expect(await run(found), where).toMatchObject({ stopped: [], failed: [] })
      await expectStopped(found, where)
      await wakeAll(ada, found.config, found.world)
      await expectBack(found, where)
      expect(await run(found), where).toMatchObject({ stopped: [], failed: [] })
      expect(await looks(found), where).toEqual(before)
      return isKilled
    })
    expect(calls).toBeGreaterThan(20)
  })
})

test('a run that wakes what was off hours is killed after each of its changes, and the next one ends it', {
  timeout: 120_000,
}, async () => {
  const calls = await everywhere(async at => {
    const found = await scene('hours')
    await run(found)
    await found.clock.advanceTo(Date.parse('2026-03-03T07:01:00Z'))
    const isKilled = await found.killed(world => guard('schedule', found.config, world, means), at)
    if (isKilled) await found.clock.advance(means.leaseMs + minute)
    expect(await run(found), `killed after change ${at}`).toMatchObject({ stopped: [], failed: [] })
    await expectBack(found, `killed after change ${at}`)
    return isKilled
  })
  expect(calls).toBeGreaterThan(8)
})

describe('an undo', () => {
  test.each([
    { next: 'the guard', finish: run },
    { next: 'the next undo', finish: ({ config, world }: Scene) => wakeAll(ada, config, world) },
  ])(
    'that is killed after each of its changes is ended by $next',
    { timeout: 120_000 },
    async ({ finish: end, next }) => {
      const calls = await everywhere(async at => {
        const found = await scene('hours')
        await run(found)
        await found.clock.advance(30 * minute)
        const isKilled = await found.killed(world => wakeAll(ada, found.config, world), at)
        await end(found)
        const where = `killed after change ${at}`
        // What was not begun nobody has asked for: only the command, which waits in vain, brings it back.
        for (const id of ids) {
          const parked = await findParked(found.world.table, id)
          if (parked?.state === 'parked') {
            expect(next, where).toBe('the guard')
            await undoWorkload(id, ada, found.config, found.world)
          }
        }
        await expectBack(found, where)
        return isKilled
      })
      expect(calls).toBeGreaterThan(8)
    },
  )
})
