/** What looks lead to, and what ECS has rolled back already. */
import { expect, test } from 'vitest'
import { carryOn } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { finish } from './rollouts.ts'
import { config, service, task } from './targets.ts'

test('a look that was for an overtaken deployment leads to no other look', async () => {
  const { world, push, sent } = simulatedWorld()
  const target = task({ tags: { kind: 'semver', range: '^1' } })
  await deployImage(push('acme/worker', '1.0.0'), config(target), world)
  await deployImage(push('acme/worker', '1.1.0'), config(target), world)
  expect(sent.map(({ message }) => message)).toMatchObject([{ deployment: 1 }, { deployment: 2 }])
  await carryOut({ kind: 'look', target: 'worker', deployment: 1 }, config(target), world)
  expect(sent).toHaveLength(2)
  await carryOut({ kind: 'look', target: 'worker', deployment: 2 }, config(target), world)
  expect(sent.slice(2).map(({ message }) => message)).toMatchObject([{ deployment: 2 }])
})

test('a look at an unknown target, or at one that nothing was deployed to, does nothing', async () => {
  const { world, calls } = simulatedWorld()
  for (const target of ['nothing', 'worker'])
    expect(await carryOut({ kind: 'look', target, deployment: 1 }, config(task()), world)).toMatchObject({
      kind: 'skipped',
    })
  expect(calls).toEqual([])
})

test('what ECS has rolled back is not rolled back again by a read that shows it where it was', async () => {
  const simulated = simulatedWorld()
  const { world, push, clock, calls } = simulated
  const target = service()
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:0.9.0`, {
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
  })
  await deployImage(push('acme/web', '1.0.0'), config(target), world)
  await finish(target, simulated)
  await deployImage(push('acme/web', '1.1.0', 'bad', { 'local.behaviour': 'fails-to-start' }), config(target), world)
  const stale = await world.fleet.describeService('demo', 'web')
  const rollout = async () =>
    world.fleet.serviceRollout('demo', 'web', stale?.revision ?? '', new Date(clock.now().getTime() - 3_600_000))
  while ((await rollout())?.status !== 'ROLLBACK_SUCCESSFUL') await clock.advance(5_000)
  calls.length = 0
  const behind = { ...world, fleet: { ...world.fleet, describeService: async () => stale } }
  await carryOn(target, behind)
  expect((await readTarget(world.table, 'web')).newest).toMatchObject({ state: 'rolled-back', undone: { by: 'ecs' } })
  expect(calls).not.toContain('ecs:UpdateService')
})
