import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget, recordsOfImage } from '../../shared/deploy/records.ts'
import type { Table } from '../../shared/ports.ts'
import { listDeployments, registryHost, simulatedWorld } from '../simulated-world.ts'
import { finish } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

describe('a push to a service', () => {
  test('puts the service on the pushed digest, everything else as it was', async () => {
    const { world, push, createService, ecs, ecr, calls } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const outcome = await deployImage(push('acme/web', '1.0.1'), config(service()), world)
    expect(outcome).toEqual({ kind: 'done', what: 'web #1 started acme/web:1.0.1' })
    const [running] = ecs.services()
    const revision = await world.fleet.describeTaskDefinition(running?.taskDefinition ?? '')
    const digest = ecr.digestOf(`${registryHost}/acme/web:1.0.1`)
    expect(revision?.definition.containerDefinitions[0]).toMatchObject({
      name: 'app',
      image: `${registryHost}/acme/web@${digest}`,
    })
    expect(revision?.definition).toMatchObject({
      cpu: '256',
      memory: '512',
      tags: [{ key: 'team', value: 'platform' }],
    })
    expect(running?.desiredCount).toBe(1)
    expect(calls.filter(name => name === 'ecs:UpdateService')).toHaveLength(1)
  })

  test('costs at most 5 control-plane calls and 4 table calls in the common case', async () => {
    const { world, push, createService, calls, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await deployImage(push('acme/web', '1.0.1'), config(service()), world)
    await finish(service(), { clock, world })
    const second = push('acme/web', '1.0.2')
    calls.length = 0
    const table = countCalls(world.table)
    await deployImage(second, config(service()), { ...world, table: table.port })
    expect(calls).toEqual([
      'ecr:DescribeImages',
      'ecs:DescribeServices',
      'ecs:DescribeTaskDefinition',
      'ecs:RegisterTaskDefinition',
      'ecs:UpdateService',
    ])
    expect(table.calls).toEqual(['query', 'put', 'put', 'put'])
  })

  test('the revision of a digest that ran before is used again', async () => {
    const { world, push, createService, calls, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    const targets = config(service({ tags: { kind: 'exact', tag: 'live' } }))
    for (const content of ['a', 'b']) await deployImage(push('acme/web', 'live', content), targets, world)
    calls.length = 0
    const first = await deployImage(push('acme/web', 'live', 'a'), targets, world)
    expect(first.kind).toBe('done')
    expect(calls).not.toContain('ecs:RegisterTaskDefinition')
    const deployments = await listDeployments(world.table, 'web', 10)
    expect(deployments[0]?.revision).toEqual(deployments[2]?.revision)
    expect(ecs.services()[0]?.taskDefinition).toBe(deployments[0]?.revision?.arn)
  })
})

describe('a push to standalone tasks', () => {
  test('a job runs once, pinned, named and tagged', async () => {
    const { world, push, ecs } = simulatedWorld()
    await deployImage(push('acme/nightly', 'v7'), config(job()), world)
    const tasks = ecs.tasks()
    expect(tasks).toHaveLength(1)
    const { newest } = await readTarget(world.table, 'nightly')
    expect(tasks[0]).toMatchObject({ startedBy: `fg/nightly/${newest?.id}01`, launchType: 'FARGATE' })
    expect(tasks[0]?.tags).toContainEqual({ key: 'farguard:target', value: 'nightly' })
    expect(newest?.attempts[0]?.outcome?.tasks).toEqual([tasks[0]?.taskArn])
  })

  test('25 copies are started ten at a time', async () => {
    const { world, push, ecs, calls } = simulatedWorld()
    await deployImage(push('acme/worker', 'v7'), config(task({}, { count: 25 })), world)
    expect(ecs.tasks()).toHaveLength(25)
    expect(calls.filter(name => name === 'ecs:RunTask')).toHaveLength(3)
  })

  test('Spot that has no room falls back to on-demand when asked to, for what is missing only', async () => {
    const { world, push, ecs } = simulatedWorld()
    ecs.refuseCapacity({ capacityProvider: 'FARGATE_SPOT', times: 2 })
    const outcome = await deployImage(
      push('acme/worker', 'v7'),
      config(task({}, { count: 3, capacity: 'spot-then-on-demand' })),
      world,
    )
    expect(outcome.kind).toBe('done')
    expect(
      ecs
        .tasks()
        .map(each => each.capacityProviderName ?? each.launchType)
        .sort(),
    ).toEqual(['FARGATE', 'FARGATE', 'FARGATE_SPOT'])
  })

  test('Spot alone is asked again when the event comes back', async () => {
    const { world, push, ecs } = simulatedWorld()
    ecs.refuseCapacity({ capacityProvider: 'FARGATE_SPOT', times: 1 })
    const event = push('acme/worker', 'v7')
    const targets = config(task({}, { capacity: 'spot' }))
    expect(await deployImage(event, targets, world)).toMatchObject({ kind: 'retryable', reason: 'no-capacity' })
    expect(ecs.tasks()).toHaveLength(0)
    expect(await deployImage(event, targets, world)).toMatchObject({ kind: 'done' })
    expect(ecs.tasks()).toHaveLength(1)
  })
})

describe('exactly one start', () => {
  test('of the same event twice, of three tags on one digest, and of a redelivery after 24 hours', async () => {
    const { world, push, ecs, clock } = simulatedWorld()
    const targets = config(job({ tags: { kind: 'glob', pattern: '*' } }))
    const first = push('acme/nightly', '1.4.2', 'same')
    const others = [push('acme/nightly', '1.4', 'same'), push('acme/nightly', 'latest', 'same')]
    for (const event of [first, first, ...others]) await deployImage(event, targets, world)
    await clock.advance(25 * 3_600_000)
    for (const event of [first, ...others]) await deployImage(event, targets, world)
    expect(await listDeployments(world.table, 'nightly', 10)).toHaveLength(1)
    expect(ecs.tasks().length).toBeLessThanOrEqual(1)
  })

  test('of 1,000 events of 20 images, doubled and shuffled: each target ends on its newest image', async () => {
    const { world, push, ecs, createService, clock, calls } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const targets = config(service())
    const events: EcrImageAction[] = []
    for (let minor = 1; minor <= 20; minor++) {
      events.push(push('acme/web', `1.${minor}.0`))
      await clock.advance(1000)
    }
    const shuffled = Array.from({ length: 1000 }, (_, index) => events[(index * 7919 + (index >> 4)) % events.length])
    for (let index = 0; index < shuffled.length; index += 10)
      await Promise.all(shuffled.slice(index, index + 10).map(event => event && deployImage(event, targets, world)))
    const { newest, head } = await readTarget(world.table, 'web')
    expect(head?.current.image.tag).toBe('1.20.0')
    expect(newest).toMatchObject({ state: 'started', image: { tag: '1.20.0' } })
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
    const deployments = await listDeployments(world.table, 'web', 100)
    expect(new Set(deployments.map(each => each.image.tag)).size).toBe(deployments.length)
    expect(calls.filter(name => name === 'ecs:RegisterTaskDefinition').length).toBeLessThanOrEqual(
      deployments.length * 2,
    )
  })
})

describe('outcomes, each with its reason on record', () => {
  const cases = [
    { case: 'a service that does not exist', target: service(), expect: ['permanent', 'service-missing'] },
    {
      case: 'a cluster that does not exist',
      target: service({ cluster: 'nowhere' }),
      expect: ['permanent', 'cluster-missing'],
    },
    {
      case: 'a family that does not exist',
      target: job({ repository: 'acme/web' }, { taskDefinition: { from: 'family', family: 'nothing' } }),
      expect: ['permanent', 'family-missing'],
    },
    {
      case: 'a cluster that is missing, for a job',
      target: job({ repository: 'acme/web', cluster: 'nowhere' }),
      expect: ['permanent', 'cluster-missing'],
    },
    {
      case: 'a tag that the policy does not take',
      target: service({ tags: { kind: 'semver', range: '^2' } }),
      expect: ['skipped', 'tag-not-matched'],
    },
  ] as const
  test.each(cases)('$case', async ({ target, expect: [kind, reason] }) => {
    const { world, push, ecs } = simulatedWorld()
    const outcome = await deployImage(push('acme/web', '1.0.1'), config(target), world)
    expect(outcome).toMatchObject({ kind, reason })
    expect(ecs.tasks()).toHaveLength(0)
    const [decision] = await recordsOfImage(world.table, { repository: 'acme/web', tag: '1.0.1' }, 10)
    expect(decision).toMatchObject({ target: target.name, reason, verdict: kind === 'skipped' ? 'skip' : 'refuse' })
  })

  test('a cluster that is PROVISIONING is waited for, and the job starts then', async () => {
    const { world, push, ecs } = simulatedWorld()
    ecs.setClusterStatus('demo', 'PROVISIONING')
    const event = push('acme/nightly', 'v1')
    expect(await deployImage(event, config(job()), world)).toMatchObject({
      kind: 'retryable',
      reason: 'cluster-provisioning',
    })
    ecs.setClusterStatus('demo', 'ACTIVE')
    expect(await deployImage(event, config(job()), world)).toMatchObject({ kind: 'done' })
  })

  test('an image that is gone meanwhile', async () => {
    const { world, push, ecr } = simulatedWorld()
    const event = push('acme/nightly', 'v1')
    ecr.batchDeleteImage({ repositoryName: 'acme/nightly', imageIds: [{ imageTag: 'v1' }] })
    expect(await deployImage(event, config(job()), world)).toMatchObject({ kind: 'skipped', reason: 'image-gone' })
  })

  test('an older image does not follow a newer one, whatever the order of their events', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const [older, newer] = [push('acme/web', '1.1.0'), push('acme/web', '1.2.0')]
    await deployImage(newer, config(service()), world)
    const before = ecs.services()[0]?.taskDefinition
    expect(await deployImage(older, config(service()), world)).toMatchObject({
      kind: 'skipped',
      reason: 'older-than-running',
    })
    expect(ecs.services()[0]?.taskDefinition).toBe(before)
  })

  test('the first push is compared with what the service ran before Farguard', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.9.0`)
    expect(await deployImage(push('acme/web', '1.8.1'), config(service()), world)).toMatchObject({
      kind: 'skipped',
      reason: 'older-than-running',
    })
  })

  test('a moved tag is followed back', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    const targets = config(service({ tags: { kind: 'exact', tag: 'live' } }))
    const a = push('acme/web', 'live', 'a')
    await deployImage(a, targets, world)
    const b = push('acme/web', 'live', 'b')
    await deployImage(b, targets, world)
    const back = push('acme/web', 'live', 'a')
    await deployImage(back, targets, world)
    for (const event of [b, a, back]) await deployImage(event, targets, world)
    const deployments = await listDeployments(world.table, 'web', 10)
    expect(deployments.map(each => each.image.digest)).toEqual([a, b, a].map(each => each.detail['image-digest']))
    expect(ecs.services()[0]?.taskDefinition).toBe(deployments[0]?.revision?.arn)
  })

  test('a digest that gets a higher version later is not replaced by what lies between', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    await deployImage(push('acme/web', '1.4.2', 'same'), config(service()), world)
    await deployImage(push('acme/web', '1.6.0', 'same'), config(service()), world)
    expect(await deployImage(push('acme/web', '1.5.0'), config(service()), world)).toMatchObject({
      reason: 'older-than-running',
    })
  })
})

function countCalls(table: Table): { port: Table; calls: string[] } {
  const calls: string[] = []
  const counted =
    <Args extends unknown[], Answer>(name: string, method: (...args: Args) => Answer) =>
    (...args: Args) => {
      calls.push(name)
      return method(...args)
    }
  const port = {
    get: counted('get', table.get),
    getMany: counted('getMany', table.getMany),
    put: counted('put', table.put),
    query: counted('query', table.query),
  }
  return { port, calls }
}
