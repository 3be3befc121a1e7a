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
import { settle } from './settle.ts'
import { start } from './start.ts'
import { matches } from './tag-policy.ts'
import { keepTrace } from './trace.ts'
import { whatRuns } from './what-runs.ts'

/** Lost races for one head before the event goes back to its queue: each means that another push got somewhere. */
const mostRaces = 10

/** A queue brings an interrupted event back well within this; after it, an old revision in a service is somebody's wish. */
const unsettledMs = 60 * 60_000

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
      if (outcome) return outcome
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
    const { current, running, ground } = await whatRuns(known, this.#image, this.#target, this.#world, place =>
      decide(this.#push.tag, this.#target, { ...facts, ...place }),
    )
    this.#running = running
    const decision = decide(this.#push.tag, this.#target, { ...facts, current, running })
    switch (decision.verdict) {
      case 'skip':
        return this.#skip(decision, known)
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

  async #deploy(
    because: string,
    { head, newest }: KnownTarget,
    ground: Ground | undefined,
  ): Promise<Outcome | undefined> {
    const image = this.#image
    if (!image) throw new TypeError('An image that does not exist was to be deployed')
    const standsOn = ground ?? (await observe(this.#target, this.#world))
    const decided = { because, running: this.#running }
    const claim = claimOf(this.#target, image, this.#push, head, decided, this.#world.clock.now())
    const claimed = await writeClaim(this.#target.name, claim, head, this.#world)
    return claimed && this.#carry(claimed, newest, standsOn)
  }

  async #resume({ head, newest }: KnownTarget, ground: Ground | undefined): Promise<Outcome | undefined> {
    if (!head || !this.#image) throw new TypeError('A deployment that nobody has claimed was to be carried on')
    const standsOn = ground ?? (await observe(this.#target, this.#world))
    const confirmed = await confirm(head, this.#image, this.#target, this.#world)
    return confirmed && this.#carry(confirmed, newest, standsOn)
  }

  /** Starts what the head names, then sees to it that nothing that is not the target's is left behind. */
  async #carry(head: TargetHead, newest: Deployment | undefined, ground: Ground): Promise<Outcome> {
    const { current } = head
    for (const overtaken of await supersede(head, newest, this.#world))
      await settle(overtaken, this.#target, this.#world)
    const recorded = newest?.number === current.number ? newest : undefined
    const { deployment, wasContested } = await start(head, recorded, this.#target, ground, this.#world)
    const name = `${current.image.repository}:${current.image.tag}`
    const { state, ended, because } = deployment
    const reason = ended ? { reason: ended.reason, detail: ended.detail } : { because }
    this.#world.log.info(state, { target: this.#target.name, deployment: current.number, image: name, ...reason })
    if (wasContested || state !== 'started') await settle(deployment, this.#target, this.#world)
    if (state === 'failed' && ended) return { kind: 'permanent', reason: ended.reason, detail: ended.detail }
    if (state === 'superseded') return { kind: 'skipped', reason: 'superseded', detail: ended?.detail ?? '' }
    return { kind: 'done', what: `${this.#target.name} #${current.number} ${state} ${name}` }
  }

  /** A push that deploys nothing: its reason is kept, and what an interrupted run of it left behind is put right. */
  async #skip(
    { reason, detail }: Extract<Decision, { verdict: 'skip' }>,
    { head, newest }: KnownTarget,
  ): Promise<Outcome | undefined> {
    if (head && this.#image && reason === 'already-running' && head.current.image.digest === this.#image.digest) {
      const confirmed = await confirm(head, this.#image, this.#target, this.#world)
      if (!confirmed) return undefined
    }
    const own = head ? [head.current, ...head.earlier].filter(claim => this.#isOurs(claim)) : []
    for (const claim of own) {
      if (claim.number !== head?.current.number) await settle(claim, this.#target, this.#world)
      else await this.#giveUp(claim, newest, reason, detail)
    }
    if (!own.some(claim => claim.event.id === this.#push.eventId)) await this.trace('skip', reason, detail)
    this.#world.log.info('skipped', {
      target: this.#target.name,
      image: `${this.#push.repository}:${this.#push.tag}`,
      reason,
      detail,
    })
    return { kind: 'skipped', reason, detail }
  }

  /** Whether a claim was made or carried on by a delivery of this push, or of another tag of its digest, a while ago. */
  #isOurs(claim: Claim): boolean {
    const age = this.#world.clock.now().getTime() - Date.parse(claim.claimedAt)
    const isSame = claim.event.id === this.#push.eventId
    const digests = [this.#push.digest, this.#image?.digest]
    return age < unsettledMs && (isSame || digests.includes(claim.image.digest))
  }

  /** A claim of this push that can't be carried on any more must not stand in the way of what comes after it. */
  async #giveUp(claim: Claim, newest: Deployment | undefined, reason: string, detail: string): Promise<void> {
    const recorded = newest?.number === claim.number ? newest : undefined
    if (claim.event.id !== this.#push.eventId || (recorded && recorded.state !== 'starting')) return
    const target = this.#target.name
    const base: Deployment = recorded ?? { ...claim, target, version: 0, state: 'starting', attempts: [] }
    const ended = { reason, detail, at: this.#world.clock.now().toISOString() }
    await writeDeployment(this.#world.table, { ...base, state: 'failed', ended })
    await settle(claim, this.#target, this.#world)
  }
}

function asOutcome(problem: Problem): Outcome {
  const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
  return { kind, reason: problem.reason, detail: problem.message }
}
