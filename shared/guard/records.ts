/** What the guard keeps on record: what it parked, what people keep, what it did and what it remembers between runs. */
import type { Amount } from '../cost/amount.ts'
import { allOf } from '../pages.ts'
import type { ScalingTarget, StoredRecord, Table } from '../ports.ts'
import type { StopReason } from './verdict.ts'

/** A service, or the copies of a target, that the guard has stopped: one item, which decides. */
export interface Parked {
  /** Workload's id. */
  workload: string
  name: string
  cluster: string
  service?: string
  target?: string
  version: number
  /**
   * parking: on record, and perhaps not done yet → parked → waking: being put back → over. left: it came back by itself again, and is
   * not fought over.
   */
  state: 'parking' | 'parked' | 'waking' | 'left' | 'over'
  /** Written first, once: what it is put back to. */
  was: { desiredCount: number; revision?: string; scaling?: ScalingTarget }
  /** It comes back when none is left. */
  reasons: ParkReason[]
  /** ISO 8601 */
  at: string
  /** When it was seen stopped. */
  stoppedAt?: string
  costPerHour: Amount
  /** How often it was stopped again after it had come back by itself. */
  stoppedAgain: number
  /** How it came to its end, or why it was left. */
  ended?: { at: string; how: 'undone' | 'woken' | 'came-back' | 'gone'; detail: string }
}

export interface ParkReason {
  reason: StopReason
  detail: string
  at: string
  /** The guard run's id. */
  run: string
  /** When it ends by itself, ISO 8601. */
  until?: string
  budget?: string
}

/** Somebody wants it to run on. */
export interface Keep {
  workload: string
  until: string
  by: string
  because: string
  at: string
}

/** One thing that a run did, on record before it was done. */
export interface Action {
  run: string
  workload: string
  name: string
  at: string
  what: 'stop' | 'wake'
  reason: StopReason
  detail: string
  costPerHour: Amount
  /** For people: what was there before. */
  before: string
  /** planned: perhaps done, perhaps not. */
  state: 'planned' | 'done' | 'failed' | 'not-needed'
  /** Why it failed, or what was found instead. */
  came?: string
}

/** What was not spent: from the stop to the wake, or to the end of the month for what nothing brings back. */
export interface Saving {
  workload: string
  name: string
  cluster: string
  target?: string
  reason: StopReason
  from: string
  /** Absent: it is stopped still. */
  to?: string
  costPerHour: Amount
}

/** What a run came to. */
export interface GuardRun {
  /** `20261122-021500` */
  id: string
  at: string
  trigger: 'schedule' | 'report' | 'budget'
  mode: 'observe' | 'enforce'
  /** Of the farguard.yml that it went by. */
  config?: string
  counts: { workloads: number; keep: number; notJudged: number; warn: number; stop: number; parked: number }
  costPerHour: Amount
  warned: RunLine[]
  /** What was stopped; in mode observe: what would have been. */
  stopped: RunLine[]
  woken: RunLine[]
  failed: RunLine[]
  problems: string[]
  /** Steps that are reached, with their figures, and what keeps a budget from acting. */
  budgets: { budget: string; reached: string[]; problem?: string }[]
  limit?: string
  /** So many actions were left to the next run. */
  left: number
}

export interface RunLine {
  workload: string
  name: string
  reason: string
  detail: string
  costPerHour?: Amount
}

const schema = 1
const parkedKey = 'PARKED'
const keepKey = 'KEEP'
const day = 24 * 3600
const keptSeconds = 400 * day

export function content<T>(record: StoredRecord): T {
  const { pk: _pk, sk: _sk, schema: _schema, expiresAt: _expires, ...rest } = record
  return rest as unknown as T
}

async function all<T>(table: Table, pk: string): Promise<T[]> {
  return (await allOf(table, { by: 'pk', equals: pk })).map(record => content<T>(record))
}

/** All that is parked, was left, or was parked within the last year: what is over says when it woke. */
export function readParked(table: Table): Promise<Parked[]> {
  return all<Parked>(table, parkedKey)
}

export async function findParked(table: Table, workload: string): Promise<Parked | undefined> {
  const record = await table.get(parkedKey, workload)
  return record && content<Parked>(record)
}

/** Writes it as the next version of `seen`; undefined when somebody else has written it since. */
export async function writeParked(
  table: Table,
  next: Omit<Parked, 'version'>,
  seen: Parked | undefined,
  now: Date,
): Promise<Parked | undefined> {
  const written = { ...next, version: (seen?.version ?? 0) + 1 }
  const record: StoredRecord = {
    ...written,
    pk: parkedKey,
    sk: next.workload,
    schema,
    ...(next.state === 'over' && { expiresAt: Math.ceil(now.getTime() / 1000) + keptSeconds }),
  }
  return (await table.put(record, seen ? { version: seen.version } : 'absent')) ? written : undefined
}

