import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { compareImages } from '../../shared/deploy/tag-policy.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type Gate, gated } from './gated-world.ts'
import { finish, jobsEnd } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

/** Calls that change something: between two of them, nobody else can tell how far a delivery is. */
const effects = new Set(['put', 'registerTaskDefinition', 'updateService', 'runTask', 'stopTask'])

/** One invocation, stopped before each of its port calls. */
class Delivery {
  readonly event: EcrImageAction
  isOver = false
  /** Whether the queue would bring the event back. */
  isDue = false
  /** The call that it stands before. */
  before = ''
  #go: ((how: 'go on' | 'die') => void) | undefined
  #stopped = Promise.withResolvers<void>()

  constructor(event: EcrImageAction, target: Target, { world }: SimulatedWorld) {
    this.event = event
    const gate: Gate = async (name, call) => {
      this.before = name
      const how = await this.#stop()
      if (how === 'go on') return call()
      await call().catch(() => undefined)
      return this.#end(true)
    }
    void deployImage(event, config(target), gated(world, gate)).then(
      outcome => this.#end(outcome.kind === 'retryable'),
      () => this.#end(true),
    )
  }

  /** Waits until the delivery stands before a call, or is over. */
  stopped(): Promise<void> {
    return this.#stopped.promise
  }

  /** As far as the next call that changes something; always makes one. */
  async goOn(): Promise<void> {
    do await this.step('go on')
    while (!this.isOver && !effects.has(this.before))
  }

  /** Makes one call and stops before the next; `die after`: the call is made, and nobody hears of its answer. */
  async step(how: 'go on' | 'die before' | 'die after'): Promise<void> {
    const go = this.#go
    if (this.isOver || !go) return
    this.#stopped = Promise.withResolvers<void>()
    if (how === 'die before') this.#end(true)
    else go(how === 'go on' ? how : 'die')
    await this.stopped()
  }

  #stop(): Promise<'go on' | 'die'> {
    return new Promise(resolve => {
      this.#go = resolve
      this.#stopped.resolve()
    })
  }

  #end(isDue: boolean): Promise<never> {
    this.isOver = true
    this.isDue = isDue
    this.#go = undefined
    this.#stopped.resolve()
    return new Promise(() => {})
  }
}

interface Push {
  tag: string
  content: string
  deliveries: number
  secondsLater: number
}

/** What happens next: the next push, or some steps of one of the deliveries under way. */
interface Move {
  who: number
  steps: number
  how: 'push' | 'go on' | 'die before' | 'die after'
}

interface Story {
  pushes: Push[]
  /** Lower versions first. */
  rising: boolean
  moves: Move[]
  order: number[]
  /** A queue brings back what died or asked for it; a replay, and doubles, everything. */
  comesBack: 'what is due' | 'all'
}

const targets = {
  'a service by semver': service(),
  'a service by an exact tag': service({ tags: { kind: 'exact', tag: 'live' } }),
  'a task by semver': task({ tags: { kind: 'semver', range: '^1' } }, { count: 12 }),
  'a task by an exact tag': task({ tags: { kind: 'exact', tag: 'live' } }, { count: 2 }),
  'a job by semver': job({ tags: { kind: 'semver', range: '^1' } }),
  'a job by an exact tag': job({ tags: { kind: 'exact', tag: 'live' } }),
} satisfies Record<string, Target>

function stories(target: Target): fc.Arbitrary<Story> {
  const tags = target.tags.kind === 'exact' ? [target.tags.tag] : ['1.1.0', '1.2.0', '1.3.0', '1.4.0']
  const push = fc.record({
    tag: fc.constantFrom(...tags),
    content: fc.constantFrom('a', 'b', 'c', 'd'),
    deliveries: fc.constantFrom(1, 1, 2, 3),
    secondsLater: fc.constantFrom(0, 1, 40),
  })
  const move = fc.record({
    who: fc.nat(5),
    steps: fc.integer({ min: 0, max: 3 }),
    how: fc.oneof(
      { weight: 8, arbitrary: fc.constant('go on' as const) },
      { weight: 4, arbitrary: fc.constant('push' as const) },
      { weight: 3, arbitrary: fc.constantFrom('die before' as const, 'die after' as const) },
    ),
  })
  return fc.record({
    // A semver's tag names one image for ever: which of two the later one is, ECR says to the second only.
    pushes: fc.uniqueArray(push, {
      minLength: 1,
      maxLength: 5,
      selector: each => (target.tags.kind === 'exact' ? {} : each.tag),
    }),
    rising: fc.boolean(),
    moves: fc.array(move, { maxLength: 24, size: 'max' }),
    order: fc.array(fc.nat(99), { minLength: 15, maxLength: 15 }),
    comesBack: fc.constantFrom('what is due' as const, 'all' as const),
  })
}

