/** What was stopped in the last 24 hours, in one record: what the limits are measured by. */
import type { Table } from '../ports.ts'

const key = { pk: 'GUARD', sk: 'STOPS' }
const schema = 1
const windowMs = 24 * 3_600_000

export interface Stop {
  workload: string
  at: string
}

/** Those of the last 24 hours. */
export async function readStops(table: Table, now: Date): Promise<Stop[]> {
  const record = await table.get(key.pk, key.sk)
  const stops = (record?.stops as Stop[] | undefined) ?? []
  return stops.filter(({ at }) => Date.parse(at) > now.getTime() - windowMs)
}

/**
 * Before the first of them is stopped: a run that dies half-way has used up what it meant to stop. The same workload counts once,
 * so that what is tried again is not counted twice. By the one run that holds the lease.
 */
export async function noteStops(
  table: Table,
  before: readonly Stop[],
  workloads: readonly string[],
  now: Date,
): Promise<void> {
  if (workloads.length === 0) return
  const at = now.toISOString()
  const again = new Set(workloads)
  const others = before.filter(({ workload }) => !again.has(workload))
  const stops = [...others, ...workloads.map(workload => ({ workload, at }))]
  await table.put({ ...key, schema, version: 1, at, stops: stops.slice(-mostStops) }, 'any')
}

/** No limit of farguard.yml is higher: a name may have 500 characters, and a record 400 KB. */
const mostStops = 500
