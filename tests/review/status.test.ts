/** Records have to stay far below the 400 KB that DynamoDB takes, whatever ECS says and however often. */
import { expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import type { Task, World } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { config, task } from '../deploy/targets.ts'
import { listDeployments, simulatedWorld } from '../simulated-world.ts'

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
