import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readDeployment, readTarget } from '../../shared/deploy/records.ts'
import { RefusedError } from '../../shared/ports.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type Gate, gated } from './gated-world.ts'
import { dyingAt, heldBefore } from './held.ts'
import { finish } from './rollouts.ts'
import { config, service, task } from './targets.ts'

const exactly = { tags: { kind: 'exact' as const, tag: 'live' } }

/** Handled until the process dies there. */
async function dying(event: EcrImageAction, target: Target, { world }: SimulatedWorld, at: ReturnType<typeof dyingAt>) {
  await Promise.race([deployImage(event, config(target), gated(world, at.gate)), at.crashed])
}

function runningOf({ ecs }: SimulatedWorld): (string | undefined)[] {
  return ecs
    .tasks()
    .filter(each => each.desiredStatus === 'RUNNING' && each.startedBy?.startsWith('fg/'))
    .map(each => each.startedBy)
}

describe('who dies while putting right', () => {
  test('after the older was marked superseded: its copies are stopped all the same', async () => {
    const simulated = simulatedWorld()
    const { world, push } = simulated
    const target = task(exactly, { count: 2 })
    const a = push('acme/worker', 'live', 'a')
    await dying(a, target, simulated, dyingAt('runTask', 'after'))
    const b = push('acme/worker', 'live', 'b')
    await dying(b, target, simulated, dyingAt('put', 'after', 2))
    await deployImage(a, config(target), world)
    await deployImage(b, config(target), world)
    const { newest } = await readTarget(world.table, 'worker')
    expect(runningOf(simulated)).toEqual([`fg/worker/${newest?.id}01`, `fg/worker/${newest?.id}01`])
  })

  test('after its start was put on record as failed: its copies are stopped when the event comes back', async () => {
    const simulated = simulatedWorld()
    const { world, push } = simulated
    const target = task({}, { count: 20 })
    const event = push('acme/worker', 'v1')
    let asked = 0
    const fleet: typeof world.fleet = {
      ...world.fleet,
      runTask: request =>
        ++asked === 2
          ? Promise.reject(new RefusedError('InvalidParameterException', 'not now'))
          : world.fleet.runTask(request),
    }
    await dying(event, target, { ...simulated, world: { ...world, fleet } }, dyingAt('stopTask', 'before'))
    expect((await readTarget(world.table, 'worker')).newest?.state).toBe('failed')
    expect(await deployImage(event, config(target), world)).toMatchObject({ kind: 'done' })
    expect(runningOf(simulated)).toHaveLength(20)
  })

  test.each(['lives on', 'dies'])(
    'a still newer push is not undone by who puts right an older one, and %s',
    async then => {
      const simulated = simulatedWorld()
      const { world, push, createService, ecs, clock } = simulated
      await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
      const first = push('acme/web', '1.1.0')
      await clock.advance(2000)
      const second = push('acme/web', '1.2.0')
      await clock.advance(2000)
      const third = push('acme/web', '1.3.0')
      // The first calls late; what it puts right is held up once more, until the third is through.
      const late = twiceHeldBefore('updateService', then === 'dies')
      const outcome = deployImage(first, config(service()), gated(world, late.gate))
      await late.reached[0]
      await deployImage(second, config(service()), world)
      late.letGo[0]()
      await late.reached[1]
      await deployImage(third, config(service()), world)
      late.letGo[1]()
      await Promise.race([outcome, late.died])
      if (then === 'dies') await deployImage(first, config(service()), world)
      const { newest } = await readTarget(world.table, 'web')
      expect(newest?.image.tag).toBe('1.3.0')
      expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
    },
  )
})

