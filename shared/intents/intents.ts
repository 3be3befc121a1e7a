/** Operators' intents, carried out under the control plane's own rights. Each may come twice: what was done already is not done again. */
import type { Intent, Wish } from '../../events/control-message.ts'
import { isOurCluster } from '../config/clusters.ts'
import type { Config, Target } from '../config/config.ts'
import { deployToTarget } from '../deploy/deploy-to-target.ts'
import { historyOf } from '../deploy/gone-back-to.ts'
import { changeGate } from '../deploy/park.ts'
import { isOnFargate } from '../deploy/prepare.ts'
import { asProblem, Problem } from '../deploy/problem.ts'
import type { ImagePush } from '../deploy/push.ts'
import { type DeployedImage, readTarget, writeHead } from '../deploy/records.ts'
import { deployWanted } from '../deploy/sweep-images.ts'
import { imageNow } from '../deploy/wanted.ts'
import { findParked } from '../guard/records.ts'
import { guardWish } from '../guard/wishes.ts'
import { serviceId } from '../guard/workload.ts'
import type { Outcome } from '../outcome.ts'
import type { ScalingWorld, World } from '../ports.ts'
import { whyNotOurs } from '../status/record-tasks.ts'
import { type Done, readIntentOutcome, recordIntentOutcome } from './intent-record.ts'

/** A tag's, or an image's, approvals that a target remembers. */
const mostApprovals = 20

/** Carries an intent out and puts its outcome on record, where the command waits for it. */
export async function carryOutIntent(intent: Intent, config: Config, world: ScalingWorld): Promise<Outcome> {
  const { id, by, wish } = intent
  if (await readIntentOutcome(world.table, id)) return { kind: 'skipped', reason: 'carried-out-before' }
  const done = await asDone(intent, config, world)
  if ('kind' in done) return done
  await recordIntentOutcome(world.table, { id, at: world.clock.now().toISOString(), by, wish, ...done })
  world.log.info(`${wish.do} ${done.state}`, { by, reason: done.reason, detail: done.detail })
  return done.state === 'done'
    ? { kind: 'done', what: `${wish.do}: ${done.detail}` }
    : { kind: 'skipped', reason: done.reason, detail: done.detail }
}

/** An Outcome where it is to be tried again. */
async function asDone(intent: Intent, config: Config, world: ScalingWorld): Promise<Done | Outcome> {
  try {
    return await carryOut(intent, config, world)
  } catch (error) {
    const problem = asProblem(error, `Carrying out ${intent.wish.do}`)
    if (!(problem instanceof Problem)) throw problem
    if (problem.kind === 'retry') return { kind: 'retryable', reason: problem.reason, detail: problem.message }
    return refused(problem.reason, problem.message)
  }
}

async function carryOut(intent: Intent, config: Config, world: ScalingWorld): Promise<Done> {
  const { wish } = intent
  switch (wish.do) {
    case 'deploy':
      return deployByName(wish, intent, config, world)
    case 'stop-task':
    case 'stop-service':
      return stop(wish, intent, config, world)
    case 'keep':
    case 'undo':
    case 'wake':
      return guardWish(wish, intent, config, world)
  }
  const target = config.targets.find(({ name }) => name === wish.target)
  if (!target)
    return refused('no-such-target', `farguard.yml has no target ${wish.target} where this stack was deployed.`)
  switch (wish.do) {
    case 'rollback':
      return rollBack(target, wish.to, intent, world)
    case 'hold':
      return hold(target, wish.because, intent, world)
    case 'release':
      return release(target, world)
    case 'approve':
      return approve(target, wish.tag, intent, world)
  }
}

async function deployByName(
  { repository, tag, target: name }: Extract<Wish, { do: 'deploy' }>,
  intent: Intent,
  config: Config,
  world: World,
): Promise<Done> {
  const targets = config.targets.filter(
    each => each.repository === repository && (name === undefined || each.name === name),
  )
  if (targets.length === 0)
    return refused(
      'no-such-target',
      `No target${name === undefined ? '' : ` ${name}`} of farguard.yml is for ${repository}.`,
    )
  const push = await asPush({ repository, tag }, intent, world)
  if (!push) return refused('image-gone', `${repository}:${tag} names no image that ECR can give.`)
  return deployTo(targets, push, () => imageNow(push, world), world)
}

