/** Rollouts at their edges: late calls, stale reads, places that change, failures in a row. Each test says what holds. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Wish } from '../../events/control-message.ts'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { carryOn } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { type Deployment, readDeployment, readTarget, writeDeployment } from '../../shared/deploy/records.ts'
import { judgeCopies, type TaskFact } from '../../shared/deploy/verify.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { readIntentOutcome } from '../../shared/intents/intent-record.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'
import { writeTask } from '../../shared/status/task-record.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { crashingAt, type Gate, gated, interleaved } from './gated-world.ts'
import { dyingAt, heldBefore } from './held.ts'
import { finish } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

const minute = 60_000
const crashes = { 'local.behaviour': 'exits 1 after 5s' }
const before = { command: ['migrate'], timeoutMs: 60 * minute }

/** The service that a user had before Farguard came. */
async function withService(simulated: SimulatedWorld, more: Record<string, unknown> = {}) {
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:0.9.0`, more)
  await simulated.clock.advance(2 * minute)
}

/** Pushed, and brought to its end by looks. */
async function deployed(event: EcrImageAction, target: Target, simulated: SimulatedWorld) {
  await deployImage(event, config(target), simulated.world)
  await finish(target, simulated)
}

/** Looks whenever one is due, for so long. */
async function lookFor(ms: number, target: Target, { clock, world }: SimulatedWorld) {
  const end = clock.now().getTime() + ms
  while (clock.now().getTime() < end) {
    const { open } = await carryOn(target, world)
    await clock.advance(Math.min(Math.max(1000, open?.lookInMs ?? ms), end - clock.now().getTime()))
  }
}

/** A few sweeps, with what they set off. */
async function swept(target: Target, simulated: SimulatedWorld) {
  for (let times = 0; times < 3; times++) {
    await sweep(config(target), simulated.world, () => true)
    await finish(target, simulated)
    await simulated.clock.advance(11 * minute)
  }
}

const digestOf = (event: EcrImageAction) => event.detail['image-digest']

/** Digests of what is to run and was started by Farguard or by the service, `before` tasks left out. */
function digestsThatRun({ ecs }: SimulatedWorld): (string | undefined)[] {
  return ecs
    .tasks()
    .filter(each => each.desiredStatus === 'RUNNING' && !each.overrides?.containerOverrides?.[0]?.command)
    .map(each => each.containers?.[0]?.image?.replace(/^.*@/, ''))
}

/** The digest, or else the tag, of the image that the service is on. */
async function imageOfService({ world, ecs }: SimulatedWorld): Promise<string | undefined> {
  const revision = await world.fleet.describeTaskDefinition(ecs.services()[0]?.taskDefinition ?? '')
  return revision?.definition.containerDefinitions[0]?.image?.replace(/^.*\/acme\/web[@:]/, '')
}

describe('a before task', () => {
  test('has ended before the service is touched, also when an older push comes once more', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    const target = service({ before })
    const first = push('acme/web', '1.0.0')
    await deployed(first, target, simulated)
    const standing = ecs.services()[0]?.taskDefinition
    await deployImage(push('acme/web', '1.1.0', 'b', { 'local.before': 'exits 0 after 5m' }), config(target), world)
    await lookFor(minute, target, simulated)
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ number: 2, state: 'starting' })
    await deployImage(first, config(target), world)
    expect(ecs.services()[0]?.taskDefinition).toBe(standing)
  })

  test('that may run for an hour is not killed because AWS throttles one call after verify.within', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    const target = service({ before })
    await deployImage(push('acme/web', '1.1.0', 'b', { 'local.before': 'exits 0 after 30m' }), config(target), world)
    await lookFor(20 * minute, target, simulated)
    const throttled = () => Promise.reject(new RetryableError('ThrottlingException'))
    await carryOn(target, { ...world, fleet: { ...world.fleet, describeTasks: throttled } })
    await lookFor(30 * minute, target, simulated)
    const migration = ecs.tasks().find(each => each.startedBy?.startsWith('fg/'))
    expect(migration).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 0 }] })
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ number: 1, state: 'succeeded' })
  })
})

describe('one rollout at a time', () => {
  test('a job waits for one that was put on record between its read of the head and its claim', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock, ecs } = simulated
    const target = job({ tags: { kind: 'newest' } })
    const works = { 'local.behaviour': 'exits 0 after 10m' }
    const claiming = heldBefore('registerTaskDefinition')
    const first = deployImage(push('acme/nightly', 'n1', 'n1', works), config(target), gated(world, claiming.gate))
    await claiming.reached
    await clock.advance(2000)
    const late = heldBefore('put')
    const second = deployImage(push('acme/nightly', 'n2', 'n2', works), config(target), gated(world, late.gate))
    await late.reached
    claiming.letGo()
    await first
    late.letGo()
    await second
    await lookFor(2 * minute, target, simulated)
    expect(ecs.tasks().filter(each => each.desiredStatus === 'RUNNING')).toHaveLength(1)
  })
})

describe('what is gone back to', () => {
  test('when the first two images fail one after the other: what the service ran before Farguard came', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    const standing = ecs.services()[0]?.taskDefinition
    const target = service()
    await deployImage(push('acme/web', '1.0.0', 'a', crashes), config(target), world)
    await lookFor(minute, target, simulated)
    await deployed(push('acme/web', '1.1.0', 'b', crashes), target, simulated)
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ number: 2, state: 'rolled-back' })
    expect(ecs.services()[0]?.taskDefinition).toBe(standing)
  })

  test('is not the quarantined digest that ECS itself went back to', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    await withService(simulated, {
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    })
    const target = service()
    const good = push('acme/web', '1.0.0')
    await deployed(good, target, simulated)
    // ECS is content with it, since it runs for five seconds; Farguard is not.
    await deployed(push('acme/web', '1.1.0', 'b', crashes), target, simulated)
    expect(await imageOfService(simulated)).toBe(digestOf(good))
    await deployed(push('acme/web', '1.2.0', 'c', { 'local.behaviour': 'fails-to-start' }), target, simulated)
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ number: 3, state: 'rolled-back' })
    expect(await imageOfService(simulated)).toBe(digestOf(good))
  })

  test('when an image that ran well fails at an operator’s redeploy: copies of something still run', async () => {
    let isBroken = false
    const behaviour = () => (isBroken ? { kind: 'exits' as const, code: 1, afterMs: 5000 } : { kind: 'runs' as const })
    const simulated = simulatedWorld({ behaviour })
    const { push, world, clock } = simulated
    const target = task({ tags: { kind: 'semver', range: '^1' } })
    await deployed(push('acme/worker', '1.0.0'), target, simulated)
    await deployed(push('acme/worker', '1.1.0'), target, simulated)
    isBroken = true
    const wish = { do: 'deploy', repository: 'acme/worker', tag: '1.1.0' } as const
    const intent = { kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish } as const
    await carryOut(intent, config(target), world)
    await lookFor(minute, target, simulated)
    isBroken = false
    await finish(target, simulated)
    expect((await readTarget(world.table, 'worker')).newest).toMatchObject({ number: 3, state: 'rolled-back' })
    await swept(target, simulated)
    expect(digestsThatRun(simulated)).toHaveLength(1)
  })

  test('when the revision of what stands was deregistered meanwhile: its image runs on', async () => {
    const simulated = simulatedWorld()
    const { push, call, ecs } = simulated
    await withService(simulated)
    const target = service()
    const good = push('acme/web', '1.0.0')
    await deployed(good, target, simulated)
    await call('ecs', 'DeregisterTaskDefinition', { taskDefinition: ecs.services()[0]?.taskDefinition })
    await deployed(push('acme/web', '1.1.0', 'b', { 'local.behaviour': 'fails-to-start' }), target, simulated)
    await simulated.clock.advance(5 * minute)
    expect(digestsThatRun(simulated)).toEqual([digestOf(good)])
  })
})

describe('two at once', () => {
  test('a failure that a newer push overtakes before it is undone is quarantined all the same', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    const target = task({ tags: { kind: 'semver', range: '^1' } })
    const bad = push('acme/worker', '1.0.0', 'a', crashes)
    await deployImage(bad, config(target), world)
    await clock.advance(minute)
    const late = heldBefore('put')
    const second = deployImage(push('acme/worker', '1.1.0'), config(target), gated(world, late.gate))
    await late.reached
    const dies = dyingAt('put', 'after')
    await Promise.race([carryOn(target, gated(world, dies.gate)), dies.crashed])
    expect((await readTarget(world.table, 'worker')).newest).toMatchObject({ state: 'failed', todo: 'undo' })
    late.letGo()
    await second
    await finish(target, simulated)
    await swept(target, simulated)
    expect((await readTarget(world.table, 'worker')).head?.quarantine).toMatchObject([{ digest: digestOf(bad) }])
  })

  test('a push that read the target while the before task ran fences off what was started since', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    const standing = ecs.services()[0]?.taskDefinition
    const target = service({ before })
    await deployImage(push('acme/web', '1.0.0', 'a', crashes), config(target), world)
    await lookFor(2000, target, simulated)
    const { gate, reached, letGo } = heldBefore('describeImages')
    const late = deployImage(push('acme/web', '1.1.0', 'b', crashes), config(target), gated(world, gate))
    await reached
    await lookFor(2 * minute, target, simulated)
    await carryOn(target, world)
    expect((await readDeployment(world.table, 'web', 1))?.state).toBe('started')
    letGo()
    await late
    await finish(target, simulated)
    expect((await readDeployment(world.table, 'web', 1))?.state).toBe('superseded')
    expect(ecs.services()[0]?.taskDefinition).toBe(standing)
  })

  test('a rollback that is held up right before its call does not undo the push that came meanwhile', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    await withService(simulated)
    const target = service()
    await deployed(push('acme/web', '1.0.0'), target, simulated)
    await deployImage(push('acme/web', '1.1.0', 'b', crashes), config(target), world)
    await lookFor(14 * minute, target, simulated)
    await clock.advance(2 * minute)
    const { gate, reached, letGo } = heldBefore('updateService')
    const late = carryOn(target, gated(world, gate))
    await reached
    await carryOn(target, world)
    const newest = push('acme/web', '1.2.0')
    await deployImage(newest, config(target), world)
    letGo()
    await late
    await finish(target, simulated)
    await swept(target, simulated)
    expect(await imageOfService(simulated)).toBe(digestOf(newest))
  })

  test('a look that calls late and dies leaves the service on an older image only until the sweep', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    await withService(simulated)
    const target = service()
    const first = push('acme/web', '1.0.0')
    const dead = dyingAt('updateService', 'before')
    await Promise.race([deployImage(first, config(target), gated(world, dead.gate)), dead.crashed])
    const held = heldBefore('updateService')
    const dies = dyingAt('updateService', 'after')
    void carryOn(target, gated(gated(world, dies.gate), held.gate))
    await held.reached
    await clock.advance(2000)
    const newest = push('acme/web', '1.1.0')
    await deployed(newest, target, simulated)
    held.letGo()
    await dies.crashed
    await clock.advance(2 * minute)
    await swept(target, simulated)
    expect(await imageOfService(simulated)).toBe(digestOf(newest))
  })
})

describe('a deployment whose successor is given up before its start', () => {
  /** The newer push claims the head and dies there; its tag is gone when the event comes back. */
  async function givenUp(repository: string, tag: string, target: Target, { push, world, ecr }: SimulatedWorld) {
    const event = push(repository, tag)
    const dies = dyingAt('put', 'after')
    await Promise.race([deployImage(event, config(target), gated(world, dies.gate)), dies.crashed])
    ecr.batchDeleteImage({ repositoryName: repository, imageIds: [{ imageTag: tag }] })
    expect(await deployImage(event, config(target), world)).toMatchObject({ reason: 'image-gone' })
  }

  test('is still judged: copies that crash do not stay on record as under way', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    const target = task({ tags: { kind: 'semver', range: '^1' } })
    await deployed(push('acme/worker', '1.0.0'), target, simulated)
    const bad = push('acme/worker', '1.1.0', 'b', crashes)
    await deployImage(bad, config(target), world)
    await givenUp('acme/worker', '1.2.0', target, simulated)
    await clock.advance(2 * minute)
    await finish(target, simulated)
    await swept(target, simulated)
    expect((await readDeployment(world.table, 'worker', 2))?.state).toMatch(/rolled-back|failed|superseded/)
    expect((await readTarget(world.table, 'worker')).head?.quarantine).toMatchObject([{ digest: digestOf(bad) }])
  })

  test('is still judged: what came of a job that ran meanwhile goes on record', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    const target = job()
    const works = { 'local.behaviour': 'exits 0 after 5m' }
    await deployImage(push('acme/nightly', 'n1', 'n1', works), config(target), world)
    await lookFor(minute, target, simulated)
    await givenUp('acme/nightly', 'n2', target, simulated)
    await lookFor(10 * minute, target, simulated)
    await swept(target, simulated)
    expect(await readDeployment(world.table, 'nightly', 1)).toMatchObject({ state: 'succeeded' })
  })
})

describe('farguard.yml changed in the middle of a rollout', () => {
  test('from a service to a task, after the claim: whatever is started is on record as that, and does not run twice', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    await withService(simulated)
    const event = push('acme/web', '1.0.0')
    const dies = dyingAt('put', 'after')
    await Promise.race([deployImage(event, config(service()), gated(world, dies.gate)), dies.crashed])
    const now = task({ name: 'web', repository: 'acme/web', tags: { kind: 'semver', range: '^1' } })
    await finish(now, simulated)
    await deployImage(event, config(now), world)
    await finish(now, simulated)
    await swept(now, simulated)
    expect(digestsThatRun(simulated).filter(each => each === digestOf(event))).toHaveLength(1)
  })

  test('to another cluster, while copies start: none is left behind in either', async () => {
    const simulated = simulatedWorld()
    const { push, world, call } = simulated
    await call('ecs', 'CreateCluster', { clusterName: 'other', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] })
    const tags = { kind: 'semver' as const, range: '^1' }
    const event = push('acme/worker', '1.0.0')
    const dies = dyingAt('put', 'after')
    await Promise.race([deployImage(event, config(task({ tags })), gated(world, dies.gate)), dies.crashed])
    const now = task({ tags, cluster: 'other' })
    await finish(now, simulated)
    await deployImage(event, config(now), world)
    await finish(now, simulated)
    await swept(now, simulated)
    expect(digestsThatRun(simulated)).toHaveLength(1)
    const { newest } = await readTarget(world.table, 'worker')
    expect(newest).toMatchObject({ state: 'succeeded', where: { cluster: 'other' } })
  })

  test('to another service, while its before task runs: a bad image is taken back from that one', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    await simulated.createService('demo', 'web2', `${registryHost}/acme/web:0.9.0`)
    await simulated.clock.advance(2 * minute)
    const standing = ecs.services().find(each => each.serviceName === 'web2')?.taskDefinition
    await deployImage(
      push('acme/web', '1.0.0', 'a', { ...crashes, 'local.before': 'exits 0 after 2m' }),
      config(service({ before })),
      world,
    )
    const now = service({ before }, { service: 'web2' })
    await finish(now, simulated)
    await swept(now, simulated)
    expect(ecs.services().find(each => each.serviceName === 'web2')?.taskDefinition).toBe(standing)
  })

  test('from a job to a task: what is pushed then waits for the job that runs', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    const then = job({ name: 'worker', repository: 'acme/worker' })
    await deployImage(push('acme/worker', 'n1', 'n1', { 'local.behaviour': 'exits 0 after 10m' }), config(then), world)
    await lookFor(minute, then, simulated)
    const now = task()
    await lookFor(minute, now, simulated)
    await deployImage(push('acme/worker', 'n2'), config(now), world)
    await lookFor(minute, now, simulated)
    expect(digestsThatRun(simulated)).toHaveLength(1)
  })

  test('from a service to a task, while it is verified: the sweep starts the image there', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    await withService(simulated)
    const event = push('acme/web', '1.0.0')
    await deployImage(event, config(service()), world)
    await lookFor(10_000, service(), simulated)
    const now = task({ name: 'web', repository: 'acme/web', tags: { kind: 'semver', range: '^1' } })
    await finish(now, simulated)
    await swept(now, simulated)
    const { newest } = await readTarget(world.table, 'web')
    expect(newest).toMatchObject({ state: 'succeeded', where: { kind: 'task' } })
  })

  test('its cluster, after a newer push was claimed: what was verified before does not stay open', async () => {
    const simulated = simulatedWorld()
    const { push, world, call } = simulated
    await call('ecs', 'CreateCluster', { clusterName: 'other', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] })
    const tags = { kind: 'semver' as const, range: '^1' }
    await deployImage(push('acme/worker', '1.0.0'), config(task({ tags })), world)
    const dies = dyingAt('put', 'after')
    const second = push('acme/worker', '1.1.0')
    await Promise.race([deployImage(second, config(task({ tags })), gated(world, dies.gate)), dies.crashed])
    const now = task({ tags, cluster: 'other' })
    await finish(now, simulated)
    expect((await readDeployment(world.table, 'worker', 1))?.state).toBe('superseded')
    await swept(now, simulated)
    expect(digestsThatRun(simulated)).toEqual([digestOf(second)])
  })

  test('a smaller count: the sweep stops what is too many', async () => {
    const simulated = simulatedWorld()
    const { push } = simulated
    await deployed(push('acme/worker', 'v1'), task({}, { count: 4 }), simulated)
    await swept(task({}, { count: 2 }), simulated)
    expect(digestsThatRun(simulated)).toHaveLength(2)
  })

  test('its cluster, which is then deleted: the job that nobody saw end does not keep newer ones from running', async () => {
    const simulated = simulatedWorld()
    const { push, world, call, clock } = simulated
    await call('ecs', 'CreateCluster', { clusterName: 'other', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] })
    const works = { 'local.behaviour': 'exits 0 after 2m' }
    await deployImage(push('acme/nightly', 'n1', 'n1', works), config(job()), world)
    await clock.advance(2 * 60 * minute)
    const gone = () => new RefusedError('ClusterNotFoundException', 'Cluster not found.')
    const describeTasks: typeof world.fleet.describeTasks = (cluster, arns) =>
      cluster === 'demo' ? Promise.reject(gone()) : world.fleet.describeTasks(cluster, arns)
    const since = { ...world, fleet: { ...world.fleet, describeTasks } }
    const now = job({ cluster: 'other' })
    for (const tag of ['n2', 'n3']) {
      await deployImage(push('acme/nightly', tag, tag, works), config(now), since)
      await finish(now, { clock, world: since })
    }
    const { newest } = await readTarget(world.table, 'nightly')
    expect(newest).toMatchObject({ image: { tag: 'n3' }, state: 'succeeded' })
  })
})

describe('reads that lag', () => {
  test('a tag moved forth and back: the first deployment of its image, stopped by ECS, is not taken for the third', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    await withService(simulated)
    const target = service({ tags: { kind: 'exact', tag: 'live' } })
    const a = push('acme/web', 'live', 'a')
    await deployImage(a, config(target), world)
    await clock.advance(2000)
    await deployImage(push('acme/web', 'live', 'b'), config(target), world)
    await clock.advance(2000)
    const back = push('acme/web', 'live', 'a')
    const { revision } = (await readDeployment(world.table, 'web', 1)) ?? {}
    const seen = await world.fleet.serviceRollout('demo', 'web', revision?.arn ?? '', new Date(0))
    const until = clock.now().getTime() + 5 * minute
    const lagging: typeof world.fleet.serviceRollout = async (cluster, name, arn, since) =>
      arn === revision?.arn && clock.now().getTime() < until
        ? seen
        : world.fleet.serviceRollout(cluster, name, arn, since)
    const behind = { ...world, fleet: { ...world.fleet, serviceRollout: lagging } }
    await deployImage(back, config(target), behind)
    await finish(target, { clock, world: behind })
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ number: 3, state: 'succeeded' })
    expect(await imageOfService(simulated)).toBe(digestOf(a))
  })

  test('a copy whose end is on record is not taken for one that runs because DescribeTasks is behind', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock, ecs } = simulated
    const target = task()
    await deployed(push('acme/worker', 'v1'), target, simulated)
    const bad = push('acme/worker', 'v2', 'v2', { 'local.behaviour': 'exits 1 after 20s' })
    await deployImage(bad, config(target), world)
    const [arn = ''] = (await readTarget(world.table, 'worker')).newest?.attempts[0]?.outcome?.tasks ?? []
    const ofTask = () => ecs.tasks().find(each => each.taskArn === arn)
    while (ofTask()?.lastStatus !== 'RUNNING') await clock.advance(1000)
    const [seen] = await world.fleet.describeTasks('demo', [arn])
    while (ofTask()?.lastStatus !== 'STOPPED') await clock.advance(1000)
    const [stopped] = await world.fleet.describeTasks('demo', [arn])
    if (!seen || !stopped) throw new Error('ECS does not tell of the task')
    await writeTask(world.table, stopped, { config: config(target), from: 'event', at: clock.now().toISOString() })
    const describeTasks = async () => [seen]
    await carryOn(target, { ...world, fleet: { ...world.fleet, describeTasks } })
    await clock.advance(minute)
    await carryOn(target, { ...world, fleet: { ...world.fleet, describeTasks } })
    expect((await readTarget(world.table, 'worker')).newest?.state).not.toBe('succeeded')
  })
})

describe('operators', () => {
  const ask = (wish: Wish, id: string, at: Date) => ({
    kind: 'intent' as const,
    id,
    at: at.toISOString(),
    by: 'ada',
    wish,
  })

  /** The second image is under way: its before task runs. */
  async function underWay(simulated: SimulatedWorld, target: Target, tags: string[]) {
    const { push, world } = simulated
    await withService(simulated)
    for (const tag of tags) await deployed(push('acme/web', tag), target, simulated)
    const slow = { 'local.before': 'exits 0 after 5m' }
    await deployImage(push('acme/web', '1.9.0', 'slow', slow), config(target), world)
    await lookFor(minute, target, simulated)
  }

  test('who deploy what is being started already are told so, with its number or a reason', async () => {
    const simulated = simulatedWorld()
    const { world, clock } = simulated
    const target = service({ before })
    await underWay(simulated, target, ['1.0.0'])
    const wish = { do: 'deploy', repository: 'acme/web', tag: '1.9.0' } as const
    await carryOut(ask(wish, 'i1', clock.now()), config(target), world)
    const outcome = await readIntentOutcome(world.table, 'i1')
    expect(outcome?.deployments.length || outcome?.detail).toBeTruthy()
  })

  test('who roll back while the before task runs go back to what runs, not to what ran before that', async () => {
    const simulated = simulatedWorld()
    const { world, clock } = simulated
    const target = service({ before })
    await underWay(simulated, target, ['1.0.0', '1.1.0'])
    await carryOut(ask({ do: 'rollback', target: 'web' }, 'i1', clock.now()), config(target), world)
    await finish(target, simulated)
    expect((await readTarget(world.table, 'web')).head?.current.image.tag).toBe('1.1.0')
  })

  test('who put the service back by themselves, while copies crash, do not make the bad image a good one', async () => {
    const simulated = simulatedWorld()
    const { push, world, call, clock, ecs } = simulated
    await withService(simulated)
    const target = service()
    await deployed(push('acme/web', '1.0.0'), target, simulated)
    const standing = ecs.services()[0]?.taskDefinition
    await deployImage(push('acme/web', '1.1.0', 'b', crashes), config(target), world)
    await lookFor(3 * minute, target, simulated)
    await call('ecs', 'UpdateService', { cluster: 'demo', service: 'web', taskDefinition: standing })
    await clock.advance(minute)
    await finish(target, simulated)
    expect((await readTarget(world.table, 'web')).newest?.state).not.toBe('succeeded')
  })
})

describe('a service that Farguard set to 0 copies', () => {
  test.each([
    { case: 'died after its claim', dies: true },
    { case: 'was refused', dies: false },
  ])('gets them back also with the second image that mends it, when the first $case', async ({ dies }) => {
    const simulated = simulatedWorld()
    const { push, world, clock, ecs } = simulated
    const bad = push('acme/web', '1.0.0', 'a', crashes)
    await simulated.createService('demo', 'web', `${registryHost}/acme/web@${digestOf(bad)}`)
    const target = service()
    const wish = { do: 'deploy', repository: 'acme/web', tag: '1.0.0' } as const
    const intent = { kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish } as const
    await carryOut(intent, config(target), world)
    await finish(target, simulated)
    expect(ecs.services()[0]?.desiredCount).toBe(0)
    const first = push('acme/web', '1.0.1')
    const dead = dyingAt('put', 'after')
    const registerTaskDefinition = () => Promise.reject(new RefusedError('ClientException', 'Role is not valid'))
    if (dies) await Promise.race([deployImage(first, config(target), gated(world, dead.gate)), dead.crashed])
    else await deployImage(first, config(target), { ...world, fleet: { ...world.fleet, registerTaskDefinition } })
    const second = push('acme/web', '1.0.2')
    await deployImage(second, config(target), world)
    await lookFor(10 * minute, target, simulated)
    expect(digestsThatRun(simulated)).toEqual([digestOf(second)])
  })
})

describe('a copy that ended', () => {
  const target = task({ tags: { kind: 'semver', range: '^1' } }, { count: 2 })

  async function withOneGone(): Promise<SimulatedWorld> {
    const simulated = simulatedWorld()
    await deployed(simulated.push('acme/worker', '1.0.0'), target, simulated)
    await simulated.clock.advance(15 * minute)
    const [copy] = simulated.ecs.tasks().filter(({ startedBy }) => startedBy?.startsWith('fg/'))
    simulated.ecs.fail(copy?.taskArn ?? '', { exitCode: 1 })
    await simulated.clock.advance(minute)
    return simulated
  }

  test('is replaced once, at whichever call the sweep dies', { timeout: 120_000 }, async () => {
    for (const when of ['before', 'after'] as const)
      for (let at = 1; ; at++) {
        const simulated = await withOneGone()
        const { gate, crashed, calls } = crashingAt(at, when)
        await Promise.race([sweep(config(target), gated(simulated.world, gate), () => true), crashed])
        await swept(target, simulated)
        expect(digestsThatRun(simulated), `killed ${when} ${calls.at(-1)}, call ${at}`).toHaveLength(2)
        if (calls.length < at) break
      }
  })

  test('is replaced once by two sweeps at the same time', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a' as const, 'b' as const), { maxLength: 60 }), async turns => {
        const simulated = await withOneGone()
        const { a, b, ended } = interleaved(turns)
        const own = config(target)
        await Promise.all([
          sweep(own, gated(simulated.world, a), () => true).finally(() => ended('a')),
          sweep(own, gated(simulated.world, b), () => true).finally(() => ended('b')),
        ])
        await swept(target, simulated)
        expect(digestsThatRun(simulated)).toHaveLength(2)
      }),
      { numRuns: 30 },
    )
  })

  test('and a newer image that is pushed while the sweep replaces it: only the newer one’s copies run', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a' as const, 'b' as const), { maxLength: 60 }), async turns => {
        const simulated = await withOneGone()
        const { a, b, ended } = interleaved(turns)
        const own = config(target)
        const newer = simulated.push('acme/worker', '1.1.0')
        await Promise.all([
          sweep(own, gated(simulated.world, a), () => true).finally(() => ended('a')),
          deployImage(newer, own, gated(simulated.world, b)).finally(() => ended('b')),
        ])
        await finish(target, simulated)
        await swept(target, simulated)
        expect(digestsThatRun(simulated)).toEqual([digestOf(newer), digestOf(newer)])
      }),
      { numRuns: 30 },
    )
  })
})

describe('a parked service', () => {
  test('that is parked again while it is verified has its time anew when it wakes', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    await withService(simulated)
    const target = service()
    const count = (desired: number) => world.fleet.setDesiredCount('demo', 'web', desired)
    await count(0)
    await simulated.clock.advance(2 * minute)
    await deployImage(push('acme/web', '1.0.0'), config(target), world)
    await lookFor(10 * minute, target, simulated)
    await count(1)
    await carryOn(target, world)
    await count(0)
    await lookFor(60 * minute, target, simulated)
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ state: 'started' })
    await count(1)
    await finish(target, simulated)
    expect((await readTarget(world.table, 'web')).newest).toMatchObject({ state: 'succeeded' })
  })

  test('that Farguard itself set to 0 copies runs again with the image that mends it', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock, ecs } = simulated
    const bad = push('acme/web', '1.0.0', 'a', crashes)
    await simulated.createService('demo', 'web', `${registryHost}/acme/web@${digestOf(bad)}`)
    const target = service()
    const wish = { do: 'deploy', repository: 'acme/web', tag: '1.0.0' } as const
    const intent = { kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish } as const
    await carryOut(intent, config(target), world)
    await finish(target, simulated)
    expect(ecs.services()[0]?.desiredCount).toBe(0)
    const good = push('acme/web', '1.0.1')
    await deployImage(good, config(target), world)
    await lookFor(10 * minute, target, simulated)
    expect(digestsThatRun(simulated)).toEqual([digestOf(good)])
  })
})

describe('a deadline', () => {
  test('that ends while the copy that replaces what Spot took has just begun is no fault of the image', () => {
    const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 22, minutes)).toISOString()
    const copy = (arn: string, startedAt: string, health: string): TaskFact => ({
      arn,
      is: 'live',
      task: { arn, cluster: 'demo', version: 3, lastStatus: 'RUNNING', containers: [], startedAt, health },
    })
    const deployment = {
      startedAt: at(0),
      gone: [{ arn: 'old', at: at(14), how: 'spot-interrupted: AWS took it back', isNobodysFault: false }],
      revision: { arn: 'r', fingerprint: 'f', containers: { essential: ['app'], isHealthChecked: true } },
    } as Partial<Deployment> as Deployment
    const facts = [copy('a', at(1), 'HEALTHY'), copy('b', at(15), 'UNKNOWN')]
    const verdict = judgeCopies(deployment, task({}, { count: 2 }), facts, new Date(at(16)))
    expect(verdict).not.toMatchObject({ quarantines: true })
  })

  test('is kept also while ECS rolls back and comes to no end', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    await withService(simulated)
    const target = service()
    await deployed(push('acme/web', '1.0.0'), target, simulated)
    await deployImage(push('acme/web', '1.1.0', 'b', { 'local.behaviour': 'fails-to-start' }), config(target), world)
    const serviceRollout = async () => ({
      arn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/demo/web/abc',
      status: 'ROLLBACK_IN_PROGRESS',
    })
    const stuck = { ...world, fleet: { ...world.fleet, serviceRollout } }
    await lookFor(40 * minute, target, { ...simulated, clock, world: stuck })
    expect((await readTarget(world.table, 'web')).newest?.state).toMatch(/failed|rolled-back/)
  })

  test('is kept also where the cluster is gone with the copies that were verified', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    const target = task()
    await deployImage(push('acme/worker', 'v1'), config(target), world)
    const describeTasks = () => Promise.reject(new RefusedError('ClusterNotFoundException', 'Cluster not found.'))
    const gone = { ...world, fleet: { ...world.fleet, describeTasks } }
    await lookFor(40 * minute, target, { ...simulated, world: gone })
    expect((await readTarget(world.table, 'worker')).newest?.state).not.toBe('started')
  })
})

describe('records of the earlier schema', () => {
  /** As they were before rollouts were verified: `started` was the end, and what came later is on none of them. */
  async function asBefore(target: string, { world }: SimulatedWorld) {
    for (let number = 1; ; number++) {
      const found = await readDeployment(world.table, target, number)
      if (!found) return
      const { todo: _todo, succeededAt: _at, gone: _gone, retiredAt: _retired, revision, ...rest } = found
      const attempts = found.attempts.map(({ call, ...attempt }) => {
        const { was: _was, ...old } = call as typeof call & { was?: string }
        return { ...attempt, call: old as typeof call }
      })
      const { containers: _containers, ...old } = revision ?? { arn: '', fingerprint: '' }
      if (found.state !== 'succeeded') continue
      await writeDeployment(world.table, { ...rest, attempts, revision: old, state: 'started' })
      const sk = `DEPLOYMENT#${String(number).padStart(8, '0')}`
      const record = await world.table.get(`TARGET#${target}`, sk)
      if (record) await world.table.put({ ...record, schema: 1 }, 'any')
    }
  }

  test('a job that ended long ago has not failed, and no older image runs instead of it', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock, ecs } = simulated
    const target = job({ tags: { kind: 'semver', range: '^1' } })
    const works = { 'local.behaviour': 'exits 0 after 2m' }
    for (const tag of ['1.0.0', '1.2.0']) await deployed(push('acme/nightly', tag, tag, works), target, simulated)
    push('acme/nightly', '1.1.0', 'late', works)
    await asBefore('nightly', simulated)
    await clock.advance(30 * 60 * minute)
    const jobs = ecs.tasks().length
    await swept(target, simulated)
    await swept(target, simulated)
    expect(ecs.tasks().length - jobs).toBeLessThanOrEqual(0)
    expect((await readTarget(world.table, 'nightly')).newest?.state).not.toBe('failed')
  })

  test('copies that run, and those of the deployment before, end as one set of copies of the newest', async () => {
    const simulated = simulatedWorld()
    const { push, clock } = simulated
    const target = task({ tags: { kind: 'semver', range: '^1' } })
    await deployed(push('acme/worker', '1.0.0'), target, simulated)
    const newest = push('acme/worker', '1.1.0')
    await deployed(newest, target, simulated)
    await asBefore('worker', simulated)
    await clock.advance(30 * 60 * minute)
    await swept(target, simulated)
    expect(digestsThatRun(simulated)).toEqual([digestOf(newest)])
  })

  test('a service that runs since before goes on, and can be gone back to', async () => {
    const simulated = simulatedWorld()
    const { push, clock } = simulated
    await withService(simulated)
    const target = service()
    const good = push('acme/web', '1.0.0')
    await deployed(good, target, simulated)
    await asBefore('web', simulated)
    await clock.advance(100 * 24 * 60 * minute)
    await swept(target, simulated)
    await deployed(push('acme/web', '1.1.0', 'b', crashes), target, simulated)
    expect(await imageOfService(simulated)).toBe(digestOf(good))
  })
})

