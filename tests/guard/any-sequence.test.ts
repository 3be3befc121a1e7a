/** Whatever guard runs, people, hours and crashes come in whatever order: at the end all is as people last wanted it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { guard } from '../../shared/guard/guard.ts'
import { findParked, readRuns, writeKeep } from '../../shared/guard/records.ts'
import { undoRun, undoWorkload, wakeAll } from '../../shared/guard/undo.ts'
import type { GuardWorld, Suspended } from '../../shared/ports.ts'
import { crashingAt, gated } from '../deploy/gated-world.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const hour = 60 * minute
const leaseMs = 5 * minute
const ada = { by: 'ada', because: 'needed' }

const config = writtenConfig(`
budgets: { day: { limit: $0.50 a day, covers: all, steps: [{ at: 100% of actual, do: stop all }, { at: 100% of projected, do: stop to fit }] } }
guard:
  mode: enforce
  clusters: [demo]
  minimumAge: 10m
  grace: 1h
  limits: none
  rules:
    - { for: all, hours: Mon-Sun 07:00 - 20:00 UTC }
    - { for: service:lived, hours: none, maxLifetime: 3h }
    - { for: service:safe, protect: true }
`)
const services = ['lived', 'shop', 'safe'] as const
type Name = (typeof services)[number]

type Step =
  | { do: 'run'; killedAt?: number }
  | { do: 'pass'; minutes: number }
  | { do: 'keep' | 'undo'; name: Name }
  | { do: 'undo-run' }
  | { do: 'wake'; killedAt?: number }
  | { do: 'scale'; name: Name; count: number }
  | { do: 'suspend'; name: Name; flags: Suspended }

const name = fc.constantFrom(...services)
const killedAt = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined })
/** All three at once are what the guard itself sets: nobody could tell whose they are. */
const flags = fc
  .record({ in: fc.boolean(), out: fc.boolean(), scheduled: fc.boolean() })
  .filter(each => !(each.in && each.out && each.scheduled))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('run' as const), killedAt }, { requiredKeys: ['do'] }) as fc.Arbitrary<Step>,
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), minutes: fc.constantFrom(7, 30, 95, 400, 800) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('keep' as const, 'undo' as const), name }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'undo-run' }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { do: fc.constant('wake' as const), killedAt },
      { requiredKeys: ['do'] },
    ) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('scale' as const), name, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('suspend' as const), name, flags }) },
)

const dimension = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' }

/** What people have, and last gave each service. */
class Story {
  readonly simulated: SimulatedWorld
  readonly wanted = new Map<Name, { count: number; flags: Suspended }>()
  readonly config: Config = config

  private constructor(simulated: SimulatedWorld) {
    this.simulated = simulated
  }

  static async begin(): Promise<Story> {
    const simulated = simulatedWorld({ at: '2026-03-02T15:00:00Z' })
    const story = new Story(simulated)
    simulated.push('acme/web', '0.9.0')
    for (const service of services) {
      await simulated.createService('demo', service, `${registryHost}/acme/web:0.9.0`, { desiredCount: 2 })
      const none = { in: false, out: false, scheduled: false }
      await simulated.call('application-autoscaling', 'RegisterScalableTarget', {
        ...dimension,
        ResourceId: `service/demo/${service}`,
        MinCapacity: 1,
        MaxCapacity: 9,
      })
      story.wanted.set(service, { count: 2, flags: none })
    }
    await simulated.clock.advance(3 * minute)
    return story
  }

  async take(step: Step): Promise<void> {
    const { clock, world, call } = this.simulated
    switch (step.do) {
      case 'run':
        return this.#process(step.killedAt, each => guard('schedule', config, each, this.#means()))
      case 'pass':
        await clock.advance(step.minutes * minute)
        return
      case 'keep': {
        const now = clock.now()
        const until = new Date(now.getTime() + 3 * hour).toISOString()
        return writeKeep(world.table, { ...ada, workload: id(step.name), until, at: now.toISOString() })
      }
      case 'undo':
        await undoWorkload(id(step.name), ada, config, world)
        return
      case 'undo-run': {
        const [last] = await readRuns(world.table, 1)
        if (last) await undoRun(last.id, ada, config, world)
        return
      }
      case 'wake':
        return this.#process(step.killedAt, each => wakeAll(ada, config, each))
      case 'scale':
        await call('ecs', 'UpdateService', { cluster: 'demo', service: step.name, desiredCount: step.count })
        this.#wants(step.name, { count: step.count })
        return
      case 'suspend':
        await world.scaling.suspend('demo', step.name, step.flags)
        this.#wants(step.name, { flags: step.flags })
    }
  }

  #wants(service: Name, what: Partial<{ count: number; flags: Suspended }>): void {
    const before = this.wanted.get(service)
    if (before) this.wanted.set(service, { ...before, ...what })
  }

  #means() {
    return { hasTime: () => true, pause: async () => {}, leaseMs }
  }

  async #process(at: number | undefined, work: (world: GuardWorld) => Promise<unknown>): Promise<void> {
    const { world } = this.simulated
    if (at === undefined) {
      await work(world)
      return
    }
    const { gate, crashed } = crashingAt(at, 'after')
    await Promise.race([work(gated(world, gate)), crashed])
  }

  async found(): Promise<Map<Name, { count: number; flags: Suspended }>> {
    const { ecs, world } = this.simulated
    const scaling = await world.scaling.targetsOf('demo', services)
    return new Map(
      services.map(service => {
        const count = ecs.services().find(each => each.serviceName === service)?.desiredCount ?? -1
        return [service, { count, flags: scaling.get(service)?.suspended ?? { in: true, out: true, scheduled: true } }]
      }),
    )
  }
}

const id = (service: Name) => `service:demo/${service}`

test('ends as people last wanted it, once all is woken, and what is protected was never touched', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async steps => {
      const story = await Story.begin()
      const { world, clock } = story.simulated
      for (const each of steps) {
        await story.take(each)
        expect((await story.found()).get('safe')).toEqual(story.wanted.get('safe'))
      }
      await clock.advance(leaseMs + minute)
      await guard('schedule', config, world, { hasTime: () => true, pause: async () => {}, leaseMs })
      await wakeAll(ada, config, world)
      expect(await story.found()).toEqual(story.wanted)
      for (const service of services)
        expect(['over', 'left', undefined]).toContain((await findParked(world.table, id(service)))?.state)
      await clock.advance(20 * minute)
      await guard('schedule', config, world, { hasTime: () => true, pause: async () => {}, leaseMs })
      expect((await story.found()).get('safe')).toEqual(story.wanted.get('safe'))
    }),
    { numRuns: 60 },
  )
})
