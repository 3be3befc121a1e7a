/** What has become of a deployment's tasks: ECS's answer, and our records of what ECS does not tell any more. */
import type { World } from '../ports.ts'
import { readTasks } from '../status/task-record.ts'
import { whyStopped } from '../status/why-stopped.ts'
import type { Deployment } from './records.ts'
import { readsLagMs, type TaskFact } from './verify.ts'

/** A task counts as ended once it is STOPPED: only then are its exit codes there. */
export async function observeTasks(deployment: Deployment, arns: readonly string[], world: World): Promise<TaskFact[]> {
  if (arns.length === 0) return []
  const described = new Map(
    (await world.fleet.describeTasks(deployment.where.cluster, arns)).map(task => [task.arn, task]),
  )
  const missing = arns.filter(arn => !described.has(arn))
  const recorded = new Map((await readTasks(world.table, missing)).map(record => [record.arn, record]))
  return arns.map((arn): TaskFact => {
    const task = described.get(arn)
    if (task) {
      const stopped = task.lastStatus === 'STOPPED' ? whyStopped(task) : undefined
      return stopped ? { arn, is: 'ended', task, stopped } : { arn, is: 'live', task }
    }
    const record = recorded.get(arn)
    if (record?.stopped && record.lastStatus === 'STOPPED')
      return { arn, is: 'ended', task: record, stopped: record.stopped }
    return isRecent(deployment, arn, world.clock.now()) ? { arn, is: 'live' } : { arn, is: 'lost' }
  })
}

function isRecent({ attempts }: Deployment, arn: string, now: Date): boolean {
  const outcome = attempts.map(attempt => attempt.outcome).find(each => each?.tasks?.includes(arn))
  return outcome !== undefined && now.getTime() - Date.parse(outcome.at) < readsLagMs
}