/** Puts each target on the image: an operator's word stands above order and gates, not above a quarantine. */
async function deployTo(
  targets: readonly Target[],
  push: ImagePush,
  look: () => Promise<DeployedImage | undefined>,
  world: World,
): Promise<Done> {
  const deployments: Done['deployments'] = []
  const refusals: string[] = []
  for (const target of targets) {
    const outcome = await deployToTarget(push, look, target, world)
    const { head } = await readTarget(world.table, target.name)
    const own = [head?.current, ...(head?.earlier ?? [])].find(each => each?.event.id === push.eventId)
    // Where this very image is being started already, that is the answer.
    const claim = own ?? (outcome.kind === 'done' ? head?.current : undefined)
    if (claim) deployments.push({ target: target.name, number: claim.number })
    if (outcome.kind === 'retryable' && !claim) throw new Problem('retry', 'aws-unavailable', outcome.detail)
    if (outcome.kind !== 'done' && outcome.kind !== 'retryable')
      refusals.push(`${target.name}: ${refusalText(outcome, target)}`)
  }
  if (deployments.length === 0) return refused('not-deployed', refusals.join('; '))
  const names = deployments.map(each => `${each.target} #${each.number}`).join(', ')
  return { state: 'done', reason: 'deployed', detail: [`${push.tag} as ${names}`, ...refusals].join('; '), deployments }
}

function refusalText({ reason, detail = reason }: { reason: string; detail?: string }, { name }: Target): string {
  return reason === 'quarantined' ? `quarantined, ${detail}. farguard release ${name} lets it run again` : detail
}

async function rollBack(target: Target, to: string | undefined, intent: Intent, world: World): Promise<Done> {
  const own = await ownImage(target, intent, world)
  const image = own ?? (await imageBefore(target, to, world))
  if ('refused' in image) return refused('nothing-to-go-back-to', image.refused)
  const push = await asPush({ repository: image.repository, digest: image.digest }, intent, world)
  if (!push)
    return refused(
      'image-gone',
      `${image.tag} (${image.digest}) ran before, but ECR can't give it any more. Push it again, or choose another with --to.`,
    )
  return deployTo([target], { ...push, tag: image.tag }, async () => image, world)
}

/** The image that this very intent went back to when it came before. */
async function ownImage(target: Target, { id }: Intent, world: World): Promise<DeployedImage | undefined> {
  const { head } = await readTarget(world.table, target.name)
  return head && [head.current, ...head.earlier].find(({ event }) => event.id === id)?.image
}

/** What ran here before and did not fail: the last one, or the last that `to` names. */
async function imageBefore(
  target: Target,
  to: string | undefined,
  world: World,
): Promise<DeployedImage | { refused: string }> {
  const { before, all } = await historyOf(target, await readTarget(world.table, target.name), world)
  const found = to === undefined ? before : all.find(({ image }) => isNamed(image, to))
  if (found) return found.image
  return {
    refused:
      to === undefined
        ? `Nothing but what runs has ever run as ${target.name}.`
        : `${to} never ran as ${target.name}. See farguard deployments ${target.name}, or farguard deploy ${target.repository}:${to}`,
  }
}

function isNamed({ tag, digest }: DeployedImage, to: string): boolean {
  return (
    tag === to ||
    digest === to ||
    (/^(sha256:)?[0-9a-f]{7,64}$/.test(to) && digest.slice(7).startsWith(to.replace('sha256:', '')))
  )
}

async function asPush(
  { repository, ...id }: { repository: string; tag?: string; digest?: string },
  { id: eventId, at, by }: Intent,
  world: World,
): Promise<ImagePush | undefined> {
  const named = id.tag === undefined ? { digest: id.digest ?? '' } : { tag: id.tag }
  const [found] = await world.registry.describeImages(repository, [named])
  if (!found || found.isArchived) return undefined
  const { digest, region, account, tags } = found
  if (account === undefined)
    throw new Problem('refuse', 'aws-refused', `ECR did not say whose registry ${repository} is in.`)
  return { source: 'operator', eventId, at, by, account, region, repository, tag: id.tag ?? tags[0] ?? digest, digest }
}

async function hold(target: Target, because: string | undefined, { by, at }: Intent, world: World): Promise<Done> {
  await changeGate(target.name, world, gate => ({
    ...gate,
    hold: { because: because ?? gate.hold?.because ?? 'no reason given', by, at },
  }))
  return done('held', `Nothing is deployed to ${target.name} but by name, until farguard release ${target.name}.`)
}

