/** What the ledger keeps on record: each day's costs by cluster, what ended in each hour, and how far that goes. */
import { allOf } from '../pages.ts'
import type { StoredRecord, Table } from '../ports.ts'
import type { CostLines } from './cost-lines.ts'

/** What one cluster cost on one day. Recomputed and put as a whole. */
export interface CostDay extends CostLines {
  /** `2026-03-01`, UTC */
  day: string
  cluster: string
  /** When it was computed, ISO 8601. */
  at: string
  /** Keys of the tags that its lines tell apart. */
  tagKeys: string[]
  /** Its day is over, and it is not recomputed any more but for what came late. */
  isFinal: boolean
  /** What was taken for granted, and what is not counted; for people. */
  assumes: string[]
  leavesOut: string[]
}

/** What tasks that ended within an hour cost, by day. */
export interface CostHour {
  /** `2026-03-01T22`, UTC */
  hour: string
  cluster: string
  at: string
  tagKeys: string[]
  days: Record<string, CostLines>
  assumes: string[]
  leavesOut: string[]
}

/** How far a cluster's ledger goes. */
export interface LedgerState {
  cluster: string
  /** When it was begun, ISO 8601: what ended before may be missing. */
  since: string
  /** The last day that is final. */
  finalThrough?: string
}

const schema = 1
const daysKey = 'COSTS'
const dayKey = (day: string, cluster: string) => `${day}#${cluster}`
/** After all days: letters sort after digits. */
const stateKey = (cluster: string) => `STATE#${cluster}`
const hoursKey = (cluster: string) => `COSTHOURS#${cluster}`
const [keptDays, keptHoursDays] = [800, 40]

export type Versioned<T> = T & { version: number }

/** Days from the one to the other, both included, of all clusters, oldest first. */
export async function readDays(table: Table, from: string, to: string): Promise<CostDay[]> {
  const found: CostDay[] = []
  for (const month of monthsOf(from, to))
    for (const day of await all<CostDay>(table, daysKey, month)) if (from <= day.day && day.day <= to) found.push(day)
  return found
}

function monthsOf(from: string, to: string): string[] {
  const months: string[] = []
  const last = to.slice(0, 7)
  for (let at = from.slice(0, 7); at <= last; ) {
    months.push(at)
    const [year = 0, month = 0] = at.split('-').map(Number)
    at = new Date(Date.UTC(year, month)).toISOString().slice(0, 7)
  }
  return months
}

export async function readDay(table: Table, day: string, cluster: string): Promise<Versioned<CostDay> | undefined> {
  const record = await table.get(daysKey, dayKey(day, cluster))
  return record && content<CostDay>(record)
}

/** Writes it in place of `seen`; false when somebody else has written it since. */
export function writeDay(table: Table, day: CostDay, seen: Versioned<CostDay> | undefined): Promise<boolean> {
  const expiresAt = secondsOf(`${day.day}T00:00:00Z`) + keptDays * 86_400
  const version = (seen?.version ?? 0) + 1
  const record = { ...day, pk: daysKey, sk: dayKey(day.day, day.cluster), schema, version, expiresAt }
  return table.put(record, seen ? { version: seen.version } : 'absent')
}

/** The hours of a cluster that are on record, of the days from the one to the other. */
export async function readHours(table: Table, cluster: string, days: readonly string[]): Promise<CostHour[]> {
  const found: CostHour[] = []
  for (const day of days) found.push(...(await all<CostHour>(table, hoursKey(cluster), day)))
  return found
}

/** Whoever computed it later knows more. */
export async function writeHour(table: Table, hour: CostHour): Promise<void> {
  const expiresAt = secondsOf(`${hour.hour}:00:00Z`) + keptHoursDays * 86_400
  const record = { ...hour, pk: hoursKey(hour.cluster), sk: hour.hour, schema, version: 1, expiresAt }
  await table.put(record, 'any')
}

export async function readState(table: Table, cluster: string): Promise<Versioned<LedgerState> | undefined> {
  const record = await table.get(daysKey, stateKey(cluster))
  return record && content<LedgerState>(record)
}

export async function writeState(
  table: Table,
  state: LedgerState,
  seen: Versioned<LedgerState> | undefined,
  now: Date,
): Promise<void> {
  const version = (seen?.version ?? 0) + 1
  const record = { ...state, pk: daysKey, sk: stateKey(state.cluster), schema, version, at: now.toISOString() }
  // Where somebody else was there first, theirs stands, and the next run goes on from it.
  await table.put(record, seen ? { version: seen.version } : 'absent')
}

async function all<T>(table: Table, pk: string, skPrefix: string): Promise<T[]> {
  return (await allOf(table, { by: 'pk', equals: pk, skPrefix })).map(record => content<T>(record))
}

function content<T>(record: StoredRecord): Versioned<T> {
  const { pk: _pk, sk: _sk, schema: _schema, expiresAt: _expiresAt, ...rest } = record
  return rest as unknown as Versioned<T>
}

const secondsOf = (at: string) => Math.ceil(Date.parse(at) / 1000)
