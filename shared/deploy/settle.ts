/** What was started by a deployment that does not count is put right: the head has the last word. */
import type { Target } from '../config/config.ts'
import { RefusedError, type Service, type World } from '../ports.ts'
import { liveTasks } from './attempts.ts'
import { isSamePlace, placeOf } from './place.ts'
import {
  type Deployment,
  deploymentsOf,
  hasRun,
  isStanding,
  readDeployment,
  readTarget,
  type TargetHead,
} from './records.ts'

/** A head that moves this often while one call is under way is put right by whoever moved it. */
const mostMoves = 5

/**
 * Whoever acts for an older head has read it before the newer claim, and no Lambda lives longer than this: a service that is put on
 * an older revision later than that is so by somebody's wish. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const longestLambdaMs = 15 * 60_000

/**
 * Nothing fences UpdateService: a call of a deployment that was overtaken can reach ECS after the newer one's. So a service that is
 * on the revision of another deployment of ours is put on what stands. What anybody else has done to it is left alone. Says whether
 * anything was put right.
 */
export async function putRight(target: Target, world: World): Promise<boolean> {
  const { run, cluster } = target
  let moves = 0
  for (; run.kind === 'service' && moves < mostMoves; moves++) {
    const standing = await standingRevision(target, world)
    if (!standing) break
    const service = await world.fleet.describeService(cluster, run.service)
    if (!service || service.revision === standing.revision || isSomebodysWish(service, standing.head)) break
    if (!(await isOfOurs(service.revision, target, world))) break
    world.log.warn('put right', { target: target.name, was: service.revision, is: standing.revision })
    await world.fleet.updateService({ cluster, service: run.service, revision: standing.revision })
  }
  return moves > 0
}

/** The revision that the service is to be on; undefined when whoever carries the head has their call still before them. */
export async function standingRevision(
  target: Target,
  world: World,
): Promise<{ head: TargetHead; revision: string } | undefined> {
  const { head, newest } = await readTarget(world.table, target.name)
  if (!head || newest?.number !== head.current.number) return undefined
  if (newest.state === 'starting' && !newest.attempts.some(({ call }) => call.operation === 'UpdateService'))
    return undefined
  const standing = isStanding(newest) ? newest : await lastGoodHere(target, head, world)
  if (!standing?.revision || !isSamePlace(standing.where, placeOf(target))) return undefined
  return { head, revision: standing.revision.arn }
}

/**
 * The last deployment to where the target runs that came to run and was not given up: what is gone back to. None of a digest that
 * is quarantined, whatever deployment it was of.
 */
export async function lastGoodHere(target: Target, head: TargetHead, world: World): Promise<Deployment | undefined> {
  const isQuarantined = ({ image }: Deployment) => head.quarantine.some(each => each.digest === image.digest)
  for await (const deployment of deploymentsOf(world.table, target.name))
    if (hasRun(deployment) && isSamePlace(deployment.where, placeOf(target)) && !isQuarantined(deployment))
      return deployment
  return undefined
}

function isSomebodysWish({ deployments, revision }: Service, head: TargetHead): boolean {
  const since = deployments.find(each => each.revision === revision)?.createdAt
  return since !== undefined && since.getTime() > Date.parse(head.current.claimedAt) + longestLambdaMs
}

async function isOfOurs(revision: string, target: Target, world: World): Promise<boolean> {
  for await (const deployment of deploymentsOf(world.table, target.name))
    if (deployment.revision?.arn === revision && isSamePlace(deployment.where, placeOf(target))) return true
  return false
}

/** Stops the copies that these deployments started without having come to count. A job runs to its end: it is never killed. */
export async function stopStrays(target: string, numbers: readonly number[], world: World): Promise<void> {
  for (const number of numbers) {
    const deployment = await readDeployment(world.table, target, number)
    if (deployment?.where.kind !== 'task' || isStanding(deployment)) continue
    const why = deployment.state === 'superseded' ? 'was overtaken before it had succeeded' : 'failed'
    await stopCopies(deployment, why, world)
  }
}

/** Lists may lag behind a start by minutes, and a start whose answer was lost is on no record: so both are looked at. */
export async function stopCopies(old: Deployment, why: string, world: World): Promise<void> {
  const { cluster } = old.where
  const copies = old.attempts.filter(({ purpose }) => purpose !== 'before')
  const all = new Set(liveTasks(old))
  const ended = new Set<string>()
  const reason = `Farguard: ${old.target} #${old.number} ${why}`
  const said = (error: unknown) => sayNotStopped(error, old, world)
  for (const { call } of copies) {
    if (call.operation !== 'RunTask') continue
    const listed = await world.fleet.tasksStartedBy(cluster, call.startedBy).catch(said)
    for (const { arn, lastStatus } of listed ?? []) (stopping.has(lastStatus) ? ended : all).add(arn)
  }
  for (const task of all) if (!ended.has(task)) await stopTask(cluster, task, reason, old, world)
}

/** Stops one task of a deployment; what ECS refuses is said, and keeps nothing else from going on. */
export async function stopTask(
  cluster: string,
  task: string,
  reason: string,
  of: Deployment,
  world: World,
): Promise<void> {
  await world.fleet.stopTask(cluster, task, reason).catch(error => sayNotStopped(error, of, world))
}

/** ECS forgets a task an hour after it stopped, and a cluster may be gone with all that ran: neither may keep a newer push from its start. */
function sayNotStopped(error: unknown, { target, number }: Deployment, world: World): undefined {
  if (!(error instanceof RefusedError)) throw error
  world.log.warn('not stopped', { target, deployment: number, detail: error.message })
}

const stopping = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED'])
