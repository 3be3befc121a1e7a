/** A nightly report that came while another run had the lease: the next run makes it. */
import type { Table } from '../ports.ts'

const key = { pk: 'GUARD', sk: 'REPORT' }
const schema = 1

export async function isReportDue(table: Table): Promise<boolean> {
  return (await table.get(key.pk, key.sk))?.isDue === true
}

export async function setReportDue(table: Table, isDue: boolean, now: Date): Promise<void> {
  await table.put({ ...key, schema, version: 1, at: now.toISOString(), isDue }, 'any')
}
