/** The one service or task that a name stands for. */
import { runningTasks, type TaskRecord } from '../shared/status/task-record.ts'
import { type Found, find } from './find.ts'
import { CommandError, type Session, UsageError } from './session.ts'
import { utc } from './times.ts'

/** A target stands for its service, or for its one task; throws, with a list, where it has several. */
export async function oneOf(found: Found, session: Session): Promise<Exclude<Found, { is: 'target' }>> {
  if (found.is !== 'target') return found
  const { target } = found
  if (target.run.kind === 'service') {
    const service = await session.stack.fleet.describeService(target.cluster, target.run.service)
    if (!service)
      throw new CommandError(
        `Cluster ${target.cluster} has no service ${target.run.service}, which target ${target.name} is to keep.`,
      )
    return { is: 'service', cluster: target.cluster, service }
  }
  const tasks: TaskRecord[] = []
  for await (const page of runningTasks(session.stack.table, { target: target.name })) tasks.push(...page)
  const [only, ...others] = tasks
  if (!only)
    throw new CommandError(`No task of ${target.name} runs by the records. farguard status ${target.name} shows more.`)
  if (others.length === 0) return find(only.arn, session) as Promise<Exclude<Found, { is: 'target' }>>
  const list = tasks.map(({ arn, at }) => `  ${arn}  since ${utc(at)}`)
  throw new UsageError([`${target.name} has ${tasks.length} tasks; name one:`, ...list].join('\n'))
}