/** Every push, its deliveries interleaved and dying; then each event that comes back, undisturbed. */
async function happen(story: Story, target: Target, simulated: SimulatedWorld): Promise<void> {
  const { clock, world } = simulated
  const events: EcrImageAction[] = []
  const named = new Map<string, string>()
  const waiting = story.rising ? story.pushes.toSorted((a, b) => (a.tag < b.tag ? -1 : 1)) : [...story.pushes]
  const deliveries: Delivery[] = []
  const pushNext = async () => {
    const next = waiting.shift()
    if (!next || named.get(next.tag) === next.content) return
    named.set(next.tag, next.content)
    await clock.advance(next.secondsLater * 1000)
    const event = simulated.push(target.repository, next.tag, next.content)
    events.push(event)
    for (let index = 0; index < next.deliveries; index++) {
      const delivery = new Delivery(event, target, simulated)
      await delivery.stopped()
      deliveries.push(delivery)
    }
  }
  for (const { who, steps, how } of story.moves) {
    const alive = deliveries.filter(each => !each.isOver)
    const delivery = alive[who % Math.max(1, alive.length)]
    if (how === 'push' || !delivery) await pushNext()
    else {
      for (let step = 1; step <= steps; step++) await delivery.goOn()
      if (how !== 'go on') await delivery.step(how)
    }
  }
  while (waiting.length > 0) await pushNext()
  for (const delivery of deliveries) while (!delivery.isOver) await delivery.step('go on')
  const due = new Set(deliveries.filter(each => each.isDue).map(each => each.event))
  const back = events.filter(event => story.comesBack === 'all' || due.has(event))
  const shuffled = back.map((event, index) => ({ event, at: story.order[index] ?? 0 })).sort((a, b) => a.at - b.at)
  for (const { event } of shuffled) {
    const outcome = await deployImage(event, config(target), world)
    expect(outcome.kind, JSON.stringify(outcome)).toMatch(/done|skipped/)
  }
}

/** The target is on the right image, runs what its head names, and nothing besides that. */
async function expectRight(target: Target, simulated: SimulatedWorld): Promise<void> {
  const { world, ecr, ecs } = simulated
  const { head, newest } = await readTarget(world.table, target.name)
  const host = `${registryHost}/${target.repository}`
  const images = await world.registry.describeImages(
    target.repository,
    ['live', '1.1.0', '1.2.0', '1.3.0', '1.4.0'].filter(tag => ecr.exists(`${host}:${tag}`)).map(tag => ({ tag })),
  )
  const tagged = images.flatMap(({ digest, tags }) => tags.map(tag => ({ digest, tag })))
  const right = tagged.sort((a, b) => compareImages(target.tags, a, b)).at(-1)
  expect(head?.current.image.digest).toBe(right?.digest)
  expect(newest).toMatchObject({ number: head?.current.number, state: 'succeeded' })
  if (target.run.kind === 'service') {
    const running = ecs.services()[0]?.taskDefinition ?? ''
    expect(running).toBe(newest?.revision?.arn)
    const revision = await world.fleet.describeTaskDefinition(running)
    expect(revision?.definition.containerDefinitions[0]?.image).toContain(right?.digest)
    return
  }
  const ours = ecs.tasks().filter(each => each.startedBy?.startsWith('fg/'))
  for (const deployment of await listDeployments(world.table, target.name, 100)) {
    const started = ours.filter(each => each.startedBy?.includes(`/${deployment.id}`))
    const stays = started.filter(each => each.desiredStatus === 'RUNNING')
    const what = `copies of #${deployment.number}, ${deployment.state}`
    if (target.run.kind === 'job') expect(started.length, what).toBeLessThanOrEqual(1)
    else if (deployment.number !== newest?.number) expect(stays.length, what).toBe(0)
    else expect(stays.length, what).toBe(target.run.count)
  }
  const recorded = newest?.attempts.flatMap(attempt => attempt.outcome?.tasks ?? []) ?? []
  expect(new Set(recorded).size).toBe(target.run.kind === 'job' ? 1 : target.run.count)
}

const numRuns = Number(process.env.ANY_ORDER_RUNS ?? 20)
const seed = process.env.ANY_ORDER_SEED === undefined ? {} : { seed: Number(process.env.ANY_ORDER_SEED) }

describe('pushes in any order, each delivered several times at once, some of which die', () => {
  test.each(Object.entries(targets))('%s ends on the right image', { timeout: 3_600_000 }, async (_name, target) => {
    await fc.assert(
      fc.asyncProperty(stories(target), async story => {
        const simulated = simulatedWorld({ behaviour: jobsEnd })
        await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
        await happen(story, target, simulated)
        await finish(target, simulated)
        await expectRight(target, simulated)
      }),
      { numRuns, ...seed },
    )
  })
})