describe('a tag that moves back while a push forth is held up before its claim', () => {
  test('to what the service ran before Farguard', async () => {
    const { world, push, createService, ecr, ecs } = simulatedWorld()
    const a = push('acme/web', 'live', 'a')
    await createService('demo', 'web', `${registryHost}/acme/web@${a.detail['image-digest']}`)
    const before = ecs.services()[0]?.taskDefinition
    const forth = push('acme/web', 'live', 'b')
    const { gate, reached, letGo } = heldBefore('put')
    const late = deployImage(forth, config(service(exactly)), gated(world, gate))
    await reached
    await deployImage(push('acme/web', 'live', 'a'), config(service(exactly)), world)
    letGo()
    await late
    expect(ecr.digestOf(`${registryHost}/acme/web:live`)).toBe(a.detail['image-digest'])
    expect(ecs.services()[0]?.taskDefinition).toBe(before)
  })

  test('to what stands since the push between failed', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    await deployImage(push('acme/web', 'live', 'a'), config(service(exactly)), world)
    const standing = ecs.services()[0]?.taskDefinition
    const updateService = () => Promise.reject(new RefusedError('InvalidParameterException', 'Not this one'))
    const refusing = { ...world, fleet: { ...world.fleet, updateService } }
    await deployImage(push('acme/web', 'live', 'b'), config(service(exactly)), refusing)
    const forth = push('acme/web', 'live', 'c')
    const { gate, reached, letGo } = heldBefore('put')
    const late = deployImage(forth, config(service(exactly)), gated(world, gate))
    await reached
    await deployImage(push('acme/web', 'live', 'a'), config(service(exactly)), world)
    letGo()
    await late
    expect(ecs.services()[0]?.taskDefinition).toBe(standing)
  })
})

test('a call that comes late while the newest is not on record yet, which then fails, does not stay', async () => {
  const { world, push, createService, ecs, clock } = simulatedWorld()
  await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
  await deployImage(push('acme/web', '1.1.0'), config(service()), world)
  await finish(service(), { clock, world })
  const second = push('acme/web', '1.2.0')
  const { gate, reached, letGo } = heldBefore('updateService')
  const late = deployImage(second, config(service()), gated(world, gate))
  await reached
  const registerTaskDefinition = async () => {
    letGo()
    await late
    throw new RefusedError('ClientException', 'Role is not valid')
  }
  const refusing = { ...world, fleet: { ...world.fleet, registerTaskDefinition } }
  await clock.advance(2000)
  expect(await deployImage(push('acme/web', '1.3.0'), config(service()), refusing)).toMatchObject({ kind: 'permanent' })
  const standing = (await listDeployments(world.table, 'web', 10)).find(each => each.state === 'succeeded')
  expect(standing?.image.tag).toBe('1.1.0')
  expect(ecs.services()[0]?.taskDefinition).toBe(standing?.revision?.arn)
})

test('a claim that eleven newer ones followed before it went on record is fenced off, too', async () => {
  const { world, push, createService, ecs } = simulatedWorld()
  await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
  const { gate, reached, letGo } = heldBefore('registerTaskDefinition')
  const late = deployImage(push('acme/web', '1.1.0'), config(service()), gated(world, gate))
  await reached
  for (let minor = 2; minor <= 12; minor++) {
    const died = dyingAt('put', 'after')
    const event = push('acme/web', `1.${minor}.0`)
    await Promise.race([deployImage(event, config(service()), gated(world, died.gate)), died.crashed])
  }
  const newest = push('acme/web', '1.13.0')
  await deployImage(newest, config(service()), world)
  expect(await readDeployment(world.table, 'web', 1)).toMatchObject({ state: 'superseded' })
  letGo()
  await late
  await deployImage(newest, config(service()), world)
  const known = await readTarget(world.table, 'web')
  expect(known.newest?.image.tag).toBe('1.13.0')
  expect(ecs.services()[0]?.taskDefinition).toBe(known.newest?.revision?.arn)
})

/** Held up before the first call of that name, and before the second; `dies`: right after that one. */
function twiceHeldBefore(name: string, dies: boolean) {
  const [first, second] = [heldBefore(name), heldBefore(name)]
  const end = dyingAt(name, 'after', dies ? 2 : Number.POSITIVE_INFINITY)
  let calls = 0
  const gate: Gate = (called, call) => {
    if (called === name) calls++
    const held = calls < 2 ? first : second
    return held.gate(called, () => end.gate(called, call))
  }
  return {
    gate,
    reached: [first.reached, second.reached] as const,
    letGo: [first.letGo, second.letGo] as const,
    died: end.crashed,
  }
}
