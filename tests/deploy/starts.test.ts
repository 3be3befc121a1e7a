import { describe, expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { RefusedError, type World } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { gated } from './gated-world.ts'
import { dyingAt, heldBefore } from './held.ts'
import { finish, jobsEnd } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

describe('no copy is counted twice, or lost', () => {
  test('when a chunk started fewer than it was asked for and its Lambda died', async () => {
    const { world, push, ecs } = simulatedWorld()
    const target = task({}, { count: 20 })
    ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 2 })
    const event = push('acme/worker', 'v1')
    const { gate, crashed } = dyingAt('runTask', 'after', 2)
    await Promise.race([deployImage(event, config(target), gated(world, gate)), crashed])
    expect(ecs.tasks()).toHaveLength(18)
    for (let retry = 0; retry < 3; retry++) await deployImage(event, config(target), world)
    const { newest } = await readTarget(world.table, 'worker')
    expect(newest?.state).toBe('started')
    const recorded = newest?.attempts.flatMap(attempt => attempt.outcome?.tasks ?? []) ?? []
    expect(new Set(recorded).size).toBe(20)
    expect(ecs.tasks()).toHaveLength(20)
  })

  test('when a job whose start can no longer be told is pushed a second time by a duplicate', async () => {
    const { world, push, ecs, clock, call } = simulatedWorld()
    const event = push('acme/nightly', 'v1')
    const { gate, crashed } = dyingAt('runTask', 'after')
    await Promise.race([deployImage(event, config(job()), gated(world, gate)), crashed])
    const [ran] = ecs.tasks()
    await clock.advance(60_000)
    await call('ecs', 'StopTask', { cluster: 'demo', task: ran?.taskArn })
    await clock.advance(3 * 3_600_000)
    let starts = 0
    const fleet = {
      ...world.fleet,
      runTask: (request: Parameters<typeof world.fleet.runTask>[0]) => {
        starts++
        return world.fleet.runTask(request)
      },
    }
    expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ reason: 'start-unknown' })
    await deployImage(event, config(job()), { ...world, fleet })
    expect(starts).toBe(0)
  })

  test('when a start fails for good half way, and the event comes back for the sake of another target', async () => {
    const { world, push, ecs } = simulatedWorld()
    let asked = 0
    const fleet: World['fleet'] = {
      ...world.fleet,
      runTask(request) {
        if (++asked % 2 === 0) throw new RefusedError('InvalidParameterException', 'no second chunk')
        return world.fleet.runTask(request)
      },
    }
    const target = task({}, { count: 20 })
    const event = push('acme/worker', 'v1')
    for (let delivery = 0; delivery < 3; delivery++) await deployImage(event, config(target), { ...world, fleet })
    expect(ecs.tasks().filter(each => each.desiredStatus === 'RUNNING').length).toBeLessThanOrEqual(20)
  })
})

describe('farguard.yml changed while a start was interrupted', () => {
  test('a target that is a service now is put on the image, whatever calls its task had made', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const event = push('acme/web', '1.1.0')
    const before = task({ name: 'web', repository: 'acme/web', tags: { kind: 'semver', range: '^1' } })
    const { gate, crashed } = dyingAt('runTask', 'after')
    await Promise.race([deployImage(event, config(before), gated(world, gate)), crashed])
    await deployImage(event, config(service()), world)
    const revision = await world.fleet.describeTaskDefinition(ecs.services()[0]?.taskDefinition ?? '')
    expect(revision?.definition.containerDefinitions[0]?.image).toContain(event.detail['image-digest'])
  })
})

