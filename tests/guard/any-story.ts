/** Two services and the copies of a target under the guard, one service that it must not touch, and what may happen to them. */
import fc from 'fast-check'
import { carryOn } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { guard } from '../../shared/guard/guard.ts'
import { readRuns, writeKeep } from '../../shared/guard/records.ts'
import { undoRun, undoWorkload, wakeAll } from '../../shared/guard/undo.ts'
import type { GuardWorld, Suspended } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { crashingAt, gated } from '../deploy/gated-world.ts'
import { registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { writtenConfig } from './written-config.ts'

const minute = 60_000
const hour = 60 * minute
/** Longer than anything that a run waits for. */
export const means = { hasTime: () => true, pause: async () => {}, leaseMs: 5 * minute }
export const ada = { by: 'ada', because: 'needed' }

export const config = writtenConfig(`
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
export const services = ['lived', 'web', 'safe'] as const
type Name = (typeof services)[number]

export type Step =
  | { do: 'run'; killedAt?: number }
  | { do: 'pass'; minutes: number }
  | { do: 'keep' | 'undo'; name: Name }
  | { do: 'undo-run' | 'sweep' }
  | { do: 'push'; repository: 'acme/web' | 'acme/worker' }
  | { do: 'wake'; killedAt?: number }
  | { do: 'scale'; name: Name; count: number }
  | { do: 'suspend'; name: Name; flags: Suspended }

const name = fc.constantFrom(...services)
const killedAt = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined })
/** All three at once are what the guard itself sets: nobody could tell whose they are. */
const flags = fc
  .record({ in: fc.boolean(), out: fc.boolean(), scheduled: fc.boolean() })
  .filter(each => !(each.in && each.out && each.scheduled))
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('run' as const), killedAt }, { requiredKeys: ['do'] }) as fc.Arbitrary<Step>,
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), minutes: fc.constantFrom(7, 30, 95, 400, 800) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('keep' as const, 'undo' as const), name }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'undo-run' }, { do: 'sweep' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ do: 'push', repository: 'acme/web' }, { do: 'push', repository: 'acme/worker' }),
  },
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

const targets = config.targets.filter(({ name: each }) => each === 'web' || each === 'worker')
const dimension = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' }

/** What people have, and last gave each service. */
export class Story {
  readonly simulated: SimulatedWorld
  readonly wanted = new Map<Name, { count: number; flags: Suspended }>()
  #pushes = 0
  /** What people pushed last, by repository. */
  readonly #digests = new Map<string, string>()

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
    await story.take({ do: 'push', repository: 'acme/worker' })
    await story.settle()
    return story
  }

  async take(step: Step): Promise<void> {
    const { clock, world, call } = this.simulated
    switch (step.do) {
      case 'run':
        return this.#process(step.killedAt, each => guard('schedule', config, each, means))
      case 'pass':
        await clock.advance(step.minutes * minute)
        for (const target of targets) await carryOn(target, world)
        return
      case 'push': {
        const tag = step.repository === 'acme/worker' ? 'live' : `1.0.${this.#pushes}`
        const event = this.simulated.push(step.repository, tag, `content ${this.#pushes++}`)
        this.#digests.set(step.repository, event.detail['image-digest'])
        await deployImage(event, config, world)
        return
      }
      case 'sweep':
        await sweep(config, world, () => true)
        return
      case 'keep': {
        const now = clock.now()
        const until = new Date(now.getTime() + 3 * hour).toISOString()
        return writeKeep(world.table, { ...ada, workload: serviceIdOf(step.name), until, at: now.toISOString() })
      }
      case 'undo':
        await undoWorkload(serviceIdOf(step.name), ada, config, world)
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

  async #process(at: number | undefined, work: (world: GuardWorld) => Promise<unknown>): Promise<void> {
    const { world } = this.simulated
    if (at === undefined) {
      await work(world)
      return
    }
    const { gate, crashed } = crashingAt(at, 'after')
    await Promise.race([work(gated(world, gate)), crashed])
  }

  /** An hour without anything new: sweeps, and rollouts that come to their end. */
  async settle(): Promise<void> {
    const { clock, world } = this.simulated
    for (let times = 0; times < 12; times++) {
      await clock.advance(5 * minute)
      await sweep(config, world, () => true)
    }
  }

  /** Copies of the worker that run, and of what was pushed last. */
  copies(): { running: number; ofLast: number } {
    const running = this.simulated.ecs
      .tasks()
      .filter(each => each.lastStatus === 'RUNNING' && each.startedBy?.startsWith('fg/worker/'))
    const digest = this.#digests.get('acme/worker') ?? 'none'
    return { running: running.length, ofLast: running.filter(each => imageOf(each).endsWith(digest)).length }
  }

  /** Whether every copy of the service runs what was pushed last, if anything was. */
  isWebOnLast(): boolean {
    const digest = this.#digests.get('acme/web')
    const own = this.simulated.ecs.tasks().filter(each => each.lastStatus === 'RUNNING' && each.group === 'service:web')
    return digest === undefined || own.every(each => imageOf(each).endsWith(digest))
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

export const serviceIdOf = (service: Name) => `service:demo/${service}`
const imageOf = (task: { containers?: { image?: string | undefined }[] | undefined }) =>
  task.containers?.[0]?.image ?? ''