/** Opens a hold, lifts quarantines and the floor, and lets what waits go. */
async function release(target: Target, world: World): Promise<Done> {
  await changeGate(target.name, world, ({ hold: _hold, ...gate }) => gate)
  for (;;) {
    const { head } = await readTarget(world.table, target.name)
    if (!head) break
    const { version: _version, floor: _floor, ...rest } = head
    if (await writeHead(world.table, { ...rest, quarantine: [], releasedAt: world.clock.now().toISOString() }, head))
      break
  }
  return letGo(target, `${target.name} is released`, world)
}

async function approve(target: Target, tag: string, { by, at }: Intent, world: World): Promise<Done> {
  const image = await imageNow({ repository: target.repository, tag }, world)
  if (!image) return refused('image-gone', `${target.repository}:${tag} names no image that ECR can give.`)
  const { digest } = image
  await changeGate(target.name, world, gate => {
    const others = gate.approvals.filter(each => each.digest !== digest)
    return { ...gate, approvals: [{ digest, tag, by, at }, ...others].slice(0, mostApprovals) }
  })
  return letGo(target, `${tag} (${digest.slice(0, 19)}) is approved for ${target.name}`, world)
}

/** What the repository holds now goes through the gates as they are now. */
async function letGo(target: Target, what: string, world: World): Promise<Done> {
  const before = (await readTarget(world.table, target.name)).head?.current.number
  const outcome = (await deployWanted(target.repository, [target], world)).get(target.name)
  const after = (await readTarget(world.table, target.name)).head?.current
  const deployments = after && after.number !== before ? [{ target: target.name, number: after.number }] : []
  const since = after && deployments.length > 0 ? `${after.image.tag} goes as #${after.number}` : outcomeText(outcome)
  return { ...done('released', `${what}; ${since}.`), deployments }
}

function outcomeText(outcome: Outcome | undefined): string {
  if (!outcome || outcome.kind === 'done') return 'nothing waits for it'
  return `not deployed yet: ${outcome.reason}${outcome.detail ? `: ${outcome.detail}` : ''}`
}

async function stop(
  wish: Extract<Wish, { do: 'stop-task' | 'stop-service' }>,
  { by }: Intent,
  config: Config,
  world: World,
): Promise<Done> {
  const { cluster, because } = wish
  if (!isOurCluster(cluster, config))
    return refused('cluster-not-ours', `Cluster ${cluster} is none of farguard.yml's: nothing in it is touched.`)
  if (wish.do === 'stop-service') {
    const service = await world.fleet.describeService(cluster, wish.service)
    if (service?.status !== 'ACTIVE')
      return refused('no-such-service', `Cluster ${cluster} has no active service ${wish.service}.`)
    if (!isOnFargate(service))
      return refused('not-fargate', `Service ${wish.service} does not run on Fargate: it is not touched.`)
    if (service.desiredCount === 0) {
      const parked = await findParked(world.table, serviceId(cluster, wish.service))
      const isParked = parked && parked.state !== 'over'
      const back = isParked ? ' The guard has stopped it, and puts it back when its reasons end.' : ''
      return done('stopped-already', `Service ${wish.service} is at 0 copies already.${back}`)
    }
    await world.fleet.setDesiredCount(cluster, wish.service, 0)
    return done('stopped', `Service ${wish.service} goes from ${service.desiredCount} to 0 copies.`)
  }
  const [task] = await world.fleet.describeTasks(cluster, [wish.task])
  if (!task) return refused('no-such-task', `Cluster ${cluster} has no task ${wish.task}, or ECS has forgotten it.`)
  if (whyNotOurs(task, config))
    return refused('not-fargate', `Task ${wish.task} does not run on Fargate: it is not touched.`)
  if (task.lastStatus === 'STOPPED') return done('stopped-already', `Task ${wish.task} has stopped already.`)
  // Not under Farguard's own name: why a task stopped is told by who wanted it, and a person did.
  await world.fleet.stopTask(
    cluster,
    task.arn,
    `Stopped by ${by}${because === undefined ? '' : `: ${because}`}`.slice(0, 255),
  )
  return done('stopped', `Task ${wish.task} is being stopped.`)
}

function done(reason: string, detail: string): Done {
  return { state: 'done', reason, detail, deployments: [] }
}

function refused(reason: string, detail: string): Done {
  return { state: 'refused', reason, detail, deployments: [] }
}
