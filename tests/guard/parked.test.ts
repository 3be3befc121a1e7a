/** What becomes of what is parked, while farguard.yml, budgets and people go on. */
import { expect, test } from 'vitest'
import type { Config, Guard } from '../../shared/config/config.ts'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readSavings } from '../../shared/guard/records.ts'
import type { AwsBudget, GuardWorld } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const hours = '{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }'
const guarded = (rules = hours) =>
  `guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [${rules}] }`
const overspent = `budgets: { team: { aws: team, covers: all, steps: [{ at: 120% of actual, do: stop all }] } }\n`

/** Services that are parked for the night. */
async function asleep(config: Config, ...names: string[]) {
  const simulated = simulatedWorld({ at: '2026-03-02T20:00:00Z', behaviour: () => ({ kind: 'runs' }) })
  const { clock, ecs } = simulated
  simulated.push('acme/web', '1.0.0')
  for (const name of names) await simulated.createService('demo', name, `${registryHost}/acme/web:1.0.0`)
  const found: AwsBudget = { type: 'COST', unit: 'USD', timeUnit: 'MONTHLY', limit: 100, actual: 50, health: 'HEALTHY' }
  const said = { found }
  const world: GuardWorld = {
    ...simulated.world,
    budgets: { read: async (_, asked) => asked.map(name => ({ name, ...said })) },
  }
  const look = async (by = config) => {
    const run = await guard('schedule', by, world, means)
    if ('skipped' in run) throw new Error(run.skipped)
    await clock.advance(15 * minute)
    return run
  }
  await clock.advance(5 * minute)
  expect((await look()).stopped).toHaveLength(names.length)
  const counts = () => ecs.services().map(({ desiredCount }) => desiredCount)
  const reasons = async (name: string) =>
    (await findParked(world.table, `service:demo/${name}`))?.reasons.map(({ reason }) => reason)
  return { ...simulated, world, said, look, counts, reasons, to: (at: string) => clock.advanceTo(Date.parse(at)) }
}

// They woke with their hours, on a figure that had acted at night, when nothing of them ran.
test('a budget that stops all holds what was off hours then, but what is critical, protected or kept', async () => {
  const config = writtenConfig(
    overspent +
      guarded(`${hours}, { for: service:critical, importance: critical }, { for: service:other, hours: none }`),
  )
  const { said, look, counts, reasons, to, clock, world } = await asleep(config, 'critical', 'kept', 'web')
  const until = '2026-03-03T12:00:00.000Z'
  const kept = { workload: 'service:demo/kept', until, by: 'ada', because: 'demo' }
  const at = clock.now().toISOString()
  await world.table.put({ pk: 'KEEP', sk: kept.workload, schema: 1, version: 1, at, ...kept }, 'any')
  said.found = { ...said.found, actual: 121 }
  await look()
  await look()
  expect(await reasons('web')).toEqual(['off-hours', 'over-budget'])
  await to('2026-03-03T07:05:00Z')
  await look()
  expect(counts()).toEqual([1, 1, 0])
  expect(await reasons('web')).toEqual(['over-budget'])
  // The night that its month ends in.
  await to('2026-04-01T00:05:00Z')
  await look()
  expect(await reasons('web')).toEqual(['off-hours'])
  await to('2026-04-01T07:05:00Z')
  await look()
  expect(counts()[2]).toBe(1)
})

test('what was deleted while it was parked is so no more, and saves nothing more', async () => {
  const { look, call, world, clock } = await asleep(writtenConfig(guarded()), 'web', 'till')
  await call('ecs', 'DeleteService', { cluster: 'demo', service: 'web' })
  await clock.advance(10 * minute)
  const run = await look()
  expect(run.problems).toEqual(['service web in demo: the service is gone'])
  expect(await findParked(world.table, 'service:demo/web')).toMatchObject({ state: 'over', ended: { how: 'gone' } })
  expect(await findParked(world.table, 'service:demo/till')).toMatchObject({ state: 'parked' })
  const isEnded = new Map((await readSavings(world.table)).map(({ workload, to }) => [workload, to !== undefined]))
  expect(Object.fromEntries(isEnded)).toEqual({ 'service:demo/till': false, 'service:demo/web': true })
})

test('it comes back with its hours where farguard.yml names its cluster no more', async () => {
  const { look, counts, to } = await asleep(writtenConfig(guarded()), 'web')
  const bare = writtenConfig(guarded())
  const elsewhere: Config = { ...bare, targets: [], guard: { ...(bare.guard as Guard), clusters: ['other'] } }
  await look(elsewhere)
  expect(counts()).toEqual([0])
  await to('2026-03-03T07:05:00Z')
  expect(await look(elsewhere)).toMatchObject({ woken: [{ workload: 'service:demo/web' }] })
  expect(counts()).toEqual([1])
})

test('where the guard only observes, nothing new holds it', async () => {
  const config =
    writtenConfig(`budgets: { day: { limit: $0.01 a day, covers: all, steps: [{ at: 100% of actual, do: stop all }] } }
${guarded('{ for: service:other, hours: Mon-Fri 07:00 - 20:00 UTC }')}`)
  // Less than farguard.yml takes: what five minutes cost.
  const budgets = config.budgets.map(each => ({ ...each, limit: { from: 'own', usd: 0.001, per: 'day' } as const }))
  const { look, counts, reasons, to } = await asleep({ ...config, budgets }, 'web')
  expect(await reasons('web')).toEqual(['over-budget'])
  await to('2026-03-03T00:05:00Z')
  const observing = writtenConfig(guarded())
  await look({ ...observing, guard: { ...(observing.guard as Guard), mode: 'observe' } })
  expect(counts()).toEqual([1])
})