/** What people keep now. */
export async function readKeeps(table: Table, now: Date): Promise<Keep[]> {
  return (await all<Keep>(table, keepKey)).filter(({ until }) => Date.parse(until) > now.getTime())
}

export async function findKeep(table: Table, workload: string, now: Date): Promise<Keep | undefined> {
  const record = await table.get(keepKey, workload)
  return record && Date.parse(String(record.until)) > now.getTime() ? content<Keep>(record) : undefined
}

/** The last word counts: an end in the past ends it. */
export async function writeKeep(table: Table, keep: Keep): Promise<void> {
  const expiresAt = Math.ceil(Math.max(Date.parse(keep.until), Date.parse(keep.at)) / 1000) + day
  await table.put({ ...keep, pk: keepKey, sk: keep.workload, schema, version: 1, expiresAt }, 'any')
}

const actionsKey = (run: string) => `RUN#${run}`

export async function writeAction(table: Table, action: Action): Promise<void> {
  const expiresAt = Math.ceil(Date.parse(action.at) / 1000) + keptSeconds
  const version = action.state === 'planned' ? 1 : 2
  await table.put({ ...action, pk: actionsKey(action.run), sk: action.workload, schema, version, expiresAt }, 'any')
}

/** What a run did; none where there was no such run, or it did nothing. */
export function readActions(table: Table, run: string): Promise<Action[]> {
  return all<Action>(table, actionsKey(run))
}

const savedKey = 'SAVED'

/** One a stop: the same workload and time is the same saving, and its first end stands: since then it ran. */
export async function writeSaving(table: Table, saving: Saving): Promise<void> {
  const expiresAt = Math.ceil(Date.parse(saving.to ?? saving.from) / 1000) + 2 * keptSeconds
  const sk = `${saving.from}#${saving.workload}`
  await table.put({ ...saving, pk: savedKey, sk, schema, version: 1, at: saving.from, expiresAt }, 'absent')
}

/** Every saving, oldest first: those that are over, and of what is parked now, which have no end yet. */
export async function readSavings(table: Table): Promise<Saving[]> {
  const parked = await readParked(table)
  const ended = await all<Saving>(table, savedKey)
  const keyOf = ({ from, workload }: Saving) => `${from}#${workload}`
  const known = new Set(ended.map(keyOf))
  const open = parked.flatMap(each => (each.state === 'parked' ? (savingOf(each) ?? []) : []))
  // One that came back is on record as parked until a run has closed it.
  return [...ended, ...open.filter(each => !known.has(keyOf(each)))].sort((a, b) => (a.from < b.from ? -1 : 1))
}

/** What a parked one has saved since it was seen stopped; undefined where it never was. */
export function savingOf({
  workload,
  name,
  cluster,
  target,
  reasons,
  stoppedAt,
  costPerHour,
}: Parked): Saving | undefined {
  if (stoppedAt === undefined) return undefined
  return {
    workload,
    name,
    cluster,
    ...(target !== undefined && { target }),
    reason: reasons[0]?.reason ?? 'idle',
    from: stoppedAt,
    costPerHour,
  }
}

const guardKey = 'GUARD'
const runPrefix = 'RUN#'

/** The last run is always on record; each by itself only if it found or did something. */
export async function writeRun(table: Table, run: GuardRun, isWorthKeeping: boolean): Promise<void> {
  const expiresAt = Math.ceil(Date.parse(run.at) / 1000) + keptSeconds
  const record = { ...run, pk: guardKey, schema, version: 1 }
  if (isWorthKeeping) await table.put({ ...record, sk: `${runPrefix}${run.id}`, expiresAt }, 'any')
  await table.put({ ...record, sk: 'LAST' }, 'any')
}

export async function readLastRun(table: Table): Promise<GuardRun | undefined> {
  const record = await table.get(guardKey, 'LAST')
  return record && content<GuardRun>(record)
}

/** Undefined also for one before the last that found and did the same as the run before it. */
export async function findRun(table: Table, id: string): Promise<GuardRun | undefined> {
  const record = await table.get(guardKey, `${runPrefix}${id}`)
  if (record) return content<GuardRun>(record)
  const last = await readLastRun(table)
  return last?.id === id ? last : undefined
}

/** Runs that found or did something, newest first. */
export async function readRuns(table: Table, limit: number): Promise<GuardRun[]> {
  const { records } = await table.query({ by: 'pk', equals: guardKey, skPrefix: runPrefix, newestFirst: true, limit })
  return records.map(record => content<GuardRun>(record))
}
