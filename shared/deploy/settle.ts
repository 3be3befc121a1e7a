/** What a deployment that was overtaken may have started all the same is put right: the newer one has the last word. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { startedBy, startedTasks } from './attempts.ts'
import { type Claim, type Deployment, readDeployment, readTarget } from './records.ts'

/** A head that moves this often while one call is under way is put right by whoever moved it. */
const mostMoves = 5

/**
 * A call of an overtaken deployment can reach ECS after the newer one's: nothing fences UpdateService or RunTask. So a service
 * that is on the old revision is put on the head's, and old copies are stopped. A job runs to its end: it is never killed.
 */
export async function settle(overtaken: Claim, target: Target, world: World): Promise<void> {
  if (target.run.kind === 'job') return
  const old = await readDeployment(world.table, target.name, overtaken.number)
  if (!old || old.attempts.length === 0 || old.state === 'failed') return
  if (target.run.kind === 'task') {
    if (old.state === 'superseded') await stopCopies(old, target, world)
    return
  }
  const { service: name } = target.run
  for (let moves = 0; moves < mostMoves; moves++) {
    const { head, newest } = await readTarget(world.table, target.name)
    const wanted = newest?.number === head?.current.number ? newest?.revision?.arn : undefined
    // Not registered yet: whoever carries the head has its call still before them.
    if (!wanted || wanted === old.revision?.arn) return
    const service = await world.fleet.describeService(target.cluster, name)
    if (service?.revision !== old.revision?.arn) return
    world.log.warn('put right', { target: target.name, was: old.number, is: newest?.number })
    await world.fleet.updateService({ cluster: target.cluster, service: name, revision: wanted })
  }
}

/** Lists may lag behind a start by minutes, and a start whose answer was lost is on no record: so both are looked at. */
async function stopCopies(old: Deployment, target: Target, world: World): Promise<void> {
  const listed = await world.fleet.tasksStartedBy(target.cluster, startedBy(target.name, old))
  const ended = new Set(listed.filter(task => stopping.has(task.lastStatus)).map(task => task.arn))
  const all = new Set([...listed.map(task => task.arn), ...startedTasks(old.attempts)])
  const reason = `Farguard: superseded before it had started (${target.name} #${old.number})`
  for (const task of all) if (!ended.has(task)) await world.fleet.stopTask(target.cluster, task, reason)
}

const stopping = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'])
