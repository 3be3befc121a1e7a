/** What operators ask for, and what comes of it. */
import { describe, expect, test } from 'vitest'
import type { Wish } from '../../events/control-message.ts'
import type { Config } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { readIntentOutcome } from '../../shared/intents/intent-record.ts'
import type { ScalingWorld } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { listDeployments, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { config, task } from './targets.ts'

const minute = 60_000

async function sweeps({ world, clock }: SimulatedWorld, of: Config, times: number): Promise<void> {
  for (let run = 0; run < times; run++) {
    await sweep(of, world, () => true)
    await clock.advance(minute)
  }
}

/** `at`: what the clock of the operator's machine shows. */
async function ask(wish: Wish, of: Config, world: ScalingWorld, at = world.clock.now()) {
  const id = `intent at ${world.clock.now().toISOString()}`
  await carryOut({ kind: 'intent', id, at: at.toISOString(), by: 'ada', wish }, of, world)
  return readIntentOutcome(world.table, id)
}

describe('a release, whatever the clock of the operator’s machine shows,', () => {
  test.each([
    { case: 'a day ahead', aheadMs: 24 * 60 * minute },
    { case: 'right', aheadMs: 0 },
  ])('lets an image run once more, and it is quarantined again when it fails again: $case', async ({ aheadMs }) => {
    const simulated = simulatedWorld()
    const { world, clock, push } = simulated
    const of = config(task())
    push('acme/worker', 'v1', 'v1', { 'local.behaviour': 'exits 1 after 5s' })
    await sweeps(simulated, of, 10)
    await ask({ do: 'release', target: 'worker' }, of, world, new Date(clock.now().getTime() + aheadMs))
    await sweeps(simulated, of, 20)
    expect((await readTarget(world.table, 'worker')).head?.quarantine).toHaveLength(1)
    expect(await listDeployments(world.table, 'worker', 10)).toHaveLength(2)
  })

  test('lets what failed for no fault of its own be tried again: an hour behind', async () => {
    const simulated = simulatedWorld()
    const { world, clock, push } = simulated
    const of = config(task())
    push('acme/worker', 'v1', 'v1', { 'local.behaviour': 'fails-to-start secrets' })
    await sweeps(simulated, of, 20)
    expect(await listDeployments(world.table, 'worker', 10)).toMatchObject([{ state: 'failed' }])
    await ask({ do: 'release', target: 'worker' }, of, world, new Date(clock.now().getTime() - 60 * minute))
    await sweeps(simulated, of, 20)
    expect(await listDeployments(world.table, 'worker', 10)).toHaveLength(2)
  })
})

test('a rollback while a rollout still prepares goes back to what runs, not to the one before that', async () => {
  const simulated = simulatedWorld({
    behaviour: (_image, _name, { commandIsOverridden }) =>
      commandIsOverridden ? { kind: 'exits', code: 0, afterMs: 10 * minute } : { kind: 'runs' },
  })
  const { world, push } = simulated
  const plain = config(task())
  for (const tag of ['v1', 'v2']) {
    await deployImage(push('acme/worker', tag), plain, world)
    await sweeps(simulated, plain, 5)
  }
  expect(await listDeployments(world.table, 'worker', 2)).toMatchObject([
    { state: 'succeeded' },
    { state: 'succeeded' },
  ])
  const prepared = config(task({ before: { command: ['migrate'], timeoutMs: 30 * minute } }))
  await deployImage(push('acme/worker', 'v3'), prepared, world)
  await sweeps(simulated, prepared, 2)
  expect((await listDeployments(world.table, 'worker', 1))[0]).toMatchObject({
    state: 'starting',
    image: { tag: 'v3' },
  })
  await ask({ do: 'rollback', target: 'worker' }, prepared, world)
  expect((await readTarget(world.table, 'worker')).head?.current.image.tag).toBe('v2')
})

test('a second rollback goes further back, not to the image that the first one has left', async () => {
  const simulated = simulatedWorld()
  const { world, push } = simulated
  const of = config(task())
  for (const tag of ['v1', 'v2', 'v3']) {
    await deployImage(push('acme/worker', tag), of, world)
    await sweeps(simulated, of, 5)
  }
  for (const to of ['v2', 'v1']) {
    await ask({ do: 'rollback', target: 'worker' }, of, world)
    await sweeps(simulated, of, 5)
    expect((await readTarget(world.table, 'worker')).head?.current.image.tag).toBe(to)
  }
})

describe('what does not run on Fargate is never touched', () => {
  test('no task on EC2 is stopped', async () => {
    const simulated = simulatedWorld()
    const { push, ecs, calls } = simulated
    const of = config(task())
    push('acme/worker', 'v1')
    await sweeps(simulated, of, 3)
    const arn = ecs.tasks()[0]?.taskArn ?? ''
    const { fleet } = simulated.world
    const describeTasks: ScalingWorld['fleet']['describeTasks'] = async (cluster, arns) =>
      (await fleet.describeTasks(cluster, arns)).map(each => ({ ...each, launchType: 'EC2' }))
    const world = { ...simulated.world, fleet: { ...fleet, describeTasks } }
    expect(await ask({ do: 'stop-task', cluster: 'demo', task: arn }, of, world)).toMatchObject({ state: 'refused' })
    expect(calls).not.toContain('ecs:StopTask')
  })

  test('no service on EC2 is set to 0 copies', async () => {
    const simulated = simulatedWorld()
    await simulated.createService('demo', 'web', 'acme/web:0')
    const { fleet } = simulated.world
    const describeService: ScalingWorld['fleet']['describeService'] = async (cluster, name) => {
      const service = await fleet.describeService(cluster, name)
      return service && { ...service, launchType: 'EC2' }
    }
    const world = { ...simulated.world, fleet: { ...fleet, describeService } }
    const of = config(task())
    expect(await ask({ do: 'stop-service', cluster: 'demo', service: 'web' }, of, world)).toMatchObject({
      state: 'refused',
    })
    expect(simulated.calls).not.toContain('ecs:UpdateService')
  })
})

describe('an image in use', () => {
  const deletion = (digest: string, tag?: string) => ({
    repositoryName: 'acme/worker',
    imageIds: [tag === undefined ? { imageDigest: digest } : { imageTag: tag }],
  })

  /** ECR's event of the last change, as EventBridge brings it. */
  function eventOf(like: ReturnType<SimulatedWorld['push']>, action: string) {
    return { ...like, id: `${action}-1`, detail: { ...like.detail, 'action-type': action } } as typeof like
  }

  test('that was deleted and is pushed again is not on record as deleted any more', async () => {
    const simulated = simulatedWorld()
    const { world, push, call } = simulated
    const of = config(task())
    const event = push('acme/worker', 'v1')
    await deployImage(event, of, world)
    await sweeps(simulated, of, 3)
    await call('ecr', 'BatchDeleteImage', deletion(event.detail['image-digest']))
    await deployImage(eventOf(event, 'DELETE'), of, world)
    expect((await readTarget(world.table, 'worker')).gate?.gone).toHaveLength(1)
    await deployImage(push('acme/worker', 'v1'), of, world)
    await sweeps(simulated, of, 3)
    expect((await readTarget(world.table, 'worker')).gate?.gone).toEqual([])
  })

  test('that nobody needs any more is not on record as deleted any more', async () => {
    const simulated = simulatedWorld()
    const { world, push, call } = simulated
    const of = config(task())
    const event = push('acme/worker', 'v1')
    await deployImage(event, of, world)
    await sweeps(simulated, of, 3)
    await call('ecr', 'BatchDeleteImage', deletion(event.detail['image-digest']))
    await deployImage(eventOf(event, 'DELETE'), of, world)
    for (const tag of ['v2', 'v3', 'v4']) {
      await deployImage(push('acme/worker', tag), of, world)
      await sweeps(simulated, of, 4)
    }
    expect((await readTarget(world.table, 'worker')).gate?.gone).toEqual([])
  })

  test('is what a rollback would go to, also after an operator deployed anew what runs', async () => {
    const simulated = simulatedWorld()
    const { world, push, call } = simulated
    const of = config(task())
    const before = push('acme/worker', 'v1')
    await deployImage(before, of, world)
    await sweeps(simulated, of, 4)
    await deployImage(push('acme/worker', 'v2'), of, world)
    await sweeps(simulated, of, 4)
    await ask({ do: 'deploy', repository: 'acme/worker', tag: 'v2' }, of, world)
    await sweeps(simulated, of, 4)
    expect(await listDeployments(world.table, 'worker', 5)).toHaveLength(3)
    const digest = before.detail['image-digest']
    await call('ecr', 'BatchDeleteImage', deletion(digest))
    await deployImage(eventOf(before, 'DELETE'), of, world)
    expect((await readTarget(world.table, 'worker')).gate?.gone).toMatchObject([{ digest, how: 'deleted' }])
  })
})
