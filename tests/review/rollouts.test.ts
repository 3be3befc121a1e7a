/** Rollouts on inputs that their authors did not think of: each test says what should hold. */
import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { carryOn } from '../../shared/deploy/advance.ts'
import { carryOut } from '../../shared/deploy/carry-out.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { RetryableError } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { gated } from '../deploy/gated-world.ts'
import { dyingAt, heldBefore } from '../deploy/held.ts'
import { finish } from '../deploy/rollouts.ts'
import { config, job, service, task } from '../deploy/targets.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'

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
