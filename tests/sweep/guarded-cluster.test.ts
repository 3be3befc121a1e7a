/** A cluster that no target names is Farguard's by the guard's word alone. */
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { readIntentOutcome } from '../../shared/intents/intent-record.ts'
import { recordTasks } from '../../shared/status/record-tasks.ts'
import { indexedTasks } from '../../shared/status/task-record.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, guard, service } from '../deploy/targets.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { taskEvent } from '../status/tasks.ts'

const guarded: Config = { ...config(service()), guard: guard({ clusters: ['batch'] }) }
const unguarded = config(service())

/** The cluster, with a service of somebody else's that runs. */
async function somebodysService() {
  const simulated = simulatedWorld()
  await simulated.call('ecs', 'CreateCluster', { clusterName: 'batch' })
  simulated.push('acme/web', '0')
  await simulated.createService('batch', 'reports', `${registryHost}/acme/web:0`)
  await simulated.clock.advance(5 * 60_000)
  return simulated
}

async function tasksOnRecord({ world }: SimulatedWorld): Promise<string[]> {
  const found: string[] = []
  for await (const page of indexedTasks(world.table, { cluster: 'batch' })) found.push(...page.map(({ arn }) => arn))
  return found
}

async function stopService({ world }: SimulatedWorld, of: Config) {
  const wish = { do: 'stop-service', cluster: 'batch', service: 'reports' } as const
  await carryOut({ kind: 'intent', id: 'i1', at: '2026-03-01T22:00:00Z', by: 'ada', wish }, of, world)
  return readIntentOutcome(world.table, 'i1')
}

describe('a cluster that only the guard names', () => {
  test('is swept', async () => {
    const simulated = await somebodysService()
    await sweep(guarded, simulated.world, () => true)
    const running = simulated.ecs.tasks().filter(({ lastStatus }) => lastStatus === 'RUNNING')
    expect(running.length).toBeGreaterThan(0)
    expect(await tasksOnRecord(simulated)).toEqual(running.map(({ taskArn }) => taskArn))
  })

  test('has its task events recorded', async () => {
    const { world } = simulatedWorld()
    const advance = async () => ({ kind: 'done' as const, what: '' })
    const means = { config: guarded, world, advance, hasTime: () => true }
    const events = [taskEvent({ id: 'a', cluster: 'batch' }), taskEvent({ id: 'b', cluster: 'other' })]
    expect(await recordTasks(events, means)).toMatchObject([
      { kind: 'done' },
      { kind: 'skipped', reason: 'other-cluster' },
    ])
  })

  test('is where operators may stop what runs', async () => {
    expect(await stopService(await somebodysService(), guarded)).toMatchObject({ state: 'done', reason: 'stopped' })
  })
})

test('without the guard nothing there is recorded or stopped', async () => {
  const simulated = await somebodysService()
  await sweep(unguarded, simulated.world, () => true)
  expect(await tasksOnRecord(simulated)).toEqual([])
  expect(await stopService(simulated, unguarded)).toMatchObject({ state: 'refused', reason: 'cluster-not-ours' })
})
