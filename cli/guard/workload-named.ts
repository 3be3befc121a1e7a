/** The workload that the guard knows a name as: what `keep` and `undo` are about. */
import type { Target } from '../../shared/config/config.ts'
import { addressesOf } from '../../shared/guard/observe.ts'
import { copiesId, serviceId, taskId } from '../../shared/guard/workload.ts'
import type { Service } from '../../shared/ports.ts'
import { runningTasks, type TaskRecord } from '../../shared/status/task-record.ts'
import { configIfAny, find } from '../find.ts'
import { oneOf } from '../one-of.ts'
import type { Session } from '../session.ts'
import { workloadId } from './workload-names.ts'

export interface NamedWorkload {
  id: string
  cluster: string
  /** Of it, running by the records. `publicIp`: as far as farguard.yml or the service says. */
  tasks: (TaskRecord & { publicIp?: boolean })[]
}

/** Throws where the name is of nothing, or of several. One task of a service, or one copy of a target, stands for all of them. */
export async function workloadNamed(name: string, session: Session): Promise<NamedWorkload> {
  const [, , cluster, id] = workloadId.exec(name) ?? []
  const found = await find(id === undefined ? name : [cluster, id].filter(Boolean).join('/'), session)
  if (found.is === 'target' && found.target.run.kind === 'task') return copies(found.target, session)
  const one = await oneOf(found, session)
  if (one.is === 'service') return ofService(one.cluster, one.service, session)
  const { task } = one
  const target = configIfAny(session).targets.find(each => each.name === task.target)
  if (target?.run.kind === 'task') return copies(target, session)
  const service =
    task.service === undefined ? undefined : await session.stack.fleet.describeService(task.cluster, task.service)
  if (service) return ofService(task.cluster, service, session)
  const isRunning = task.lastStatus !== 'STOPPED' && !task.lost
  return {
    id: taskId(task.cluster, task.arn),
    cluster: task.cluster,
    tasks: priced(isRunning ? [task] : [], [], session),
  }
}

async function copies(target: Target, session: Session): Promise<NamedWorkload> {
  const tasks = await running({ target: target.name }, session)
  return { id: copiesId(target.name), cluster: target.cluster, tasks: priced(tasks, [], session) }
}

async function ofService(cluster: string, service: Service, session: Session): Promise<NamedWorkload> {
  const target = configIfAny(session).targets.find(
    ({ run, cluster: at }) => run.kind === 'service' && run.service === service.name && at === cluster,
  )
  const tasks = await running(target ? { target: target.name } : { cluster }, session)
  const own = tasks.filter(task => task.service === service.name)
  return { id: serviceId(cluster, service.name), cluster, tasks: priced(own, [service], session) }
}

async function running(whose: { target: string } | { cluster: string }, { stack }: Session): Promise<TaskRecord[]> {
  const found: TaskRecord[] = []
  for await (const page of runningTasks(stack.table, whose)) found.push(...page)
  return found
}

function priced(tasks: readonly TaskRecord[], services: readonly Service[], session: Session): NamedWorkload['tasks'] {
  return tasks.map(task => {
    const publicIp = addressesOf(task.cluster, services, configIfAny(session))(task)
    return publicIp === undefined ? task : { ...task, publicIp }
  })
}
