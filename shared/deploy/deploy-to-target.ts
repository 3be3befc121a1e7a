/** One image and one target: what is known, the decision, its gates, the claim, and the start of what is to run. */
import type { Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { advance } from './advance.ts'
import { carry, giveUp } from './carry.ts'
import { claimOf, confirm, writeClaim } from './claim.ts'
import { type Decision, decide, type Facts, isNewer, type RunningImage } from './decide.ts'
import { gateOf } from './gate-facts.ts'
import type { HoldReason } from './gates.ts'
import { sendLook } from './look.ts'
import { park, unpark } from './park.ts'
import { type Ground, observe } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import type { ImagePush } from './push.ts'
import { type DeployedImage, type Deployment, type KnownTarget, readTarget, type TargetHead } from './records.ts'
import { putRight, stopStrays } from './settle.ts'
import { matches } from './tag-policy.ts'
import { keepTrace } from './trace.ts'
import { type Place, whatRuns } from './what-runs.ts'

/** Lost races for one head before the event goes back to its queue: each means that another push got somewhere. */
const mostRaces = 10

/** A task runs 10 to 25 seconds after it was asked for; its events come by themselves. */
const firstLookMs = 60_000

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

/** What is decided of `image` by what is known; `place`: what the target runs. */
export function decideOn(
  { source, at, tag }: Pick<ImagePush, 'source' | 'at' | 'tag'>,
  image: DeployedImage | undefined,
  { head }: KnownTarget,
  target: Target,
  { current, running }: Place,
): Decision {
  const facts: Facts = {
    source,
    pushedAt: at,
    image,
    quarantined: head?.quarantine.find(each => each.digest === image?.digest)?.because,
    floor: head?.floor,
    releasedAt: head?.releasedAt,
    current,
    running,
  }
  return decide(tag, target, facts)
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
    const known = await this.#known()
    const isOfConcern = this.#push.source === 'operator' || matches(this.#target.tags, this.#push.tag)
    this.#image = isOfConcern ? await this.#look() : undefined
    const decideBy = (place: Place) => decideOn(this.#push, this.#image, known, this.#target, place)
    const place = await whatRuns(known, this.#image, this.#target, this.#world, decideBy)
    this.#running = place.running
    const own = this.#ownClaim(known)
    if (own === 'earlier')
      return { kind: 'skipped', reason: 'superseded', detail: 'something newer was asked for since' }
    const decision = own === 'current' ? ({ verdict: 'resume' } as const) : decideBy(place)
    switch (decision.verdict) {
      case 'skip':
        return this.#skip(decision, known, place.revision)
      case 'resume':
        return this.#resume(known, place.ground)
      case 'deploy':
        return this.#deploy(decision, known, place.ground)
    }
  }

  trace(verdict: 'skip' | 'hold' | 'retry' | 'refuse', reason: string, detail: string): Promise<void> {
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

  /** What is on record, once nothing of the last deployment is left to do: its failure may quarantine what is asked for. */
  async #known(): Promise<KnownTarget> {
    const known = await readTarget(this.#world.table, this.#target.name)
    if (!known.newest?.todo || known.newest.number !== known.head?.current.number) return known
    await advance(this.#target, this.#world)
    return readTarget(this.#world.table, this.#target.name)
  }

  /** An operator's wish that comes twice is one wish. */
  #ownClaim({ head }: KnownTarget): 'current' | 'earlier' | undefined {
    if (this.#push.source !== 'operator' || !head) return undefined
    if (head.current.event.id === this.#push.eventId) return 'current'
    return head.earlier.some(({ event }) => event.id === this.#push.eventId) ? 'earlier' : undefined
  }

  async #deploy(
    decided: Extract<Decision, { verdict: 'deploy' }>,
    known: KnownTarget,
    ground: Ground | undefined,
  ): Promise<Outcome | undefined> {
    const image = this.#image
    if (!image) throw new TypeError('An image that does not exist was to be deployed')
    if (this.#push.source !== 'operator') {
      const gate = await gateOf(image, known.gate, this.#target, this.#world)
      if (!gate.isOpen) return this.#hold(gate, image, known)
    }
    const standsOn = ground ?? (await observe(this.#target, this.#world))
    const by = { ...decided, running: this.#running }
    const claim = claimOf(this.#target, image, this.#push, known.head, by, this.#world.clock.now())
    const claimed = await writeClaim(this.#target.name, claim, known, this.#floor(image, known), this.#world)
    if (!claimed) return undefined
    // A push that found the tag moved back had no head to leave a mark on: whether the tag still names this is asked once more.
    const mayHaveMoved = !known.head && this.#target.tags.kind === 'exact' && this.#push.source !== 'operator'
    if (mayHaveMoved && (await this.#look())?.digest !== image.digest) {
      const why = { reason: 'superseded', message: `${this.#push.tag} moved on meanwhile` }
      await giveUp(claimed, undefined, why, this.#target, this.#world)
      return undefined
    }
    if (known.gate?.parked) await unpark(this.#target, this.#world, image)
    return this.#carry(claimed, known.newest, standsOn)
  }

  /** What an operator leaves behind must not come again by itself, unless it is older than what is wanted now. */
  #floor(image: DeployedImage, { head }: KnownTarget): TargetHead['floor'] {
    if (this.#push.source !== 'operator') return undefined
    const { tags } = this.#target
    const left = [head?.floor?.image, head?.current.image].filter(each => each !== undefined)
    const above = left.filter(each =>
      tags.kind === 'exact' ? each.digest !== image.digest : isNewer(tags, each, image),
    )
    const highest = above.reduce<DeployedImage | undefined>(
      (best, each) => (best === undefined || (tags.kind !== 'exact' && isNewer(tags, each, best)) ? each : best),
      undefined,
    )
    if (!highest) return undefined
    const because = `${this.#push.by ?? 'an operator'} went back from ${highest.tag} to ${image.tag}; what is newer than ${highest.tag} goes on, or farguard release ${this.#target.name}`
    return { image: highest, because, at: this.#world.clock.now().toISOString() }
  }

  /** The image waits; whoever comes when the gate has opened deploys the newest. */
  async #hold(
    { reason, detail, until }: { reason: HoldReason; detail: string; until?: string },
    image: DeployedImage,
    known: KnownTarget,
  ): Promise<Outcome | undefined> {
    const parked = await park(
      { image, reason, detail, ...(until !== undefined && { until }) },
      known.gate,
      this.#target,
      this.#world,
    )
    if (parked === 'lost') return undefined
    if (parked === 'written' || this.#push.source === 'push') await this.trace('hold', reason, detail)
    if (parked === 'written') {
      this.#world.log.info('held', {
        target: this.#target.name,
        image: `${image.repository}:${image.tag}`,
        reason,
        detail,
      })
      await sendLook(this.#target.name, undefined, until, this.#world)
    }
    return { kind: 'skipped', reason, detail }
  }

  async #resume({ head, newest }: KnownTarget, ground: Ground | undefined): Promise<Outcome | undefined> {
    if (!head) throw new TypeError('A deployment that nobody has claimed was to be carried on')
    try {
      const standsOn = ground ?? (await observe(this.#target, this.#world))
      const isPush = this.#push.source === 'push'
      const confirmed = isPush ? await confirm(head, this.#image, this.#target, this.#world) : head
      return confirmed && (await this.#carry(confirmed, newest, standsOn))
    } catch (error) {
      const problem = asProblem(error, `Carrying on deployment ${head.current.number} of ${this.#target.name}`)
      if (problem instanceof Problem && problem.kind === 'refuse')
        await giveUp(head, newest, problem, this.#target, this.#world)
      throw problem
    }
  }

  /** Starts what the head names; whether it came to run is found out later. */
  async #carry(head: TargetHead, newest: Deployment | undefined, ground: Ground): Promise<Outcome | undefined> {
    const { current } = head
    const name = `${current.image.repository}:${current.image.tag}`
    const { deployment, waits } = await carry(head, newest, ground, this.#target, this.#world)
    if (waits || deployment?.state === 'started') {
      const dueAt = this.#world.clock.now().getTime() + (waits?.lookInMs ?? firstLookMs)
      const isFirst = waits === undefined
      await sendLook(this.#target.name, current.number, new Date(dueAt).toISOString(), this.#world, { isFirst })
    }
    if (waits) {
      // What waits for something older is on no record of its own yet.
      if (!deployment && this.#push.source === 'push')
        await this.trace('hold', 'waiting', `#${current.number}: ${waits.because}`)
      this.#world.log.info('waits', {
        target: this.#target.name,
        deployment: current.number,
        image: name,
        detail: waits.because,
      })
      return { kind: 'done', what: `${this.#target.name} #${current.number} waits: ${waits.because}` }
    }
    const { state, ended, todo } = deployment ?? {}
    if (todo) await advance(this.#target, this.#world)
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
    const isCurrent = newest?.number === head?.current.number
    return isCurrent && (newest?.state === 'failed' || newest?.state === 'rolled-back')
  }

  /** A push that deploys nothing: its reason is kept, and what interrupted runs left behind is put right. */
  async #skip(
    { reason, detail }: Extract<Decision, { verdict: 'skip' }>,
    { head, newest }: KnownTarget,
    revision: string | undefined,
  ): Promise<Outcome | undefined> {
    const skipped = { kind: 'skipped' as const, reason, detail }
    // The sweep asks again and again: what it would not deploy is no news, and leaves no mark.
    if (this.#push.source !== 'push') return skipped
    const isAboutTag = reason !== 'tag-not-matched'
    if (head && isAboutTag && !(await confirm(head, this.#image, this.#target, this.#world))) return undefined
    if (head) await stopStrays(this.#target.name, head.unsettled, this.#world)
    if (revision !== undefined && revision !== newest?.revision?.arn) await putRight(this.#target, this.#world)
    const own = head && [head.current, ...head.earlier].find(claim => claim.event.id === this.#push.eventId)
    if (head && own?.number === head.current.number)
      await giveUp(head, newest, { reason, message: detail }, this.#target, this.#world)
    if (!own) await this.trace('skip', reason, detail)
    const image = `${this.#push.repository}:${this.#push.tag}`
    this.#world.log.info('skipped', { target: this.#target.name, image, reason, detail })
    return skipped
  }
}

function asOutcome(problem: Problem): Outcome {
  const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
  return { kind, reason: problem.reason, detail: problem.message }
}
