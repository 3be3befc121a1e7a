import { describe, expect, test } from 'vitest'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { RefusedError, type World } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { gated } from './gated-world.ts'
import { heldBefore } from './held.ts'
import { config, job, service } from './targets.ts'

test('a revision that is inactive again and again is said to be, and not registered for ever', async () => {
  const { world, push, calls } = simulatedWorld()
  const runTask = () => Promise.reject(new RefusedError('ClientException', 'TaskDefinition is inactive'))
  const fleet: World['fleet'] = { ...world.fleet, runTask }
  const event = push('acme/nightly', 'v1')
  expect(await deployImage(event, config(job()), { ...world, fleet })).toMatchObject({ reason: 'revision-inactive' })
  expect(calls.filter(name => name === 'ecs:RegisterTaskDefinition').length).toBeLessThanOrEqual(3)
})

describe('a push that was superseded', () => {
  test('by one that failed before it ran is deployed all the same', async () => {
    const { world, push, createService, ecs, clock } = simulatedWorld()
    await createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
    const good = push('acme/web', '1.2.0')
    await clock.advance(2000)
    const { gate, reached, letGo } = heldBefore('registerTaskDefinition')
    const late = deployImage(good, config(service()), gated(world, gate))
    await reached
    const registerTaskDefinition = () => Promise.reject(new RefusedError('ClientException', 'Role is not valid'))
    const refusing = { ...world, fleet: { ...world.fleet, registerTaskDefinition } }
    const bad = push('acme/web', '1.3.0')
    expect(await deployImage(bad, config(service()), refusing)).toMatchObject({ kind: 'permanent' })
    letGo()
    await late
    const revision = await world.fleet.describeTaskDefinition(ecs.services()[0]?.taskDefinition ?? '')
    expect(revision?.definition.containerDefinitions[0]?.image).toContain(good.detail['image-digest'])
  })
})