describe('what the first mending leaves', () => {
  test('a deployment given up while its before task runs: the next one waits for that task', async () => {
    const simulated = simulatedWorld()
    const { push, world, ecs } = simulated
    await withService(simulated)
    const target = service({ before })
    const slow = { 'local.before': 'exits 0 after 30m' }
    await deployImage(push('acme/web', '1.0.0', 'a', slow), config(target), world)
    await lookFor(minute, target, simulated)
    const describeService = async () => undefined
    await carryOn(target, { ...world, fleet: { ...world.fleet, describeService } })
    await deployImage(push('acme/web', '1.1.0', 'b', slow), config(target), world)
    await lookFor(2 * minute, target, simulated)
    const migrations = ecs.tasks().filter(each => each.startedBy?.startsWith('fg/') && each.desiredStatus === 'RUNNING')
    expect(migrations).toHaveLength(1)
  })

  test('a deployment that waits for a job: the second sweep in a row writes nothing', async () => {
    const simulated = simulatedWorld()
    const { push, world } = simulated
    const target = job()
    const works = { 'local.behaviour': 'exits 0 after 2h' }
    await deployImage(push('acme/nightly', 'n1', 'n1', works), config(target), world)
    await lookFor(minute, target, simulated)
    await deployImage(push('acme/nightly', 'n2', 'n2', works), config(target), world)
    await sweep(config(target), world, () => true)
    const writes: unknown[] = []
    const put: typeof world.table.put = (record, onlyIf) => {
      writes.push(record)
      return world.table.put(record, onlyIf)
    }
    await sweep(config(target), { ...world, table: { ...world.table, put } }, () => true)
    expect(writes).toEqual([])
  })

  test('a before task of a service that is deleted meanwhile: its rollout comes to an end all the same', async () => {
    const simulated = simulatedWorld()
    const { push, world, call, clock } = simulated
    await withService(simulated)
    const target = service({ before })
    await deployImage(push('acme/web', '1.0.0', 'a', { 'local.before': 'exits 0 after 5m' }), config(target), world)
    await lookFor(minute, target, simulated)
    await call('ecs', 'DeleteService', { cluster: 'demo', service: 'web', force: true })
    for (let sweeps = 0; sweeps < 5; sweeps++) {
      await clock.advance(20 * minute)
      await sweep(config(target), world, () => true)
    }
    expect((await readDeployment(world.table, 'web', 1))?.state).not.toBe('starting')
  })

  test('a before task that hangs and whose service is deleted is stopped at its time-out', async () => {
    const simulated = simulatedWorld()
    const { push, world, call, clock, ecs } = simulated
    await withService(simulated)
    const target = service({ before })
    await deployImage(push('acme/web', '1.0.0', 'a', { 'local.before': 'hangs' }), config(target), world)
    await lookFor(minute, target, simulated)
    await call('ecs', 'DeleteService', { cluster: 'demo', service: 'web', force: true })
    for (let sweeps = 0; sweeps < 5; sweeps++) {
      await clock.advance(20 * minute)
      await sweep(config(target), world, () => true)
    }
    expect(ecs.tasks().filter(each => each.startedBy?.startsWith('fg/') && each.desiredStatus === 'RUNNING')).toEqual(
      [],
    )
  })

  test('a bad image that an operator deploys anew while it is verified is quarantined all the same', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    const target = task({ tags: { kind: 'semver', range: '^1' } })
    await deployed(push('acme/worker', '1.0.0'), target, simulated)
    const bad = push('acme/worker', '1.1.0', 'b', crashes)
    await deployImage(bad, config(target), world)
    const wish = { do: 'deploy', repository: 'acme/worker', tag: '1.1.0' } as const
    const intent = { kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish } as const
    await carryOut(intent, config(target), world)
    await finish(target, simulated)
    const { head, newest } = await readTarget(world.table, 'worker')
    expect(newest).toMatchObject({ number: 3, state: 'rolled-back' })
    expect(head?.quarantine).toMatchObject([{ digest: digestOf(bad) }])
  })

  test('a job that fails while others wait for it, whose look dies then: its image is quarantined all the same', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    const target = job({ tags: { kind: 'semver', range: '^1' } })
    const bad = push('acme/nightly', '1.0.0', 'a', crashes)
    await deployImage(bad, config(target), world)
    const works = { 'local.behaviour': 'exits 0 after 1m' }
    for (const tag of ['1.1.0', '1.2.0'])
      await deployImage(push('acme/nightly', tag, tag, works), config(target), world)
    await clock.advance(2 * minute)
    const died = Promise.withResolvers<void>()
    const gate: Gate = async (_name, call) => {
      const answer = await call()
      if ((await readDeployment(world.table, 'nightly', 1))?.state !== 'failed') return answer
      died.resolve()
      return new Promise(() => {})
    }
    await Promise.race([carryOn(target, gated(world, gate)), died.promise])
    await finish(target, simulated)
    await swept(target, simulated)
    expect(await readDeployment(world.table, 'nightly', 1)).toMatchObject({ state: 'failed' })
    expect((await readTarget(world.table, 'nightly')).head?.quarantine).toMatchObject([{ digest: digestOf(bad) }])
  })

  test('setting a service to 0 copies, held up, does not stop the image that was pushed meanwhile', async () => {
    const simulated = simulatedWorld()
    const { push, world, clock } = simulated
    const bad = push('acme/web', '1.0.0', 'a', crashes)
    await simulated.createService('demo', 'web', `${registryHost}/acme/web@${digestOf(bad)}`)
    const target = service()
    const wish = { do: 'deploy', repository: 'acme/web', tag: '1.0.0' } as const
    const intent = { kind: 'intent', id: 'i1', at: clock.now().toISOString(), by: 'ada', wish } as const
    await carryOut(intent, config(target), world)
    await lookFor(14 * minute, target, simulated)
    await clock.advance(2 * minute)
    const { gate, reached, letGo } = heldBefore('setDesiredCount')
    const late = carryOn(target, gated(world, gate))
    await reached
    const good = push('acme/web', '1.0.1')
    await deployImage(good, config(target), world)
    await world.fleet.setDesiredCount('demo', 'web', 1)
    letGo()
    await late
    await lookFor(10 * minute, target, simulated)
    expect(digestsThatRun(simulated)).toEqual([digestOf(good)])
  })
})
