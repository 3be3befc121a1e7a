/** What has become of a deployment's tasks: ECS's answer, and our records of what ECS does not tell any more. */
import { RefusedError, type Task, type World } from '../ports.ts'
import { readTasks } from '../status/task-record.ts'
import { whyStopped } from '../status/why-stopped.ts'
import type { Deployment } from './records.ts'
import { readsLagMs, type TaskFact } from './verify.ts'

/**
 * A task counts as ended once it is STOPPED: only then are its exit codes there. ECS's answer may be older than what an event told,
 * and forgets what stopped; where the cluster is gone, so is what ran in it.
 */
export async function observeTasks(deployment: Deployment, arns: readonly string[], world: World): Promise<TaskFact[]> {
  if (arns.length === 0) return []
  const described = await tasksByEcs(deployment.where.cluster, arns, world)
  const recorded = await readTasks(world.table, arns)
  const byArn = (tasks: readonly Task[]) => new Map(tasks.map(task => [task.arn, task]))
  const [told, known] = [byArn(described), byArn(recorded)]
  return arns.map((arn): TaskFact => {
    const [task, record] = [told.get(arn), known.get(arn)]
    const newest = !task || (record && record.version > task.version) ? record : task
    if (newest?.lastStatus === 'STOPPED') {
      const stopped = whyStopped(newest)
      if (stopped) return { arn, is: 'ended', task: newest, stopped }
    }
    if (task) return { arn, is: 'live', task: newest ?? task }
    return isRecentStart(deployment, arn, world.clock.now()) ? { arn, is: 'live' } : { arn, is: 'lost' }
  })
}

async function tasksByEcs(cluster: string, arns: readonly string[], world: World): Promise<Task[]> {
  try {
    return await world.fleet.describeTasks(cluster, arns)
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'ClusterNotFoundException') return []
    throw error
  }
}

/** Reads lag behind a start: what was started a moment ago need not be shown yet. */
export function isRecentStart({ attempts }: Deployment, arn: string, now: Date): boolean {
  const outcome = attempts.map(attempt => attempt.outcome).find(each => each?.tasks?.includes(arn))
  return outcome !== undefined && now.getTime() - Date.parse(outcome.at) < readsLagMs
}
