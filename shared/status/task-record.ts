/** The record of a task: what ECS said of it last, whose it is, and why it stopped. One record a task, the highest version wins. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { pagesOf } from '../pages.ts'
import type { StoredRecord, Table, Task } from '../ports.ts'
import { type Belonging, belongingOf } from './belonging.ts'
import { asCut, cut } from './cut.ts'
import { type Stopped, whyStopped } from './why-stopped.ts'

export interface TaskRecord extends Task, Belonging {
  /** When it was created; where ECS did not say: when it was first heard of. */
  at: string
  stopped?: Stopped
  /** ECS does not know it any more and nobody saw its end. A later event still counts. */
  lost?: { at: string }
}

/** Version of the record's own shape. */
const schema = 1
const sk = 'TASK'

/** Longer than the period that the task is billed in takes to close, and than anybody asks back. */
const keptSeconds = 400 * 24 * 60 * 60

/** ECS's reads may lag behind a start by five minutes: a task that it does not know means nothing for twice as long. */
const lostAfterMs = 10 * 60_000

/** What came of a task that was to go on record. `older`: the record is of a higher version, or of the task's end. */
export type Written = 'written' | 'older' | 'same'

/** How something was heard of a task. */
export interface Hearing {
  config: Config
  /** A look tells health and tags, and may differ from another one of the same version; an event never does. */
  from: 'event' | 'look'
  /** When ECS said it, ISO 8601. */
  at: string
  /** What was on record of the task before. */
  seen?: TaskRecord | undefined
}

export async function readTask(table: Table, arn: string): Promise<TaskRecord | undefined> {
  const record = await table.get(keyOf(arn), sk)
  return record && contentOf(record)
}

/** The tasks that are on record, in no order. */
export async function readTasks(table: Table, arns: readonly string[]): Promise<TaskRecord[]> {
  if (arns.length === 0) return []
  const records = await table.getMany(arns.map(arn => ({ pk: keyOf(arn), sk })))
  return records.map(contentOf)
}

/** The tasks on record that run, of a target or of no target in a cluster, page by page, oldest first. */
export async function* runningTasks(
  table: Table,
  whose: { target: string } | { cluster: string },
): AsyncGenerator<TaskRecord[]> {
  for await (const indexed of indexedTasks(table, whose)) {
    // The index lags behind: what has ended since is seen in the records themselves.
    const records = await table.getMany(indexed.map(({ arn }) => ({ pk: keyOf(arn), sk })))
    const running = records
      .filter(record => record.runningKey === runningKeyOf(whose))
      .sort((a, b) => (a.at < b.at ? -1 : 1))
    if (running.length > 0) yield running.map(contentOf)
  }
}

/** As runningTasks by the index alone, which lags behind: for whoever asks ECS about each of them anyway. */
export async function* indexedTasks(
  table: Table,
  whose: { target: string } | { cluster: string },
): AsyncGenerator<TaskRecord[]> {
  for await (const page of pagesOf(table, { by: 'runningKey', equals: runningKeyOf(whose) }))
    if (page.length > 0) yield page.map(contentOf)
}

/** The tasks of a cluster that ended within an hour of UTC, such as `2026-03-01T22`, page by page. By the index, which lags behind. */
export async function* endedTasks(table: Table, cluster: string, hour: string): AsyncGenerator<TaskRecord[]> {
  for await (const page of pagesOf(table, { by: 'endedKey', equals: endedKeyOf(cluster, hour) }))
    if (page.length > 0) yield page.map(contentOf)
}

/** Puts a task on record when this is news: a higher version, or a look that finds more. A task that ended never reopens. */
export async function writeTask(table: Table, task: Task, hearing: Hearing): Promise<Written> {
  const { seen } = hearing
  if (seen && (seen.version > task.version || (hasEnded(seen) && seen.version < task.version))) return 'older'
  if (seen?.version === task.version && hearing.from === 'event') return 'same'
  const record = recordOf(task, hearing)
  if (seen?.version !== task.version)
    return (await table.put(stored(record, hearing.at), 'newer')) ? 'written' : 'older'
  if (isDeepStrictEqual(record, seen)) return 'same'
  return (await table.put(stored(record, hearing.at), { version: seen.version })) ? 'written' : 'older'
}

