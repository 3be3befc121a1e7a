/**
 * The ledger: what each cluster cost a day, recomputed from its tasks and put, so that no rerun counts twice. What ended in an hour is
 * summed up once that hour is over, so that a day of a million tasks is not read again each time.
 */
import type { Table } from '../ports.ts'
import { endedTasks } from '../status/task-record.ts'
import { type Costing, DaySums } from './day-sums.ts'
import {
  type CostDay,
  type CostHour,
  type LedgerState,
  readDay,
  readHours,
  readState,
  writeDay,
  writeHour,
  writeState,
} from './ledger-records.ts'
import type { Metered } from './meter.ts'

/** A cluster as ECS has just answered. */
export interface ClusterNow {
  cluster: string
  /** On Fargate, and to run. */
  running: readonly Metered[]
  /** Not among them, and not on record as ended either: they count as if they ran, until their end is told. */
  silent?: readonly Metered[]
}

export interface LedgerMeans extends Costing {
  table: Table
  /** Of a task on record: whether it had a public address; undefined where nothing says. */
  publicIpOf: (task: Metered) => boolean | undefined
  /** False once nothing further is to be begun. */
  hasTime: () => boolean
}

const [hourMs, dayMs] = [3600_000, 24 * 3600_000]

/** Events and the index may be late: what ended in an hour is summed up an hour after it, and so a day is final an hour after it. */
const settleMs = hourMs

/**
 * EventBridge tries for a day to deliver what a task came to, and a recount comes once a day: by then that is two days ago, and so is the
 * day before a midnight which the task ran over.
 */
const recountedDays = 2

/** After a pause of the guard the days since are caught up with, but no more than the longest month and a bit. */
const mostDaysBack = 35

/**
 * Brings the days of a cluster that are not final up to date. `recount`: also those hours of today and of two days before that were
 * summed up already, for what came late; `silent` belongs to that, or a day loses what is not told yet. False when time ran out: nothing
 * of it is lost, and the next run goes on from there.
 */
export async function keepLedger(clusterNow: ClusterNow, means: LedgerMeans, recount: boolean): Promise<boolean> {
  const { cluster } = clusterNow
  const { table } = means
  const state = await readState(table, cluster)
  const days = openDays(state, means.now, recount)
  // Read before anything is summed up: of two runs at once, the one that saw less can't overwrite the other.
  const seen = new Map(await Promise.all(days.map(async day => [day, await readDay(table, day, cluster)] as const)))
  const current = await sumUpDays(clusterNow, days, means, recount)
  if (!current) return false
  for (const each of current) await writeDay(table, each, seen.get(each.day))
  await finish(days, cluster, state, means)
  return true
}

/** The days of a cluster that are not final, as keepLedger would put them now; nothing is written. Undefined when time ran out. */
export async function ledgerNow(clusterNow: ClusterNow, means: LedgerMeans): Promise<CostDay[] | undefined> {
  const days = openDays(await readState(means.table, clusterNow.cluster), means.now, false)
  return sumUpDays(clusterNow, days, { ...means, table: { ...means.table, put: async () => true } }, false)
}

async function sumUpDays(
  { cluster, running, silent = [] }: ClusterNow,
  days: readonly string[],
  means: LedgerMeans,
  recount: boolean,
): Promise<CostDay[] | undefined> {
  const known = await knownHours(cluster, days, means, recount)
  const sums = new DaySums(days, cluster, means)
  const ended = new Set<string>()
  for (const hour of hoursOf(days, means.now)) {
    const summed = known.get(hour)
    if (!summed && !means.hasTime()) return undefined
    sums.merge(summed ?? (await sumUp(hour, days, cluster, means, ended)))
  }
  // What has ended since ECS answered is counted as ended.
  const addressed = silent.map(task => withAddress(task, means.publicIpOf(task)))
  sums.addAll([...running, ...addressed].filter(({ arn }) => !ended.has(arn)))
  return sums.byDay().map(([day, costs]) => ({ ...costs, day, isFinal: isFinal(day, means.now) }))
}

/** Days that are not final yet, oldest first; the last one is today. */
function openDays(state: LedgerState | undefined, now: Date, recount: boolean): string[] {
  const today = dayOf(now)
  const first = state?.finalThrough === undefined ? dayOf(new Date(state?.since ?? now)) : dayAfter(state.finalThrough)
  const begun = state === undefined ? today : dayOf(new Date(state.since))
  const late = recountedFrom(now) < begun ? begun : recountedFrom(now)
  const again = recount && late < first ? late : first
  const farthest = dayOf(new Date(now.getTime() - mostDaysBack * dayMs))
  const days: string[] = []
  for (let day = again < farthest ? farthest : again; day <= today; day = dayAfter(day)) days.push(day)
  return days
}

const recountedFrom = (now: Date) => dayOf(new Date(now.getTime() - recountedDays * dayMs))

/** Hours that are summed up, by all the tags that are asked for now. */
async function knownHours(
  cluster: string,
  days: readonly string[],
  { table, tagKeys, now }: LedgerMeans,
  recount: boolean,
): Promise<ReadonlyMap<string, CostHour>> {
  const hours = await readHours(table, cluster, recount ? days.filter(day => day < recountedFrom(now)) : days)
  const usable = hours.filter(hour => tagKeys.every(key => hour.tagKeys.includes(key)))
  return new Map(usable.map(each => [each.hour, each]))
}

/** What ended in one hour; on record once that hour is over, and until then in `ended`, by ARN. */
async function sumUp(
  hour: string,
  days: readonly string[],
  cluster: string,
  means: LedgerMeans,
  ended: Set<string>,
): Promise<CostHour> {
  const isOver = Date.parse(`${hour}:00:00Z`) + hourMs + settleMs <= means.now.getTime()
  const sums = new DaySums(days, cluster, means)
  for await (const page of endedTasks(means.table, cluster, hour)) {
    sums.addAll(page.map(task => withAddress(task, means.publicIpOf(task))))
    if (!isOver) for (const { arn } of page) ended.add(arn)
  }
  const summed = { hour, ...sums.together() }
  if (isOver) await writeHour(means.table, summed)
  return summed
}

function withAddress(task: Metered, publicIp: boolean | undefined): Metered {
  return publicIp === undefined ? task : { ...task, publicIp }
}

async function finish(
  days: readonly string[],
  cluster: string,
  seen: Awaited<ReturnType<typeof readState>>,
  { table, now }: LedgerMeans,
): Promise<void> {
  const finalThrough = days.filter(day => isFinal(day, now)).at(-1) ?? seen?.finalThrough
  if (seen && finalThrough === seen.finalThrough) return
  const since = seen?.since ?? now.toISOString()
  await writeState(table, { cluster, since, ...(finalThrough !== undefined && { finalThrough }) }, seen, now)
}

const isFinal = (day: string, now: Date) => Date.parse(day) + dayMs + settleMs <= now.getTime()

/** Hours of UTC of these days, up to the one that `now` is in. */
function hoursOf([first]: readonly string[], now: Date): string[] {
  const hours: string[] = []
  for (let at = first === undefined ? Number.POSITIVE_INFINITY : Date.parse(first); at <= now.getTime(); at += hourMs)
    hours.push(new Date(at).toISOString().slice(0, 'yyyy-mm-ddThh'.length))
  return hours
}

const dayOf = (at: Date) => at.toISOString().slice(0, 10)
const dayAfter = (day: string) => dayOf(new Date(Date.parse(day) + dayMs))
