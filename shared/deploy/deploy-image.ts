/** One push: which targets it is for, what is decided for each, and the start of what is to run. */

import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Config, Target } from '../config/config.ts'
import { combine, type Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { claimOf, supersede, writeClaim } from './claim.ts'
import { asRunning, type Decision, decide, isNewer, type RunningImage, standing } from './decide.ts'
import { type Ground, imageOfService, observe } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import { deployablePush, type ImagePush } from './push.ts'
import {
  type Claim,
  type DeployedImage,
  type Deployment,
  listDeployments,
  readTarget,
  recordDecision,
  type TargetHead,
  writeHead,
} from './records.ts'
import { settle } from './settle.ts'
import { start } from './start.ts'
import { matches } from './tag-policy.ts'

/** Lost races for one head before the event goes back to its queue: each means that another push got somewhere. */
const mostRaces = 10

/** A queue brings an interrupted event back well within this; after it, an old revision in a service is somebody's wish. */
const unsettledMs = 60 * 60_000

/**
 * Deploys the image that an event tells of to every target that takes it. May run twice, late and out of order: the event is a
 * hint, what the tag names now and what is on record decide.
 */
export async function deployImage(event: EcrImageAction, config: Config, world: World): Promise<Outcome> {
  const push = deployablePush(event)
  if ('dropped' in push) {
    world.log.info('dropped', { reason: push.dropped, repository: event.detail['repository-name'], event: event.id })
    return { kind: 'skipped', reason: push.dropped }
  }
  const targets = config.targets.filter(target => target.repository === push.repository)
  if (targets.length === 0) return { kind: 'skipped', reason: 'no-target', detail: push.repository }
  const isWanted = targets.some(target => matches(target.tags, push.tag))
  const image = isWanted ? await imageNow(push, world) : undefined
  if (image instanceof Problem) return ended(image)
  const outcomes: Outcome[] = []
  for (const target of targets) outcomes.push(await deployToTarget(push, image, target, world))
  return combine(outcomes)
}

/** What the pushed tag names now: it may have moved, or be gone, since the event was sent. */
async function imageNow(push: ImagePush, world: World): Promise<DeployedImage | undefined | Problem> {
  try {
    const [found] = await world.registry.describeImages(push.repository, [{ tag: push.tag }])
    if (!found) return undefined
    const { repository, digest, pushedAt } = found
    return { repository, tag: push.tag, digest, ...(pushedAt && { pushedAt: pushedAt.toISOString() }) }
  } catch (error) {
    const problem = asProblem(error, `Looking up ${push.repository}:${push.tag}`)
    if (problem instanceof Problem) return problem
    throw problem
  }
}

async function deployToTarget(
  push: ImagePush,
  image: DeployedImage | undefined,
  target: Target,
  world: World,
): Promise<Outcome> {
  let running: RunningImage | undefined
  try {
    for (let races = 0; races < mostRaces; races++) {
      const { head, newest } = await readTarget(world.table, target.name)
      const headState = newest?.number === head?.current.number ? newest?.state : undefined
      const isTaken = image !== undefined && matches(target.tags, push.tag)
      running = head && standing(head, headState)
      const before = head && !running ? await lastStarted(target, world) : undefined
      running ??= before && asRunning(before)
      let ground: Ground | undefined
      if (isTaken && !running && target.run.kind === 'service') {
        ground = await observe(target, world)
        running = await imageOfService(target, push.tag, ground, world)
      }
      const decision = decide(push.tag, target, { image, head, headState, running })
      if (decision.verdict === 'skip') return await skipped(decision, push, image, target, { head, running }, world)
      if (!image) throw new TypeError(`${decision.verdict} was decided for an image that does not exist`)

      ground ??= await observe(target, world)
      const claimed =
        decision.verdict === 'resume'
          ? head
          : await writeClaim(target.name, claimOf(target.name, image, push, head, world.clock.now()), head, world)
      if (!claimed) continue
      await supersede(claimed, newest, world)
      const because =
        decision.verdict === 'deploy' ? decision.because : (newest?.because ?? 'carried on after an interruption')
      return await carry(claimed, because, running, newest, target, ground, world)
    }
    throw new Problem('retry', 'deployment-overtaken', `Pushes to ${target.name} come faster than they can be decided.`)
  } catch (error) {
    const problem = asProblem(error, `Deploying ${push.repository}:${push.tag} to ${target.name}`)
    if (!(problem instanceof Problem)) throw problem
    await keepTrace(
      push,
      image,
      target,
      running,
      { verdict: problem.kind, reason: problem.reason, detail: problem.message },
      world,
    )
    return ended(problem)
  }
}

/** Starts what the head names, then sees to it that a push that overtook us meanwhile has the last word. */
async function carry(
  head: TargetHead,
  because: string,
  running: RunningImage | undefined,
  newest: Deployment | undefined,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Outcome> {
  const before = running && running.number !== head.current.number ? traceOf(running) : undefined
  const draft = { ...head.current, target: target.name, because, ...(before && { before }) }
  const recorded = newest?.number === head.current.number ? newest : undefined
  const deployment = await start(draft, recorded, head, target, ground, world)
  const name = `${deployment.image.repository}:${deployment.image.tag}`
  world.log.info(deployment.state, { target: target.name, deployment: deployment.number, image: name, because })
  if (deployment.state === 'superseded') {
    await settle(deployment, target, world)
    return { kind: 'skipped', reason: 'superseded', detail: deployment.ended?.detail ?? '' }
  }
  return { kind: 'done', what: `${target.name} #${deployment.number} ${deployment.state} ${name}` }
}

/** A push that deploys nothing: its reason is kept, and what an interrupted run of the same event left behind is put right. */
async function skipped(
  decision: Extract<Decision, { verdict: 'skip' }>,
  push: ImagePush,
  image: DeployedImage | undefined,
  target: Target,
  known: { head: TargetHead | undefined; running: RunningImage | undefined },
  world: World,
): Promise<Outcome> {
  const { head, running } = known
  const { reason, detail } = decision
  const own = head && ownClaim(head, push)
  if (own && own.number !== head.current.number && age(own, world) < unsettledMs) await settle(own, target, world)
  if (head && image && reason === 'already-running') await keepHighestTag(head, image, target, world)
  if (!own) await keepTrace(push, image, target, running, { verdict: 'skip', reason, detail }, world)
  world.log.info('skipped', { target: target.name, image: `${push.repository}:${push.tag}`, reason, detail })
  return { kind: 'skipped', reason, detail }
}

/** A digest that gets a higher version's tag stands for that version from now on: `1.5.0` must not replace what is `1.6.0` too. */
async function keepHighestTag(head: TargetHead, image: DeployedImage, target: Target, world: World): Promise<void> {
  const { current } = head
  if (target.tags.kind !== 'semver' || current.image.digest !== image.digest || !isNewer(target, image, current.image))
    return
  const { version: _version, ...rest } = head
  const stored = await writeHead(world.table, { ...rest, current: { ...current, image } }, head)
  if (!stored)
    throw new Problem('retry', 'deployment-overtaken', `${target.name} was changed by another push at the same time.`)
}

function age(claim: Claim, world: World): number {
  return world.clock.now().getTime() - Date.parse(claim.claimedAt)
}

/** The claim that this very event made, when it was delivered before. */
function ownClaim(head: TargetHead, push: ImagePush): Claim | undefined {
  return [head.current, ...head.earlier].find(claim => claim.event.id === push.eventId)
}

async function lastStarted(target: Target, world: World): Promise<Deployment | undefined> {
  const deployments = await listDeployments(world.table, target.name, 20)
  return deployments.find(deployment => deployment.state === 'started')
}

async function keepTrace(
  push: ImagePush,
  image: DeployedImage | undefined,
  target: Target,
  running: RunningImage | undefined,
  trace: { verdict: 'skip' | 'retry' | 'refuse'; reason: string; detail: string },
  world: World,
): Promise<void> {
  await recordDecision(world.table, {
    target: target.name,
    at: world.clock.now().toISOString(),
    event: { id: push.eventId, at: push.at },
    image: { repository: push.repository, tag: push.tag, digest: image?.digest ?? push.digest },
    ...trace,
    ...(running && { before: traceOf(running) }),
  })
}

function traceOf(running: RunningImage): NonNullable<Deployment['before']> {
  const { tag, digest, number } = running
  return {
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    ...(number !== undefined && { number }),
  }
}

function ended(problem: Problem): Outcome {
  const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
  return { kind, reason: problem.reason, detail: problem.message }
}
