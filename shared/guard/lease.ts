/** One guard run at a time: a lease that a run which died does not keep. */
import { randomUUID } from 'node:crypto'
import type { Table } from '../ports.ts'

const key = { pk: 'GUARD', sk: 'LEASE' }
const schema = 1

export interface Lease {
  /** The run that has it: `20261122-021500`. */
  run: string
  version: number
}

/**
 * The lease, or until when another run has it. `forMs`: longer than the run can live. Two that come at the same moment: one
 * conditional write decides.
 */
export async function takeLease(
  table: Table,
  forMs: number,
  now: Date,
): Promise<Lease | { heldBy: string; until: string }> {
  const seen = await table.get(key.pk, key.sk)
  if (seen && Date.parse(String(seen.until)) > now.getTime())
    return { heldBy: String(seen.run), until: String(seen.until) }
  const version = (seen?.version ?? 0) + 1
  const until = new Date(now.getTime() + forMs).toISOString()
  const run = runAfter(seen?.run, now)
  // The schedule, the report and a budget may wake a run each within one second: its name does not tell whose the lease is.
  const holder = randomUUID()
  const record = { ...key, schema, version, at: now.toISOString(), run, holder, until }
  const isTaken = await table.put(record, seen ? { version: seen.version } : 'absent')
  if (isTaken) return { run, version }
  const other = await table.get(key.pk, key.sk)
  // A write whose answer was lost, and that the SDK made again, finds itself there.
  if (other?.holder === holder) return { run, version }
  return { heldBy: String(other?.run), until: String(other?.until) }
}

/** Named after the second in which it begins; where the last run has that one, after the next. */
function runAfter(last: unknown, now: Date): string {
  const written = String(last).replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z')
  const lastMs = Date.parse(written)
  const at = new Date(Number.isNaN(lastMs) ? now : Math.max(now.getTime(), lastMs + 1000))
  return at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}

/** The next run need not wait for its end. */
export async function giveBack(table: Table, { run, version }: Lease, now: Date): Promise<void> {
  const at = now.toISOString()
  await table.put({ ...key, schema, version: version + 1, at, run, until: at }, { version })
}