/** Whether a task that ECS does not know can be said to be lost: unfinished, and long enough after its start. */
export function canBeLost(record: TaskRecord, now: Date): boolean {
  return !hasEnded(record) && !record.lost && now.getTime() - Date.parse(record.at) >= lostAfterMs
}

/** Says on record that a task is lost; false when it is not to be, or something was heard of it meanwhile. */
export async function markLost(table: Table, record: TaskRecord, now: Date): Promise<boolean> {
  if (!canBeLost(record, now)) return false
  const at = now.toISOString()
  return table.put(stored({ ...record, lost: { at } }, at), { version: record.version })
}

/** What goes on record of a task. Pure. */
export function recordOf(task: Task, { config, at, seen }: Hearing): TaskRecord {
  const told = withWhatWasSeen(asCut(task), seen)
  const stopped = whyStopped(told)
  return {
    ...told,
    ...belongingOf(told, config),
    at: told.createdAt ?? told.startedAt ?? seen?.at ?? at,
    ...(stopped && { stopped: { ...stopped, detail: cut(stopped.detail, mostDetailBytes) } }),
  }
}

const mostDetailBytes = 8 * 1024

/** No event tells health, tags and platform, and ECS tells no tags of a task that has stopped: what a look saw of them stays. */
function withWhatWasSeen(task: Task, seen: TaskRecord | undefined): Task {
  if (!seen) return task
  const hasTags = Object.keys(task.tags ?? {}).length > 0
  const tags = hasTags || (task.tags && !hasEnded(task)) ? task.tags : (seen.tags ?? task.tags)
  const withHealth = <T extends { health?: string }>(now: T, before: { health?: string } | undefined): T => {
    const isSaid = now.health !== undefined && !(hasEnded(task) && now.health === 'UNKNOWN')
    return isSaid || before?.health === undefined ? now : { ...now, health: before.health }
  }
  return {
    ...withHealth(task, seen),
    ...(tags && { tags }),
    ...(task.platformFamily === undefined &&
      seen.platformFamily !== undefined && { platformFamily: seen.platformFamily }),
    containers: task.containers.map(container =>
      withHealth(
        container,
        seen.containers.find(({ name }) => name === container.name),
      ),
    ),
  }
}

function hasEnded({ lastStatus }: Task): boolean {
  return lastStatus === 'STOPPED' || lastStatus === 'DELETED'
}

function stored(record: TaskRecord, at: string): StoredRecord {
  const isClosed = hasEnded(record)
  const isOver = isClosed || record.lost !== undefined
  const overAt = record.lost?.at ?? record.stoppedAt ?? record.executionStoppedAt ?? record.stoppingAt ?? at
  return {
    ...record,
    pk: keyOf(record.arn),
    sk,
    schema,
    ...(isClosed && { isClosed }),
    ...(isOver
      ? {
          expiresAt: Math.floor(Date.parse(overAt) / 1000) + keptSeconds,
          endedKey: endedKeyOf(record.cluster, hourOf(overAt)),
        }
      : { runningKey: runningKeyOf(record) }),
  }
}

function runningKeyOf(whose: { target?: string; cluster?: string }): string {
  return whose.target === undefined ? `CLUSTER#${whose.cluster}` : `TARGET#${whose.target}`
}

function endedKeyOf(cluster: string, hour: string): string {
  return `ENDED#${cluster}#${hour}`
}

const hourOf = (at: string) => new Date(at).toISOString().slice(0, 'yyyy-mm-ddThh'.length)

/** `TASK#<cluster>/<id>`; of an ARN in the older form, which names no cluster: `TASK#<id>`. */
function keyOf(arn: string): string {
  return `TASK#${arn.slice(arn.indexOf(':task/') + ':task/'.length)}`
}

/** A record without the members that only the table needs. */
function contentOf(record: StoredRecord): TaskRecord {
  const {
    pk: _pk,
    sk: _sk,
    schema: _schema,
    runningKey: _running,
    endedKey: _ended,
    isClosed: _closed,
    expiresAt: _expires,
    ...rest
  } = record
  return rest as unknown as TaskRecord
}
