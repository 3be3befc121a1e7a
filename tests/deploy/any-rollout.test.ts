/** Pushes good and bad, looks, sweeps and operators in any order, some of which die or are held up at any call. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Wish } from '../../events/control-message.ts'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Target } from '../../shared/config/config.ts'
import { carryOn } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { listDeployments, registryHost, type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { type Gate, gated } from './gated-world.ts'
import { finish } from './rollouts.ts'
import { config, job, service, task } from './targets.ts'

const minute = 60_000
const tags = { kind: 'semver' as const, range: '^1' }
const before = { command: ['migrate'], timeoutMs: 24 * 60 * minute }

const targets = {
  'a task': task({ tags }, { count: 2 }),
  'a task after its migration': task({ tags, before }, { count: 2 }),
  'a service': service({ tags }),
  'a service after its migration': service({ tags, before }),
  'a task by an exact tag': task({ tags: { kind: 'exact', tag: 'live' } }, { count: 2 }),
  'a service by an exact tag': service({ tags: { kind: 'exact', tag: 'live' } }),
  'a job': job({ tags }),
  'a job after its migration': job({ tags, before }),
} satisfies Record<string, Target>

/** What becomes of an invocation at one of its calls, if it makes that many. */
interface Fate {
  is: 'lives' | 'dies before' | 'dies after' | 'is held up'
  at: number
}

type Move =
  | { do: 'push'; minor: number; isGood: boolean; fate: Fate }
  | { do: 'redeliver'; which: number; fate: Fate }
  | { do: 'look' | 'sweep'; fate: Fate }
  | { do: 'ask'; wish: 'deploy' | 'rollback' | 'release'; minor: number; fate: Fate }
  | { do: 'wait'; ms: number }

const fate: fc.Arbitrary<Fate> = fc.record({
  is: fc.oneof(
    { weight: 4, arbitrary: fc.constant('lives' as const) },
    { weight: 3, arbitrary: fc.constantFrom('dies before' as const, 'dies after' as const, 'is held up' as const) },
  ),
  at: fc.integer({ min: 1, max: 20 }),
})

const minor = fc.integer({ min: 1, max: 6 })

function moves(withOperators: boolean): fc.Arbitrary<Move[]> {
  const push = fc.record({ do: fc.constant('push' as const), minor, isGood: fc.boolean(), fate })
  const redeliver = fc.record({ do: fc.constant('redeliver' as const), which: fc.nat(9), fate })
  const look = fc.record({ do: fc.constantFrom('look' as const, 'look' as const, 'sweep' as const), fate })
  const wait = fc.record({
    do: fc.constant('wait' as const),
    ms: fc.constantFrom(1000, 20_000, 2 * minute, 5 * minute),
  })
  const wish = fc.constantFrom('deploy' as const, 'rollback' as const, 'release' as const)
  const ask = fc.record({ do: fc.constant('ask' as const), wish, minor, fate })
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: push },
      { weight: 1, arbitrary: redeliver },
      { weight: 4, arbitrary: look },
      { weight: 4, arbitrary: wait },
      ...(withOperators ? [{ weight: 2, arbitrary: ask }] : []),
    ),
    { minLength: 4, maxLength: 24, size: 'max' },
  )
}

/** One invocation under its fate; comes back once it is over, dead, or held up. */
class Invocation {
  isOver = false
  hasFailed = false
  readonly #again: () => Promise<unknown>
  readonly #held = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()

  constructor(run: (world: GuardWorld) => Promise<{ kind: string } | unknown>, { is, at }: Fate, world: GuardWorld) {
    this.#again = () => run(world)
    let made = 0
    const gate: Gate = async (_name, call) => {
      if (++made !== at || is === 'lives') return call()
      if (is === 'is held up') {
        this.#ended.resolve()
        await this.#held.promise
        return call()
      }
      if (is === 'dies after') await call().catch(() => undefined)
      this.hasFailed = true
      this.#end()
      return new Promise(() => {})
    }
    void run(gated(world, gate)).then(
      outcome => {
        this.hasFailed = (outcome as { kind?: string }).kind === 'retryable'
        this.#end()
      },
      () => {
        this.hasFailed = true
        this.#end()
      },
    )
  }

  stopped(): Promise<void> {
    return this.#ended.promise
  }

  async letGo(): Promise<void> {
    if (this.isOver) return
    const over = Promise.withResolvers<void>()
    this.#onEnd = over.resolve
    this.#held.resolve()
    await over.promise
  }

  /** As the queue brings it back. */
  async comeBack(): Promise<void> {
    if (this.hasFailed) await this.#again()
  }

  #onEnd: (() => void) | undefined

  #end(): void {
    this.isOver = true
    this.#ended.resolve()
    this.#onEnd?.()
  }
}

/** Moves that an invocation may be held up for: no Lambda lives longer than 15 minutes. */
const heldForMoves = 2

