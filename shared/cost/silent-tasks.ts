/** Tasks that have ended without anybody hearing when: what they cost until then must not be lost from the days that they ran on. */
import type { Config } from '../config/config.ts'
import type { Table } from '../ports.ts'
import { runningTasks, type TaskRecord } from '../status/task-record.ts'

/** Those of a cluster that are on record as running, and that ECS, in its answer `running`, does not have among what runs. */
export async function silentTasks(
  table: Table,
  cluster: string,
  running: readonly { arn: string }[],
  { targets }: Config,
): Promise<TaskRecord[]> {
  const known = new Set(running.map(({ arn }) => arn))
  const own = targets.filter(each => each.cluster === cluster)
  const silent: TaskRecord[] = []
  for (const whose of [{ cluster }, ...own.map(({ name }) => ({ target: name }))])
    for await (const page of runningTasks(table, whose))
      silent.push(...page.filter(task => task.cluster === cluster && !known.has(task.arn)))
  return silent
}
