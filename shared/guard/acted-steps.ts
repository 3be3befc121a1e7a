/** Which budget steps have acted on which figure of AWS's: it stays the same for hours after everything was stopped. */
import { allOf } from '../pages.ts'
import type { Table } from '../ports.ts'

const pk = 'STEPS'
const schema = 1
/** A budget has few steps, and AWS reports three figures a day; a quarter has 300. */
const mostKeys = 1000

/** Keys of steps that have acted, by budget. */
export async function readActed(table: Table): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const records = await allOf(table, { by: 'pk', equals: pk })
  return new Map(records.map(({ sk, keys }) => [sk, new Set(keys as string[])]))
}

/** By the one run that holds the lease. */
export async function writeActed(
  table: Table,
  budget: string,
  before: ReadonlySet<string>,
  keys: readonly string[],
  now: Date,
): Promise<void> {
  const all = [...new Set([...before, ...keys])].slice(-mostKeys)
  await table.put({ pk, sk: budget, schema, version: 1, at: now.toISOString(), keys: all }, 'any')
}