class Story {
  readonly #target: Target
  readonly #simulated: SimulatedWorld
  readonly #events: EcrImageAction[] = []
  readonly #queued: Invocation[] = []
  readonly #held: { invocation: Invocation; moves: number }[] = []
  readonly good = new Map<string, number>()
  readonly #pushed = new Map<string, boolean>()
  live = ''
  #asked = 0

  constructor(target: Target, simulated: SimulatedWorld) {
    this.#target = target
    this.#simulated = simulated
  }

  async happens(story: readonly Move[]): Promise<void> {
    for (const move of story) {
      await this.#make(move)
      for (const held of this.#held) held.moves++
      for (const { invocation } of this.#held.filter(({ moves: since }) => since > heldForMoves))
        await invocation.letGo()
      this.#expectOneAtATime()
    }
    for (const { invocation } of this.#held) await invocation.letGo()
    for (const invocation of this.#queued) await invocation.comeBack()
  }

  async #make(move: Move): Promise<void> {
    const { clock, world } = this.#simulated
    const own = config(this.#target)
    switch (move.do) {
      case 'wait': {
        // Time is over in small steps, so that two one-offs at once are seen.
        for (let passed = 0; passed < move.ms; passed += 20_000) {
          await clock.advance(Math.min(20_000, move.ms - passed))
          this.#expectOneAtATime()
        }
        return
      }
      case 'push': {
        const event = this.#push(move)
        if (event) await this.#invoke(each => deployImage(event, own, each), move.fate, true)
        return
      }
      case 'redeliver': {
        const event = this.#events[move.which % Math.max(1, this.#events.length)]
        if (event) await this.#invoke(each => deployImage(event, own, each), move.fate, true)
        return
      }
      case 'look':
        return this.#invoke(async each => (await carryOn(this.#target, each)).outcome, move.fate, false)
      case 'sweep':
        return this.#invoke(each => sweep(own, each, () => true), move.fate, false)
      case 'ask': {
        const { name, repository, tags: policy } = this.#target
        const tagged = policy.kind === 'exact' ? policy.tag : `1.${move.minor}.0`
        const wish: Wish =
          move.wish === 'deploy' ? { do: 'deploy', repository, tag: tagged } : { do: move.wish, target: name }
        const at = world.clock.now().toISOString()
        const intent = { kind: 'intent' as const, id: `i${++this.#asked}`, at, by: 'ada', wish }
        return this.#invoke(each => carryOut(intent, own, each), move.fate, true)
      }
    }
  }

  #push({ minor: of, isGood: wishes }: Extract<Move, { do: 'push' }>): EcrImageAction | undefined {
    const { repository, run, tags: policy } = this.#target
    const version = `1.${of}.0`
    const tag = policy.kind === 'exact' ? policy.tag : version
    const isGood = this.#pushed.get(version) ?? wishes
    const isThere = this.#pushed.has(version)
    // A version names one image for ever; a tag that moves may move back.
    if (isThere && (tag === version || this.live === version)) return undefined
    this.#pushed.set(version, isGood)
    this.live = version
    const works = run.kind === 'job' ? { 'local.behaviour': 'exits 0 after 90s' } : {}
    const event = this.#simulated.push(repository, tag, version, {
      version,
      ...(isGood ? works : { 'local.behaviour': 'exits 1 after 5s' }),
      'local.before': 'exits 0 after 70s',
    })
    this.#events.push(event)
    if (isGood) this.good.set(event.detail['image-digest'], of)
    return event
  }

  /** Of a tag that moves: the digest that it names at the end, where that image is good. */
  best(): string | undefined {
    const isExact = this.#target.tags.kind === 'exact'
    const digests = [...this.good].sort(([, a], [, b]) => a - b)
    if (!isExact) return digests.at(-1)?.[0]
    return digests.find(([, of]) => `1.${of}.0` === this.live)?.[0]
  }

  async #invoke(run: (world: GuardWorld) => Promise<unknown>, its: Fate, isQueued: boolean): Promise<void> {
    const invocation = new Invocation(run, its, this.#simulated.world)
    await invocation.stopped()
    if (!invocation.isOver) this.#held.push({ invocation, moves: 0 })
    if (isQueued) this.#queued.push(invocation)
  }

  #expectOneAtATime(): void {
    const live = oneOffs(this.#target, this.#simulated).filter(({ desiredStatus }) => desiredStatus === 'RUNNING')
    const names = live.map(({ startedBy, createdAt }) => `${startedBy} of ${createdAt?.toISOString()}`)
    expect(live.length, `one-offs at once: ${names.join(', ')}`).toBeLessThanOrEqual(1)
  }
}

/** Jobs and `before` tasks, running or stopped, as far as ECS still knows them. */
function oneOffs({ run }: Target, { ecs }: SimulatedWorld) {
  return ecs
    .tasks()
    .filter(({ startedBy }) => startedBy?.startsWith('fg/'))
    .filter(({ overrides }) => run.kind === 'job' || overrides?.containerOverrides?.[0]?.command)
}

function digestsThatRun({ ecs }: SimulatedWorld): (string | undefined)[] {
  return ecs
    .tasks()
    .filter(
      ({ desiredStatus, overrides }) => desiredStatus === 'RUNNING' && !overrides?.containerOverrides?.[0]?.command,
    )
    .map(({ containers }) => containers?.[0]?.image?.replace(/^.*@/, ''))
}

/** `isBest`: no operator had a say, so that the best image that is good is what is to run. */
async function expectSettled(target: Target, simulated: SimulatedWorld, told: Story, isBest: boolean) {
  const { world } = simulated
  const { good } = told
  const { head, newest } = await readTarget(world.table, target.name)
  const deployments = await listDeployments(world.table, target.name, 100)
  const open = deployments.filter(({ state, todo }) => state === 'starting' || state === 'started' || todo)
  expect(open.map(({ number, state, todo }) => `#${number} ${state} ${todo}`)).toEqual([])
  if (!head) return
  expect(newest?.number).toBe(head.current.number)
  expect(head.quarantine.filter(({ digest }) => good.has(digest))).toEqual([])
  const best = told.best()
  const running = digestsThatRun(simulated)
  if (target.run.kind === 'job') {
    expect(running).toEqual([])
    const done = deployments.filter(({ state }) => state === 'succeeded').map(({ image }) => image.digest)
    if (isBest && best !== undefined) expect(done).toContain(best)
    return
  }
  const count = target.run.kind === 'task' ? target.run.count : 1
  const hadGood = deployments.some(({ state }) => state === 'succeeded')
  if (isBest && best !== undefined) expect(running).toEqual(Array(count).fill(best))
  else if (hadGood) {
    expect(running).toHaveLength(count)
    expect(good.has(running[0] ?? '') && new Set(running).size === 1, JSON.stringify(running)).toBe(true)
  } else if (target.run.kind === 'task') expect(running).toEqual([])
}

async function expectNoneKilled(target: Target, simulated: SimulatedWorld) {
  const killed = oneOffs(target, simulated).filter(
    ({ stopCode }) => stopCode && stopCode !== 'EssentialContainerExited',
  )
  expect(killed.map(({ stopCode, stoppedReason }) => `${stopCode} ${stoppedReason}`)).toEqual([])
  const deployments = await listDeployments(simulated.world.table, target.name, 100)
  for (const { id, number, attempts } of deployments) {
    const names = attempts.flatMap(({ purpose, call }) =>
      'startedBy' in call && (purpose === 'before' || target.run.kind === 'job')
        ? [`${purpose} ${call.startedBy}`]
        : [],
    )
    const started = oneOffs(target, simulated).filter(({ startedBy }) => startedBy?.includes(`/${id}`))
    expect(started.length, `#${number} started ${names.join(', ')}`).toBeLessThanOrEqual(
      Number(target.run.kind === 'job') + Number(target.before !== undefined),
    )
  }
}

const numRuns = Number(process.env.ANY_ROLLOUT_RUNS ?? 5)
/** The suite tries the same stories each time; others by their seed. */
const seed = { seed: Number(process.env.ANY_ROLLOUT_SEED ?? 1) }

describe.each([
  { who: 'pushes, looks and sweeps', withOperators: false },
  { who: 'pushes, looks, sweeps and operators', withOperators: true },
])('$who, some of which die or are held up', ({ withOperators }) => {
  test.each(Object.entries(targets))('%s ends right', { timeout: 600_000 }, async (_name, target) => {
    await fc.assert(
      fc.asyncProperty(moves(withOperators), fc.constantFrom(0, 0, 5 * minute), async (story, lagMs) => {
        const simulated = simulatedWorld()
        await simulated.createService('demo', 'web', `${registryHost}/acme/web:0.9.0`)
        await simulated.clock.advance(minute)
        if (target.run.kind !== 'service')
          await simulated.world.fleet.setDesiredCount('demo', 'web', 0).then(() => simulated.clock.advance(minute))
        // Reads do not show what was started less than this ago.
        simulated.ecs.lagReads(lagMs)
        const told = new Story(target, simulated)
        await told.happens(story)
        await expectNoneKilled(target, simulated)
        for (let sweeps = 0; sweeps < 4; sweeps++) {
          await finish(target, simulated)
          await sweep(config(target), simulated.world, () => true)
          await finish(target, simulated)
          await simulated.clock.advance(6 * minute)
        }
        await expectNoneKilled(target, simulated)
        await expectSettled(target, simulated, told, !withOperators)
      }),
      { numRuns, ...seed },
    )
  })
})
