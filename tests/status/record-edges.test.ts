/** What records of status have to keep: far below the 400 KB that DynamoDB takes, and no dead letters for what is on record. */
import { expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import type { Task, World } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, task } from '../deploy/targets.ts'
import { listDeployments, simulatedWorld } from '../simulated-world.ts'
import { deployed } from '../stories/control-plane.ts'

const minute = 60_000

/** ECS says more of tasks that have stopped. */
function saying(world: World, more: (task: Task) => Partial<Task>): World {
  const describeTasks: World['fleet']['describeTasks'] = async (cluster, arns) =>
    (await world.fleet.describeTasks(cluster, arns)).map(each => (each.stopCode ? { ...each, ...more(each) } : each))
  return { ...world, fleet: { ...world.fleet, describeTasks } }
}

function bytesOf(record: unknown): number {
  return Buffer.byteLength(JSON.stringify(record))
}

test('a rollout of 100 copies that ECS can not start, and says at length why, comes to its end on record', async () => {
  const { world, clock, push } = simulatedWorld()
  const stoppedReason = `ResourceInitializationError: unable to pull secrets or registry auth: ${'x'.repeat(950)}`
  const wordy = saying(world, () => ({ stoppedReason }))
  const of = config(task({}, { count: 100 }))
  push('acme/worker', 'v1', 'v1', { 'local.behaviour': 'fails-to-start secrets' })
  for (let run = 0; run < 6; run++) {
    await sweep(of, wordy, () => true)
    await clock.advance(minute)
  }
  const [newest] = await listDeployments(world.table, 'worker', 1)
  expect(newest?.state).toBe('failed')
  expect(bytesOf(newest)).toBeLessThan(200 * 1024)
})

test('a target whose 30 last images failed, with long words on each of ten containers, has a small head', async () => {
  const { world, clock, push } = simulatedWorld()
  const wordy = saying(world, ({ containers }) => ({
    containers: Array.from({ length: 10 }, (_, nth) => ({
      ...containers[0],
      name: `container-${nth}`,
      reason: 'x'.repeat(1000),
    })),
  }))
  const of = config(task())
  for (let nth = 0; nth < 30; nth++) {
    const labels = { 'local.behaviour': 'exits 1 after 5s', nth: String(nth) }
    await deployImage(push('acme/worker', `v${nth}`, `v${nth}`, labels), of, wordy)
    await clock.advance(2 * minute)
    await sweep(of, wordy, () => true)
    await clock.advance(2 * minute)
  }
  const { head } = await readTarget(world.table, 'worker')
  expect(head?.quarantine).toHaveLength(30)
  expect(bytesOf(head)).toBeLessThan(100 * 1024)
})

test('an event that is on record does not become a dead letter because its rollout waits for capacity', async () => {
  const longer = (of: Config): Config => ({
    ...of,
    targets: of.targets.map(each =>
      each.run.kind === 'task'
        ? { ...each, run: { ...each.run, verify: { withinMs: 60 * minute, settleMs: 10 * minute } } }
        : each,
    ),
  })
  const { clock, push, ecs, table, queueDepth } = await deployed({ config: longer })
  push('acme/worker', 'live')
  await clock.advance(2 * minute)
  const until = new Date(clock.now().getTime() + 30 * minute)
  for (const capacityProvider of ['FARGATE', 'FARGATE_SPOT'] as const) ecs.refuseCapacity({ capacityProvider, until })
  const copy = ecs.tasks().find(({ capacityProviderName }) => capacityProviderName === 'FARGATE_SPOT')
  ecs.interrupt(copy?.taskArn ?? '')
  await clock.advance(60 * minute)
  expect(await listDeployments(table, 'worker', 1)).toMatchObject([{ state: 'succeeded' }])
  expect(queueDepth('farguard-dev-dead-letters')).toMatchObject({ visible: 0 })
})
