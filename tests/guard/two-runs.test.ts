/** Two guard runs at once, and a run beside an undo: the lease lets one at it, and conditional writes decide the rest. */
import { describe, expect, test } from 'vitest'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readKeeps, readSavings } from '../../shared/guard/records.ts'
import { undoWorkload } from '../../shared/guard/undo.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { gated, interleaved } from '../deploy/gated-world.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const ada = { by: 'ada', because: 'needed' }
const config = writtenConfig(
  'guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }] }',
)
type Turn = 'a' | 'b'

async function shop() {
  const simulated = simulatedWorld({ at: '2026-03-02T20:05:00Z' })
  simulated.push('acme/web', '0.9.0')
  await simulated.createService('demo', 'shop', `${registryHost}/acme/web:0.9.0`, { desiredCount: 2 })
  await simulated.call('application-autoscaling', 'RegisterScalableTarget', {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: 'service/demo/shop',
    MinCapacity: 1,
    MaxCapacity: 4,
  })
  await simulated.clock.advance(3 * minute)
  const state = async () => ({
    count: simulated.ecs.services()[0]?.desiredCount,
    suspended: (await simulated.world.scaling.targetsOf('demo', ['shop'])).get('shop')?.suspended.out,
  })
  return { ...simulated, state }
}

/** A makes its first `i` calls, B its first `j`, then A the rest, then B. */
async function twoAtOnce(
  world: GuardWorld,
  [i, j]: readonly [number, number],
  work: Record<Turn, (world: GuardWorld) => Promise<unknown>>,
) {
  const gates = interleaved([...Array<Turn>(i).fill('a'), ...Array<Turn>(j).fill('b'), ...Array<Turn>(200).fill('a')])
  const process = async (who: Turn) => {
    const answer = await work[who](gated(world, gates[who]))
    gates.ended(who)
    return answer
  }
  return Promise.all([process('a'), process('b')])
}

const run = (world: GuardWorld) => guard('schedule', config, world, means)

describe('two runs', () => {
  test.each([0, 1, 2, 3, 5, 10, 20, 30, 40].flatMap(i => [1, 2, 3, 30].map(j => [i, j] as const)))(
    'of which the second comes after %i calls of the first, and goes on for %i: one stops, once, and the other does nothing',
    async (...turns) => {
      const { world, calls, state } = await shop()
      calls.length = 0
      const runs = await twoAtOnce(world, turns, { a: run, b: run })
      const one = expect.objectContaining({ stopped: [expect.objectContaining({ workload: 'service:demo/shop' })] })
      const other = { skipped: expect.stringMatching(/^run .* is under way/) }
      expect(runs).toEqual(expect.arrayContaining([one, other]))
      expect(calls.filter(each => each === 'ecs:UpdateService')).toHaveLength(1)
      expect(await state()).toEqual({ count: 0, suspended: true })
      expect(await findParked(world.table, 'service:demo/shop')).toMatchObject({
        state: 'parked',
        stoppedAgain: 0,
        was: { desiredCount: 2, scaling: { suspended: { out: false } } },
      })
      expect(await readSavings(world.table)).toHaveLength(1)
    },
  )
})

describe('an undo while a run is about to stop it again', () => {
  /** Parked, and somebody has brought it back: the run will stop it once more, the undo wants it to run. */
  async function contested() {
    const found = await shop()
    await run(found.world)
    await found.call('ecs', 'UpdateService', { cluster: 'demo', service: 'shop', desiredCount: 3 })
    await found.clock.advance(3 * minute)
    return found
  }

  test.each(
    [0, 10, 20, 25, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 55].flatMap(i =>
      [2, 4, 6, 8, 40].map(j => [i, j] as const),
    ),
  )(
    'after %i calls of the run, for %i: at the latest the next run has it run, with its autoscaling',
    async (...turns) => {
      const { world, clock, state } = await contested()
      await twoAtOnce(world, turns, {
        a: run,
        b: each => undoWorkload('service:demo/shop', ada, config, each),
      })
      await clock.advance(15 * minute)
      await run(world)
      const parked = await findParked(world.table, 'service:demo/shop')
      expect(await readKeeps(world.table, clock.now())).toMatchObject([{ workload: 'service:demo/shop' }])
      expect(parked?.state).toBe('over')
      expect(await state()).toEqual({ count: 3, suspended: false })
    },
  )
})
