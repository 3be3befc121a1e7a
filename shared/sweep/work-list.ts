/** What a sweep keeps for the next one, and for people: what it had no time for, and what it repaired. */
import type { StoredRecord, Table } from '../ports.ts'
import type { SweepReport } from './sweep.ts'

const schema = 1
const restKey = { pk: 'SWEEP', sk: 'REST' }
/** Long enough to see what is repaired again and again. */
const keptSeconds = 100 * 24 * 3600

export interface Rest {
  version: number
  units: string[]
}

export async function readRest(table: Table): Promise<Rest | undefined> {
  const record = await table.get(restKey.pk, restKey.sk)
  return record && { version: record.version, units: record.units as string[] }
}

/** Nothing is written where nothing is left and nothing was. */
export async function writeRest(table: Table, units: string[], seen: Rest | undefined, now: Date): Promise<void> {
  if (units.length === 0 && (seen?.units.length ?? 0) === 0) return
  await table.put({ ...restKey, schema, version: (seen?.version ?? 0) + 1, at: now.toISOString(), units }, 'any')
}

/** One record a sweep that repaired something, or could not. */
export async function recordRepairs(table: Table, { repaired, failed }: SweepReport, now: Date): Promise<void> {
  if (repaired.length === 0 && failed.length === 0) return
  const at = now.toISOString()
  const record: StoredRecord = {
    pk: 'SWEEPS',
    sk: at,
    schema,
    version: 1,
    at,
    repaired: repaired.slice(0, mostLines),
    failed: failed.slice(0, mostLines),
    repairedCount: repaired.length,
    failedCount: failed.length,
    expiresAt: Math.floor(now.getTime() / 1000) + keptSeconds,
  }
  await table.put(record, 'any')
}

/** A sweep after a long silence may repair thousands of tasks: the rest is in the log. */
const mostLines = 100
