/** One guard run at a time: a lease that a run which died does not keep. */
import type { Table } from '../ports.ts'

const key = { pk: 'GUARD', sk: 'LEASE' }
const schema = 1

export interface Lease {
  /** The run that has it. */
  run: string
  version: number
}

/**
 * The lease, or until when another run has it. `forMs`: longer than the run can live. Two that come at the same moment: one
 * conditional write decides.
 */
export async function takeLease(
  table: Table,
  run: string,
  forMs: number,
  now: Date,
): Promise<Lease | { heldBy: string; until: string }> {
  const seen = await table.get(key.pk, key.sk)
  if (seen && Date.parse(String(seen.until)) > now.getTime())
    return { heldBy: String(seen.run), until: String(seen.until) }
  const version = (seen?.version ?? 0) + 1
  const until = new Date(now.getTime() + forMs).toISOString()
  const record = { ...key, schema, version, at: now.toISOString(), run, until }
  const isTaken = await table.put(record, seen ? { version: seen.version } : 'absent')
  if (isTaken) return { run, version }
  const other = await table.get(key.pk, key.sk)
  // A write whose answer was lost, and that the SDK made again, finds itself there.
  if (other?.run === run && other.version === version) return { run, version }
  return { heldBy: String(other?.run), until: String(other?.until) }
}

/** The next run need not wait for its end. */
export async function giveBack(table: Table, { run, version }: Lease, now: Date): Promise<void> {
  const at = now.toISOString()
  await table.put({ ...key, schema, version: version + 1, at, run, until: at }, { version })
}
