import { describe, expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { gated } from './gated-world.ts'
import { dyingAt, heldBefore } from './held.ts'
import { config, service, task } from './targets.ts'

const live = service({ tags: { kind: 'exact', tag: 'live' } })

describe('exact: what the tag names now has the last word', () => {
  test('a push that looked its tag up before the tag moved on does not land after the newer one', async () => {
    const { world, push, createService, ecs } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    await deployImage(push('acme/web', 'live', 'a'), config(live), world)
    const b = push('acme/web', 'live', 'b')
    const { gate, reached, letGo } = heldBefore('query')
    const late = deployImage(b, config(live), gated(world, gate))
    await reached
    const c = push('acme/web', 'live', 'c')
    await deployImage(c, config(live), world)
    letGo()
    await late
    const { head, newest } = await readTarget(world.table, 'web')
    expect(head?.current.image.digest).toBe(c.detail['image-digest'])
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
  })

  test('a push that lost the race for the head looks its tag up again', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    await deployImage(push('acme/web', 'live', 'a'), config(live), world)
    const b = push('acme/web', 'live', 'b')
    const { gate, reached, letGo } = heldBefore('put')
    const late = deployImage(b, config(live), gated(world, gate))
    await reached
    const c = push('acme/web', 'live', 'c')
    await deployImage(c, config(live), world)
    letGo()
    await late
    const { head } = await readTarget(world.table, 'web')
    expect(head?.current.image.digest).toBe(c.detail['image-digest'])
  })

  test('a tag moved forth and back: the push forth that is held up does not undo the way back', async () => {
    const { world, push, createService } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:live`)
    const a = push('acme/web', 'live', 'a')
    await deployImage(a, config(live), world)
    const forth = push('acme/web', 'live', 'b')
    const { gate, reached, letGo } = heldBefore('put')
    const late = deployImage(forth, config(live), gated(world, gate))
    await reached
    expect(await deployImage(push('acme/web', 'live', 'a'), config(live), world)).toMatchObject({ kind: 'skipped' })
    letGo()
    await late
    const { head } = await readTarget(world.table, 'web')
    expect(head?.current.image.digest).toBe(a.detail['image-digest'])
  })
})

describe('the newer has the last word', () => {
  test('over a delivery held up before its UpdateService while its double finished the same deployment', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const older = push('acme/web', '1.1.0')
    await clock.advance(5000)
    const newer = push('acme/web', '1.2.0')
    const { gate, reached, letGo } = heldBefore('updateService')
    const late = deployImage(older, config(service()), gated(world, gate))
    await reached
    await deployImage(older, config(service()), world)
    await deployImage(newer, config(service()), world)
    letGo()
    await late
    const { newest } = await readTarget(world.table, 'web')
    expect(newest?.image.tag).toBe('1.2.0')
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
  })

  test('over a late call of a push that carried on what another tag of its digest had begun, and then died', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const first = push('acme/web', '1.1.0', 'same')
    const second = push('acme/web', 'v1.1.0', 'same')
    await clock.advance(5000)
    const newer = push('acme/web', '1.2.0')
    // The first dies with its call on record, before it is made; the second tag's push carries on, and is held up there.
    const died = dyingAt('updateService', 'before')
    await Promise.race([deployImage(first, config(service()), gated(world, died.gate)), died.crashed])
    const { gate, reached, letGo } = heldBefore('updateService')
    const answer = Promise.withResolvers<void>()
    void deployImage(
      second,
      config(service()),
      gated(world, (name, call) =>
        gate(name, async () => {
          const given = await call()
          if (name !== 'updateService') return given
          answer.resolve()
          return new Promise<never>(() => {})
        }),
      ),
    )
    await reached
    await deployImage(newer, config(service()), world)
    await deployImage(first, config(service()), world)
    letGo()
    await answer.promise
    await deployImage(second, config(service()), world)
    const { newest } = await readTarget(world.table, 'web')
    expect(newest?.image.tag).toBe('1.2.0')
    expect(ecs.services()[0]?.taskDefinition).toBe(newest?.revision?.arn)
  })
})

describe('copies that nobody counts', () => {
  test('of a deployment that the same event overtook, its tag having moved, are stopped', async () => {
    const { world, push, ecs } = simulatedWorld()
    const target = task({ tags: { kind: 'exact', tag: 'live' } })
    const b = push('acme/worker', 'live', 'b')
    const died = dyingAt('runTask', 'after')
    await Promise.race([deployImage(b, config(target), gated(world, died.gate)), died.crashed])
    const c = push('acme/worker', 'live', 'c')
    await deployImage(b, config(target), world)
    await deployImage(c, config(target), world)
    await deployImage(b, config(target), world)
    const { newest } = await readTarget(world.table, 'worker')
    const wanted = ecs.tasks().filter(each => each.desiredStatus === 'RUNNING')
    expect(wanted.map(each => each.startedBy)).toEqual([`fg/worker/${newest?.id}01`])
  })
})
