/** What a deployment may have started without ever having been the target's is put right: the head has the last word. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { startedTasks } from './attempts.ts'
import { isStanding } from './decide.ts'
import { type Claim, type Deployment, lastStarted, readDeployment, readTarget } from './records.ts'

/** A head that moves this often while one call is under way is put right by whoever moved it. */
const mostMoves = 5

/**
 * Nothing fences UpdateService or RunTask: a call of a deployment that was overtaken can reach ECS after the newer one's, and one
 * that failed half way has started some copies. So a service that is on this deployment's revision is put on what stands,
 * and copies are stopped. A job runs to its end: it is never killed.
 */
export async function settle(claim: Claim, target: Target, world: World): Promise<void> {
  const deployment = await readDeployment(world.table, target.name, claim.number)
  if (!deployment || deployment.attempts.length === 0) return
  const { where } = deployment
  if (where.kind === 'service' && where.service !== undefined)
    await putRight(deployment, where.cluster, where.service, target, world)
  if (where.kind === 'task' && !isStanding(deployment.state)) await stopCopies(deployment, target, world)
}

async function putRight(old: Deployment, cluster: string, name: string, target: Target, world: World): Promise<void> {
  for (let moves = 0; moves < mostMoves; moves++) {
    const wanted = await standingRevision(target, world)
    if (!wanted || wanted === old.revision?.arn) return
    const service = await world.fleet.describeService(cluster, name)
    if (service?.revision !== old.revision?.arn) return
    world.log.warn('put right', { target: target.name, deployment: old.number, revision: wanted })
    await world.fleet.updateService({ cluster, service: name, revision: wanted })
  }
}

/** The revision that the service is to be on; undefined when whoever carries the head has their call still before them. */
async function standingRevision(target: Target, world: World): Promise<string | undefined> {
  const { head, newest } = await readTarget(world.table, target.name)
  if (!head || newest?.number !== head.current.number) return undefined
  const standing = isStanding(newest.state) ? newest : await lastStarted(world.table, target.name)
  return standing?.revision?.arn
}

/** Lists may lag behind a start by minutes, and a start whose answer was lost is on no record: so both are looked at. */
async function stopCopies(old: Deployment, target: Target, world: World): Promise<void> {
  const { cluster } = old.where
  const all = new Set(startedTasks(old.attempts))
  const ended = new Set<string>()
  for (const { call } of old.attempts) {
    if (call.operation !== 'RunTask') continue
    for (const { arn, lastStatus } of await world.fleet.tasksStartedBy(cluster, call.startedBy))
      (stopping.has(lastStatus) ? ended : all).add(arn)
  }
  const reason = `Farguard: ${target.name} #${old.number} ${old.state === 'failed' ? 'did not start whole' : 'was overtaken before it had started'}`
  for (const task of all) if (!ended.has(task)) await world.fleet.stopTask(cluster, task, reason)
}

const stopping = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED'])
