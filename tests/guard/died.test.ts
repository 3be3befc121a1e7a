/** A guard run that dies, or that somebody undoes while it acts: whatever the moment, records and ECS come to say the same. */
import { describe, expect, test } from 'vitest'
import { bareConfig, type Config, type Guard } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readSavings } from '../../shared/guard/records.ts'
import { undoWorkload } from '../../shared/guard/undo.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { crashingAt, type Gate, gated } from '../deploy/gated-world.ts'
import { finish } from '../deploy/rollouts.ts'
import { task } from '../deploy/targets.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'

const minute = 60_000
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
const who = { by: 'ada', because: 'needed' }

const enforcing: Guard = {
  mode: 'enforce',
  clusters: ['demo'],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 0,
  graceMs: 0,
  allowUnrestorable: false,
  rules: [{ for: { by: 'all' }, label: 'all', maxLifetimeMs: 10 * minute }],
}

const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: true }
const worker = task({ name: 'worker', repository: 'acme/worker', tags: { kind: 'newest' } }, { count: 2, network })

interface Kind {
  id: string
  /** How many copies it has before the run that stops it. */
  count: number
  config: Config
  prepare(): Promise<SimulatedWorld>
}

const scalable = {
  ServiceNamespace: 'ecs',
  ScalableDimension: 'ecs:service:DesiredCount',
  ResourceId: 'service/demo/web',
}

