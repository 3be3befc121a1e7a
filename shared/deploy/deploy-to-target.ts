/** One push and one target: what is known, the decision, the claim, and the start of what is to run. */
import type { Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { claimOf, confirm, supersede, writeClaim } from './claim.ts'
import { type Decision, decide, type RunningImage } from './decide.ts'
import { type Ground, observe } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import type { ImagePush } from './push.ts'
import {
  type Claim,
  type DeployedImage,
  type Deployment,
  type KnownTarget,
  readTarget,
  type TargetHead,
  writeDeployment,
} from './records.ts'
import { putRight, stopStrays } from './settle.ts'
import { start } from './start.ts'
import { matches } from './tag-policy.ts'
import { keepTrace } from './trace.ts'
import { whatRuns } from './what-runs.ts'

/** Lost races for one head before the event goes back to its queue: each means that another push got somewhere. */
const mostRaces = 10

/** `look`: gives what the pushed tag names now. An error that is none of AWS's answers is thrown. */
export async function deployToTarget(
  push: ImagePush,
  look: () => Promise<DeployedImage | undefined>,
  target: Target,
  world: World,
): Promise<Outcome> {
  const attempt = new PushToTarget(push, look, target, world)
  try {
    for (let races = 0; races < mostRaces; races++) {
      const outcome = await attempt.once()
      if (!outcome) continue
      await attempt.traceMoved()
      return outcome
    }
    throw new Problem('retry', 'deployment-overtaken', `Pushes to ${target.name} come faster than they can be decided.`)
  } catch (error) {
    const problem = asProblem(error, `Deploying ${push.repository}:${push.tag} to ${target.name}`)
    if (!(problem instanceof Problem)) throw problem
    await attempt.trace(problem.kind, problem.reason, problem.message)
    return asOutcome(problem)
  }
}

class PushToTarget {
  readonly #push: ImagePush
  readonly #look: () => Promise<DeployedImage | undefined>
  readonly #target: Target
  readonly #world: World
  /** As it is known so far, for the trace of whatever comes of it. */
  #image: DeployedImage | undefined
  #running: RunningImage | undefined

  constructor(push: ImagePush, look: () => Promise<DeployedImage | undefined>, target: Target, world: World) {
    this.#push = push
    this.#look = look
    this.#target = target
    this.#world = world
  }

  /** Reads, decides and acts once; undefined when somebody else changed the head meanwhile. */
  async once(): Promise<Outcome | undefined> {
    const known = await readTarget(this.#world.table, this.#target.name)
    this.#image = matches(this.#target.tags, this.#push.tag) ? await this.#look() : undefined
    const facts = {
      pushedAt: this.#push.at,
      image: this.#image,
      quarantined: known.head?.quarantine.find(each => each.digest === this.#image?.digest)?.because,
    }
    const { current, running, ground, revision } = await whatRuns(
      known,
      this.#image,
      this.#target,
      this.#world,
      place => decide(this.#push.tag, this.#target, { ...facts, ...place }),
    )
    this.#running = running
    const decision = decide(this.#push.tag, this.#target, { ...facts, current, running })
    switch (decision.verdict) {
      case 'skip':
        return this.#skip(decision, known, revision)
      case 'resume':
        return this.#resume(known, ground)
      case 'deploy':
        return this.#deploy(decision.because, known, ground)
    }
  }

  trace(verdict: 'skip' | 'retry' | 'refuse', reason: string, detail: string): Promise<void> {
    const digest = this.#image?.digest ?? this.#push.digest
    return keepTrace(this.#push, digest, this.#target, this.#running, { verdict, reason, detail }, this.#world)
  }

  /** Who asks for the image that was pushed is to find why another one was decided on. */
  async traceMoved(): Promise<void> {
    const image = this.#image
    if (!image || image.digest === this.#push.digest) return
    const decided = {
      verdict: 'skip',
      reason: 'tag-moved',
      detail: `${image.tag} names ${image.digest} by now`,
    } as const
    await keepTrace(this.#push, this.#push.digest, this.#target, this.#running, decided, this.#world)
  }

  async #deploy(because: string, known: KnownTarget, ground: Ground | undefined): Promise<Outcome | undefined> {
    const image = this.#image
    if (!image) throw new TypeError('An image that does not exist was to be deployed')
    const standsOn = ground ?? (await observe(this.#target, this.#world))
    const decided = { because, running: this.#running }
    const claim = claimOf(this.#target, image, this.#push, known.head, decided, this.#world.clock.now())
    const claimed = await writeClaim(this.#target.name, claim, known, this.#world)
    if (!claimed) return undefined
    // A push that found the tag moved back had no head to leave a mark on: whether the tag still names this is asked once more.
    if (!known.head && this.#target.tags.kind === 'exact' && (await this.#look())?.digest !== image.digest) {
      await this.#giveUp(claim, undefined, 'superseded', `${this.#push.tag} moved on meanwhile`)
      return undefined
    }
    return this.#carry(claimed, known.newest, standsOn)
  }

  async #resume({ head, newest }: KnownTarget, ground: Ground | undefined): Promise<Outcome | undefined> {
    if (!head) throw new TypeError('A deployment that nobody has claimed was to be carried on')
    try {
      const standsOn = ground ?? (await observe(this.#target, this.#world))
      const confirmed = await confirm(head, this.#image, this.#target, this.#world)
      return confirmed && (await this.#carry(confirmed, newest, standsOn))
    } catch (error) {
      const problem = asProblem(error, `Carrying on deployment ${head.current.number} of ${this.#target.name}`)
      if (problem instanceof Problem && problem.kind === 'refuse')
        await this.#giveUp(head.current, newest, problem.reason, problem.message)
      throw problem
    }
  }

  /** Starts what the head names, then sees to it that nothing that does not count is left behind. */
  async #carry(head: TargetHead, newest: Deployment | undefined, ground: Ground): Promise<Outcome | undefined> {
    const { current } = head
    await supersede(head, newest, this.#world)
    const recorded = newest?.number === current.number ? newest : undefined
    const { deployment, wasContested } = await start(head, recorded, this.#target, ground, this.#world)
    await stopStrays(this.#target.name, head.unsettled, this.#world)
    const name = `${current.image.repository}:${current.image.tag}`
    const { state, ended, because } = deployment
    const reason = ended ? { reason: ended.reason, detail: ended.detail } : { because }
    this.#world.log.info(state, { target: this.#target.name, deployment: current.number, image: name, ...reason })
    if (wasContested || state !== 'started') {
      await stopStrays(this.#target.name, [current.number], this.#world)
      await putRight(this.#target, this.#world)
    }
    if (state === 'failed' && ended) return { kind: 'permanent', reason: ended.reason, detail: ended.detail }
    if (state !== 'superseded')
      return { kind: 'done', what: `${this.#target.name} #${current.number} ${state} ${name}` }
    return (await this.#hasFailed())
      ? undefined
      : { kind: 'skipped', reason: 'superseded', detail: ended?.detail ?? '' }
  }

  /** Whether what the head names has failed: then what it superseded is to be decided again. */
  async #hasFailed(): Promise<boolean> {
    const { head, newest } = await readTarget(this.#world.table, this.#target.name)
    return newest?.number === head?.current.number && newest?.state === 'failed'
  }

  /** A push that deploys nothing: its reason is kept, and what interrupted runs left behind is put right. */
  async #skip(
    { reason, detail }: Extract<Decision, { verdict: 'skip' }>,
    { head, newest }: KnownTarget,
    revision: string | undefined,
  ): Promise<Outcome | undefined> {
    const isAboutTag = reason !== 'tag-not-matched'
    if (head && isAboutTag && !(await confirm(head, this.#image, this.#target, this.#world))) return undefined
    if (head) await stopStrays(this.#target.name, head.unsettled, this.#world)
    if (revision !== undefined && revision !== newest?.revision?.arn) await putRight(this.#target, this.#world)
    const own = head && [head.current, ...head.earlier].find(claim => claim.event.id === this.#push.eventId)
    if (own && own.number === head.current.number) await this.#giveUp(own, newest, reason, detail)
    if (!own) await this.trace('skip', reason, detail)
    const image = `${this.#push.repository}:${this.#push.tag}`
    this.#world.log.info('skipped', { target: this.#target.name, image, reason, detail })
    return { kind: 'skipped', reason, detail }
  }

  /** A claim that can't be carried on any more must not stand in the way of what comes after it. */
  async #giveUp(claim: Claim, newest: Deployment | undefined, reason: string, detail: string): Promise<void> {
    const recorded = newest?.number === claim.number ? newest : undefined
    if (recorded && recorded.state !== 'starting') return
    const target = this.#target.name
    const base: Deployment = recorded ?? { ...claim, target, version: 0, state: 'starting', attempts: [] }
    const ended = { reason, detail, at: this.#world.clock.now().toISOString() }
    const written = await writeDeployment(this.#world.table, { ...base, state: 'failed', ended })
    if (written) await stopStrays(target, [claim.number], this.#world)
  }
}

function asOutcome(problem: Problem): Outcome {
  const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
  return { kind, reason: problem.reason, detail: problem.message }
}
