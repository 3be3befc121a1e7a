/** Whose logs are shown: the newest running tasks of what was named, or those that stopped last. */
import { startedTasks } from '../../shared/deploy/attempts.ts'
import { deploymentsOf } from '../../shared/deploy/records.ts'
import type { Task } from '../../shared/ports.ts'
import { readTasks, runningTasks, type TaskRecord } from '../../shared/status/task-record.ts'
import { configIfAny, type Found } from '../find.ts'
import type { Session } from '../session.ts'

/** More at once nobody can read. */
const mostTasks = 5
/** Deployments, newest first, that are looked through for tasks that have stopped. */
const mostDeployments = 5

/** At most five, newest first; `running`: how many run in all. None when nothing runs and nothing that stopped is known. */
export async function newestTasks(found: Found, session: Session): Promise<{ tasks: Task[]; running: number }> {
  if (found.is === 'task') return { tasks: [found.task], running: 1 }
  const running = await runningOf(found, session)
  const tasks = running.length > 0 ? running : await stoppedOf(found, session)
  return { tasks: newestFirst(tasks).slice(0, mostTasks), running: running.length }
}

async function runningOf(found: Exclude<Found, { is: 'task' }>, session: Session): Promise<TaskRecord[]> {
  const { table } = session.stack
  const tasks: TaskRecord[] = []
  for (const whose of keysOf(found, session)) for await (const page of runningTasks(table, whose)) tasks.push(...page)
  return found.is === 'target' ? tasks : tasks.filter(({ service }) => service === found.service.name)
}

/** A service's tasks are on record under its target, or under the cluster where it is of none. */
function keysOf(found: Exclude<Found, { is: 'task' }>, session: Session): ({ target: string } | { cluster: string })[] {
  if (found.is === 'target') return [{ target: found.target.name }]
  const { cluster, service } = found
  const targets = configIfAny(session).targets.filter(
    ({ run, ...at }) => at.cluster === cluster && run.kind === 'service' && run.service === service.name,
  )
  return [...targets.map(({ name }) => ({ target: name })), { cluster }]
}

async function stoppedOf(found: Exclude<Found, { is: 'task' }>, session: Session): Promise<Task[]> {
  if (found.is === 'service') return stoppedOfService(found.cluster, found.service.name, session)
  const { target } = found
  if (target.run.kind === 'service') return stoppedOfService(target.cluster, target.run.service, session)
  const tasks: TaskRecord[] = []
  let left = mostDeployments
  for await (const deployment of deploymentsOf(session.stack.table, target.name)) {
    tasks.push(...(await readTasks(session.stack.table, startedTasks(deployment.attempts))))
    if (tasks.length > 0 || --left === 0) break
  }
  return tasks
}

/** The scheduler's tasks are named by no record of ours once they have stopped: ECS knows them for an hour. */
async function stoppedOfService(cluster: string, service: string, { stack }: Session): Promise<Task[]> {
  const tasks: Task[] = []
  for await (const page of stack.fleet.listTasks(cluster, 'stopped')) {
    const described = await stack.fleet.describeTasks(cluster, page)
    tasks.push(...described.filter(({ group }) => group === `service:${service}`))
  }
  return tasks
}

function newestFirst(tasks: readonly Task[]): Task[] {
  return tasks.toSorted((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? 1 : -1))
}