describe('what never ran stands in nobody’s way', () => {
  const refusing = (world: World): World => ({
    ...world,
    fleet: {
      ...world.fleet,
      registerTaskDefinition: async () => {
        throw new RefusedError('ClientException', 'Role is not valid')
      },
    },
  })

  test('a push whose registration was refused is on record as failed, and no newer version in the order', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const targets = config(service())
    expect(await deployImage(push('acme/web', '1.2.0'), targets, refusing(world))).toMatchObject({ kind: 'permanent' })
    expect(await deployImage(push('acme/web', '1.1.0'), targets, world)).toMatchObject({ kind: 'done' })
    const { newest } = await readTarget(world.table, 'web')
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
    const first = await world.table.get('TARGET#web', 'DEPLOYMENT#00000001')
    expect(first).toMatchObject({ state: 'failed', ended: { reason: 'aws-refused' } })
  })

  test('a push that was interrupted before its start, and whose image is gone when it comes back', async () => {
    const { world, push, ecr, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const event = push('acme/web', '1.2.0')
    const gone = dyingAt('put', 'after')
    await Promise.race([deployImage(event, config(service()), gated(world, gone.gate)), gone.crashed])
    expect((await readTarget(world.table, 'web')).head?.current.image.tag).toBe('1.2.0')
    ecr.batchDeleteImage({ repositoryName: 'acme/web', imageIds: [{ imageTag: '1.2.0' }] })
    expect(await deployImage(event, config(service()), world)).toMatchObject({ reason: 'image-gone' })
    expect(await deployImage(push('acme/web', '1.1.0'), config(service()), world)).toMatchObject({ kind: 'done' })
  })
})

describe('what is put right', () => {
  test('is never put on a deployment that failed', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const older = push('acme/web', '1.1.0')
    await clock.advance(5000)
    const newer = push('acme/web', '1.2.0')
    const { gate, reached, letGo } = heldBefore('updateService')
    const late = deployImage(older, config(service()), gated(world, gate))
    await reached
    const updateService = () => Promise.reject(new RefusedError('InvalidParameterException', 'Not now'))
    const outcome = await deployImage(newer, config(service()), { ...world, fleet: { ...world.fleet, updateService } })
    expect(outcome).toMatchObject({ kind: 'permanent' })
    letGo()
    await late
    const { newest } = await readTarget(world.table, 'web')
    expect(newest).toMatchObject({ state: 'failed', image: { tag: '1.2.0' } })
    expect(ecs.services()[0]?.taskDefinition).not.toBe(newest?.revision?.arn)
  })
})

describe('the order at its edges', () => {
  test('what runs is known behind more failed pushes than one look at the table shows', async () => {
    const { world, push, clock } = simulatedWorld({ behaviour: jobsEnd })
    const nightly = job({ tags: { kind: 'semver', range: '^1' } })
    const target = config(nightly)
    const old = push('acme/nightly', '1.0.0')
    expect(await deployImage(push('acme/nightly', '1.1.0'), target, world)).toMatchObject({ kind: 'done' })
    await finish(nightly, { clock, world })
    const runTask = () => Promise.reject(new RefusedError('InvalidParameterException', 'No such subnet'))
    const refusing = { ...world, fleet: { ...world.fleet, runTask } }
    for (let minor = 2; minor <= 22; minor++) {
      const outcome = await deployImage(push('acme/nightly', `1.${minor}.0`), target, refusing)
      expect(outcome).toMatchObject({ kind: 'permanent' })
    }
    expect(await deployImage(old, target, world)).toMatchObject({ reason: 'older-than-running' })
  })

  test('a service on a moving tag takes the first push of a digest that moved that tag, too', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    push('acme/web', 'latest', 'old')
    await createService('demo', 'web', `${registryHost}/acme/web:latest`)
    await clock.advance(3_600_000)
    const release = push('acme/web', '1.4.2', 'new')
    push('acme/web', 'latest', 'new')
    const target = service({ tags: { kind: 'glob', pattern: '1.*' } })
    expect(await deployImage(release, config(target), world)).toMatchObject({ kind: 'done' })
    const { newest } = await readTarget(world.table, 'web')
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
  })

  test('a higher tag that carries on what a lower tag of the same digest had begun counts from then on', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const low = push('acme/web', '1.4.2', 'same')
    const high = push('acme/web', '1.6.0', 'same')
    const { gate, crashed } = dyingAt('put', 'after')
    await Promise.race([deployImage(low, config(service()), gated(world, gate)), crashed])
    expect((await readTarget(world.table, 'web')).head?.current.image.tag).toBe('1.4.2')
    expect(await deployImage(high, config(service()), world)).toMatchObject({ kind: 'done' })
    expect(await deployImage(low, config(service()), world)).toMatchObject({ kind: 'skipped' })
    expect(await deployImage(push('acme/web', '1.5.0'), config(service()), world)).toMatchObject({
      reason: 'older-than-running',
    })
  })
})
