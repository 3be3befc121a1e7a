import { describe, expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { RefusedError, type World } from '../../shared/ports.ts'
import { registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'
import { gated } from './gated-world.ts'
import { dyingAt } from './held.ts'
import { finish, jobsEnd } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

describe('what an overtaken deployment left does not keep the newer from its start', () => {
  test('when ECS has forgotten a copy of it', async () => {
    const { world, push, ecs, clock, call } = simulatedWorld()
    const target = task({}, { count: 2 })
    ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
    expect(await deployImage(push('acme/worker', 'v1'), config(target), world)).toMatchObject({ reason: 'no-capacity' })
    await clock.advance(60_000)
    await call('ecs', 'StopTask', { cluster: 'demo', task: ecs.tasks()[0]?.taskArn })
    await clock.advance(2 * 3_600_000)
    expect(await deployImage(push('acme/worker', 'v2'), config(target), world)).toMatchObject({ kind: 'done' })
    expect(ecs.tasks().filter(each => each.desiredStatus === 'RUNNING')).toHaveLength(2)
  })

  test('when its cluster is gone, and the target is to run in another', async () => {
    const { world, push, ecs, call } = simulatedWorld()
    await call('ecs', 'CreateCluster', { clusterName: 'old', capacityProviders: ['FARGATE'] })
    ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
    const old = task({ cluster: 'old' }, { count: 1 })
    expect(await deployImage(push('acme/worker', 'v1'), config(old), world)).toMatchObject({ reason: 'no-capacity' })
    const fleet: World['fleet'] = {
      ...world.fleet,
      tasksStartedBy: (cluster, startedBy) =>
        cluster === 'old'
          ? Promise.reject(new RefusedError('ClusterNotFoundException', 'Cluster not found.'))
          : world.fleet.tasksStartedBy(cluster, startedBy),
    }
    const outcome = await deployImage(push('acme/worker', 'v2'), config(task()), { ...world, fleet })
    expect(outcome).toMatchObject({ kind: 'done' })
  })
})

describe('settling touches nothing but what the late call did', () => {
  test('a service that the target has left for another is not put on the other’s revision', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await createService('demo', 'site', `${registryHost}/acme/web:1.0.0`)
    const first = push('acme/web', '1.1.0')
    await clock.advance(2000)
    const died = dyingAt('updateService', 'after')
    await Promise.race([deployImage(first, config(service()), gated(world, died.gate)), died.crashed])
    const moved = service({}, { service: 'site' })
    await deployImage(push('acme/web', '1.2.0'), config(moved), world)
    await deployImage(first, config(moved), world)
    const left = ecs.services().find(each => each.serviceName === 'web')
    expect(left?.taskDefinition).toMatch(/task-definition\/web:/)
  })

  test('a person’s way back is left alone when an event comes twice, no start of it having been interrupted', async () => {
    const { world, push, createService, ecs, clock, call } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const first = push('acme/web', '1.1.0')
    await deployImage(first, config(service()), world)
    const back = ecs.services()[0]?.taskDefinition
    await clock.advance(600_000)
    await deployImage(push('acme/web', '1.2.0'), config(service()), world)
    await clock.advance(1_200_000)
    await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', taskDefinition: back })
    await clock.advance(600_000)
    await deployImage(first, config(service()), world)
    expect(ecs.services()[0]?.taskDefinition).toBe(back)
  })
})

describe('the order remembers', () => {
  test('that a digest stands for its higher version, also once a newer push has failed', async () => {
    const { world, push, clock } = simulatedWorld({ behaviour: jobsEnd })
    const nightly = job({ tags: { kind: 'semver', range: '^1' } })
    const target = config(nightly)
    await deployImage(push('acme/nightly', '1.4.0', 'same'), target, world)
    await deployImage(push('acme/nightly', '1.6.0', 'same'), target, world)
    await finish(nightly, { clock, world })
    const runTask = () => Promise.reject(new RefusedError('InvalidParameterException', 'No such subnet'))
    const refusing = { ...world, fleet: { ...world.fleet, runTask } }
    expect(await deployImage(push('acme/nightly', '1.7.0'), target, refusing)).toMatchObject({ kind: 'permanent' })
    expect(await deployImage(push('acme/nightly', '1.5.0'), target, world)).toMatchObject({
      reason: 'older-than-running',
    })
  })

  test('nothing of a claim that was refused when it was to be carried on', async () => {
    const { world, push, call } = simulatedWorld()
    const register = () => call('ecs', 'RegisterTaskDefinition', taskDefinition('nightly', 'acme/nightly:1.0.0'))
    await register()
    const family = { taskDefinition: { from: 'family' as const, family: 'nightly' } }
    const target = config(job({ tags: { kind: 'semver', range: '^1' } }, family))
    const event = push('acme/nightly', '1.2.0')
    const died = dyingAt('put', 'after')
    await Promise.race([deployImage(event, target, gated(world, died.gate)), died.crashed])
    await call('ecs', 'DeregisterTaskDefinition', { taskDefinition: 'nightly:1' })
    expect(await deployImage(event, target, world)).toMatchObject({ kind: 'permanent', reason: 'family-missing' })
    await register()
    expect(await deployImage(push('acme/nightly', '1.1.0'), target, world)).toMatchObject({ kind: 'done' })
  })
})

test('a push of a tag that the target does not take leaves its head as it is', async () => {
  const { world, push } = simulatedWorld()
  const target = config(task({ tags: { kind: 'exact', tag: 'live' } }))
  await deployImage(push('acme/worker', 'live'), target, world)
  const before = await world.table.get('TARGET#worker', 'HEAD')
  expect(await deployImage(push('acme/worker', 'other'), target, world)).toMatchObject({ reason: 'tag-not-matched' })
  expect(await world.table.get('TARGET#worker', 'HEAD')).toEqual(before)
})
