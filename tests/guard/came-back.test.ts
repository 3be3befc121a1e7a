/** What somebody brings back: what was saved by then, and what is theirs from then on. */
import { expect, test } from 'vitest'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readSavings } from '../../shared/guard/records.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { crashingAt, gated } from '../deploy/gated-world.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const id = 'service:demo/web'
const night = writtenConfig(
  'guard: { mode: enforce, clusters: [demo], minimumAge: 0s, limits: none, rules: [{ for: all, hours: Mon-Fri 07:00 - 20:00 UTC }] }',
)

/** Parked at 20:05, and brought back at 20:35. */
async function broughtBack() {
  const simulated = simulatedWorld({ at: '2026-03-02T20:00:00Z', behaviour: () => ({ kind: 'runs' }) })
  const { world, clock, call } = simulated
  simulated.push('acme/web', '1.0.0')
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
  await call('application-autoscaling', 'RegisterScalableTarget', {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: 'service/demo/web',
    MinCapacity: 1,
    MaxCapacity: 4,
  })
  const look = async (by: GuardWorld = world) => {
    await guard('schedule', night, by, means)
    await clock.advance(5 * minute)
  }
  const bringBack = async () => {
    await world.fleet.setDesiredCount('demo', 'web', 1)
    await clock.advance(5 * minute)
  }
  await clock.advance(5 * minute)
  await look()
  await clock.advance(25 * minute)
  await bringBack()
  return { ...simulated, look, bringBack }
}

const spans = async ({ table }: GuardWorld) =>
  (await readSavings(table)).map(({ from, to }) => `${from.slice(11, 16)} ${to?.slice(11, 16)}`)

test.each([
  { case: 'once it was seen to run', pk: 'SAVED', state: 'parked' },
  { case: 'at the last moment', pk: 'PARKED', state: 'parking' },
])(
  'it saved until it was seen to run, also where it is kept $case and not stopped once more',
  async ({ pk, state }) => {
    const { world, clock, look, ecs } = await broughtBack()
    const { table } = world
    const keeping: GuardWorld['table'] = {
      ...table,
      async put(record, onlyIf) {
        const [at, until] = [clock.now().toISOString(), '2026-03-02T22:00:00.000Z']
        const kept = { workload: id, until, by: 'ada', because: 'demo' }
        if (record.pk === pk) await table.put({ pk: 'KEEP', sk: id, schema: 1, version: 1, at, ...kept }, 'any')
        return table.put(record, onlyIf)
      },
    }
    await look({ ...world, table: keeping })
    expect(await findParked(table, id)).toMatchObject({ state })
    await clock.advance(30 * minute)
    await look()
    expect(await findParked(table, id)).toMatchObject({ state: 'over' })
    expect(ecs.services()[0]?.desiredCount).toBe(1)
    expect(await spans(world)).toEqual(['20:05 20:40'])
  },
)

test('it is counted once, whenever a run dies that stops it once more', { timeout: 30_000 }, async () => {
  for (let last = 1; last <= 16; last++) {
    const { world, clock, look } = await broughtBack()
    const dry = crashingAt(Number.POSITIVE_INFINITY, 'before')
    const counted = await broughtBack()
    await counted.look(gated(counted.world, dry.gate))
    const { gate, crashed } = crashingAt(dry.calls.length - last, 'after')
    await Promise.race([guard('schedule', night, gated(world, gate), means), crashed])
    const froms = (await readSavings(world.table)).map(({ from }) => from)
    expect(froms, `${last} before its end`).toEqual([...new Set(froms)])
    await clock.advance(20 * minute)
    await look()
    expect((await spans(world))[0], `${last} before its end`).toBe('20:05 20:40')
  }
})

test('once it is left alone, what scales it is as somebody wants it', async () => {
  const { world, clock, look, bringBack } = await broughtBack()
  await look()
  await bringBack()
  await look()
  expect(await findParked(world.table, id)).toMatchObject({ state: 'left' })
  const suspended = { in: true, out: true, scheduled: true }
  await world.scaling.suspend('demo', 'web', suspended)
  await clock.advanceTo(Date.parse('2026-03-03T07:10:00Z'))
  await look()
  expect(await findParked(world.table, id)).toMatchObject({ state: 'over' })
  expect((await world.scaling.targetsOf('demo', ['web'])).get('web')?.suspended).toEqual(suspended)
})