const kinds: Record<string, Kind> = {
  service: {
    id: 'service:demo/web',
    count: 2,
    config: { ...bareConfig, guard: enforcing },
    async prepare() {
      const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
      simulated.push('acme/web', '1.0.0')
      await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`, { desiredCount: 2 })
      await simulated.call('application-autoscaling', 'RegisterScalableTarget', {
        ...scalable,
        MinCapacity: 1,
        MaxCapacity: 4,
      })
      await simulated.world.scaling.suspend('demo', 'web', { in: true, out: false, scheduled: false })
      await simulated.clock.advance(20 * minute)
      return simulated
    },
  },
  'service that has come back': {
    id: 'service:demo/web',
    count: 3,
    config: { ...bareConfig, guard: enforcing },
    async prepare() {
      const simulated = await kinds.service?.prepare()
      if (!simulated) throw new TypeError('no service')
      await guard('schedule', { ...bareConfig, guard: enforcing }, simulated.world, means)
      await simulated.clock.advance(5 * minute)
      await simulated.world.fleet.setDesiredCount('demo', 'web', 3)
      await simulated.clock.advance(20 * minute)
      return simulated
    },
  },
  copies: {
    id: 'target:worker',
    count: 2,
    config: { ...bareConfig, targets: [worker], guard: enforcing },
    async prepare() {
      const simulated = simulatedWorld({ behaviour: () => ({ kind: 'runs' }) })
      await deployImage(simulated.push('acme/worker', '1'), kinds.copies?.config ?? bareConfig, simulated.world)
      await finish(worker, simulated)
      await simulated.clock.advance(20 * minute)
      return simulated
    },
  },
}

/** What the control queue holds, carried out. */
async function deliver({ sent, world }: SimulatedWorld, config: Config): Promise<void> {
  for (const { message } of sent.splice(0)) await carryOut(message, config, world)
}

async function upCount({ ecs }: SimulatedWorld, { id }: Kind): Promise<number> {
  if (id.startsWith('service:')) return ecs.services()[0]?.desiredCount ?? 0
  return ecs.tasks().filter(each => each.startedBy?.startsWith('fg/worker') && each.desiredStatus === 'RUNNING').length
}

const flags = async ({ world }: SimulatedWorld) =>
  (await world.scaling.targetsOf('demo', ['web'])).get('web')?.suspended
const before = { in: true, out: false, scheduled: false }

async function expectAsBefore(simulated: SimulatedWorld, kind: Kind, where: string): Promise<void> {
  expect(await upCount(simulated, kind), where).toBe(kind.count)
  if (kind.id.startsWith('service:')) expect(await flags(simulated), where).toEqual(before)
  else expect((await readTarget(simulated.world.table, 'worker')).gate?.asleep, where).toBeUndefined()
}

const asked = (kind: Kind, mode: Guard['mode'] = 'enforce'): Config => ({
  ...kind.config,
  guard: { ...enforcing, mode },
})

async function lookAgain(simulated: SimulatedWorld, kind: Kind, mode: Guard['mode'] = 'enforce'): Promise<void> {
  await simulated.clock.advance(15 * minute)
  await guard('schedule', asked(kind, mode), simulated.world, means)
  await deliver(simulated, kind.config)
  await simulated.clock.advance(minute)
}

/** What comes before only looks, and meters. */
const mostActing = 16

/** The run's calls that are about stopping, by their place. */
async function actingCalls(kind: Kind): Promise<number[]> {
  const { world } = await kind.prepare()
  const { gate, calls } = crashingAt(Number.POSITIVE_INFINITY, 'before')
  await guard('schedule', kind.config, gated(world, gate), means)
  return calls.map((_name, nth) => nth + 1).slice(-mostActing)
}

/** The run dies at its `at`th call. */
async function dying(kind: Kind, at: number, when: 'before' | 'after') {
  const simulated = await kind.prepare()
  const { gate, crashed } = crashingAt(at, when)
  const died = await Promise.race([guard('schedule', kind.config, gated(simulated.world, gate), means), crashed])
  return { simulated, where: `call ${at}: ${died instanceof Error ? died.message : 'came to its end'}` }
}

describe.each(Object.entries(kinds))('a run that stops a %s', (_name, kind) => {
  test.each(['before', 'after'] as const)(
    'and dies %s the effect of any one call is made up for, and undo puts back exactly what was there',
    { timeout: 60_000 },
    async when => {
      for (const at of await actingCalls(kind)) {
        const { simulated, where } = await dying(kind, at, when)
        await lookAgain(simulated, kind)
        expect(await upCount(simulated, kind), where).toBe(0)
        expect(await findParked(simulated.world.table, kind.id), where).toMatchObject({ state: 'parked' })
        await undoWorkload(kind.id, who, kind.config, simulated.world)
        await deliver(simulated, kind.config)
        await simulated.clock.advance(minute)
        await expectAsBefore(simulated, kind, where)
        const spans = await readSavings(simulated.world.table)
        const times = spans.flatMap(({ from, to = 'never' }) => [from, to])
        expect(times, where).toEqual(times.toSorted())
        expect(times, where).not.toContain('never')
        expect(spans, where).toHaveLength(kind.count - 1)
      }
    },
  )

  test.each(['before', 'after'] as const)(
    'and dies %s the effect of any one call, and is undone at once: it runs on as before',
    { timeout: 60_000 },
    async when => {
      for (const at of await actingCalls(kind)) {
        const { simulated, where } = await dying(kind, at, when)
        const { woken } = await undoWorkload(kind.id, who, kind.config, simulated.world)
        await deliver(simulated, kind.config)
        const isUndone = woken.length > 0
        await lookAgain(simulated, kind)
        await lookAgain(simulated, kind)
        if (isUndone) await expectAsBefore(simulated, kind, where)
        else expect(await findParked(simulated.world.table, kind.id), where).toMatchObject({ state: 'parked' })
      }
    },
  )

  test.each(['before', 'after'] as const)(
    'and dies %s the effect of any one call, before farguard.yml says observe: it is stopped on record, or as before',
    { timeout: 60_000 },
    async when => {
      for (const at of await actingCalls(kind)) {
        const { simulated, where } = await dying(kind, at, when)
        await lookAgain(simulated, kind, 'observe')
        await lookAgain(simulated, kind, 'observe')
        const parked = await findParked(simulated.world.table, kind.id)
        if (parked?.state === 'parked') expect(await upCount(simulated, kind), where).toBe(0)
        else await expectAsBefore(simulated, kind, where)
      }
    },
  )

  test('and is undone between any two of its calls: what was undone runs, and what is stopped is on record', {
    timeout: 60_000,
  }, async () => {
    for (const at of await actingCalls(kind)) {
      const simulated = await kind.prepare()
      let calls = 0
      let isUndone = false
      let where = ''
      const gate: Gate = async (name, call) => {
        if (++calls === at) {
          where = `undone before call ${at}, ${name}`
          isUndone = (await undoWorkload(kind.id, who, kind.config, simulated.world)).woken.length > 0
          await deliver(simulated, kind.config)
        }
        return call()
      }
      await guard('schedule', kind.config, gated<GuardWorld>(simulated.world, gate), means)
      await deliver(simulated, kind.config)
      // The run itself sees to it: the next one may be hours away.
      if (isUndone) await expectAsBefore(simulated, kind, where)
      await lookAgain(simulated, kind)
      if (isUndone) await expectAsBefore(simulated, kind, where)
      else expect(await findParked(simulated.world.table, kind.id), where).toMatchObject({ state: 'parked' })
    }
  })
})
