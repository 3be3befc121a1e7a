/** A step on AWS's figure acts once on each, and not never: what kept it from acting does not use it up. */
import { expect, test } from 'vitest'
import { type Budget, bareConfig, type Config, type Guard, type Selector } from '../../shared/config/config.ts'
import { guard } from '../../shared/guard/guard.ts'
import { type AwsBudget, type GuardWorld, RefusedError, RetryableError } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const ofService = (name: string): Selector => ({ by: 'service', name })

function written(step: Budget['steps'][number], covers: Selector[], more: Partial<Guard> = {}): Config {
  const rules = [{ for: ofService('stuck'), label: 'service:stuck', maxLifetimeMs: 10 * minute }]
  return {
    ...bareConfig,
    budgets: [{ name: 'team', limit: { from: 'aws', budget: 'team' }, covers, steps: [step] }],
    guard: {
      mode: 'enforce',
      clusters: ['demo'],
      everyMinutes: 15,
      report: { hour: 2, minute: 0, timeZone: 'UTC' },
      minimumAgeMs: 0,
      graceMs: 0,
      allowUnrestorable: false,
      rules,
      ...more,
    },
  }
}

const stopAll = { label: '120% of actual', percent: 120, of: 'actual', do: 'stop-all' } as const
const stopToFit = { label: '100% of actual', percent: 100, of: 'actual', do: 'stop-to-fit' } as const

/** AWS says 121 of 100 dollars, all the time. */
async function overspent(...names: string[]) {
  const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
  simulated.push('acme/web', '1.0.0')
  const serve = (name: string) => simulated.createService('demo', name, `${registryHost}/acme/web:1.0.0`)
  for (const name of names) await serve(name)
  await simulated.clock.advance(20 * minute)
  const found: AwsBudget = {
    type: 'COST',
    unit: 'USD',
    timeUnit: 'MONTHLY',
    limit: 100,
    actual: 121,
    health: 'HEALTHY',
  }
  const said = { found }
  const { fleet } = simulated.world
  const world: GuardWorld = {
    ...simulated.world,
    fleet: { ...fleet },
    budgets: { read: async (_, asked) => asked.map(name => ({ name, ...said })) },
  }
  const look = async (config: Config) => {
    const run = await guard('schedule', config, world, means)
    await simulated.clock.advance(15 * minute)
    if ('skipped' in run) throw new Error(run.skipped)
    return run.stopped.map(({ workload }) => workload)
  }
  return { ...simulated, world, fleet, serve, said, look }
}

test('a budget that was unhealthy acts on its figure once AWS says that it is well', async () => {
  const { said, look } = await overspent('shop')
  const config = written(stopAll, [ofService('shop')])
  said.found = { ...said.found, health: 'UNHEALTHY' }
  expect(await look(config)).toEqual([])
  said.found = { ...said.found, health: 'HEALTHY' }
  expect(await look(config)).toEqual(['service:demo/shop'])
})

test('what fails for another reason does not let it act on the same figure again and again', async () => {
  const { world, fleet, serve, clock, look } = await overspent('shop', 'stuck')
  world.fleet.setDesiredCount = async (cluster, name, count) => {
    if (name === 'stuck') throw new RefusedError('AccessDeniedException', 'no ecs:UpdateService')
    return fleet.setDesiredCount(cluster, name, count)
  }
  const config = written(stopAll, [ofService('shop'), ofService('till')])
  expect(await look(config)).toEqual(['service:demo/shop'])
  await serve('till')
  await clock.advance(20 * minute)
  expect(await look(config)).toEqual([])
})

test('what it covers and could not stop is tried on the same figure', async () => {
  const { world, fleet, look } = await overspent('shop')
  const config = written(stopAll, [ofService('shop')])
  world.fleet.setDesiredCount = () => Promise.reject(new RetryableError('throttled'))
  expect(await look(config)).toEqual([])
  world.fleet.setDesiredCount = fleet.setDesiredCount
  expect(await look(config)).toEqual(['service:demo/shop'])
})

test('a projection that is not known for one run does not use up the step', async () => {
  const { world, fleet, look, call, said } = await overspent('shop')
  said.found = { ...said.found, limit: 5, actual: 6.05 }
  await call('ecs', 'CreateCluster', { clusterName: 'other' })
  const config = written(stopToFit, [{ by: 'all' }], { clusters: ['demo', 'other'] })
  world.fleet.describeCluster = name =>
    name === 'other' ? Promise.reject(new RetryableError('throttled')) : fleet.describeCluster(name)
  expect(await look(config)).toEqual([])
  world.fleet.describeCluster = fleet.describeCluster
  expect(await look(config)).toEqual(['service:demo/shop'])
})
