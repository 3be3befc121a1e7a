/** What the guard remembers of each workload from run to run. Written by the one run that holds the lease. */
import { isDeepStrictEqual } from 'node:util'
import { allOf } from '../pages.ts'
import type { Table } from '../ports.ts'
import type { StopReason } from './verdict.ts'

/** Times are ISO 8601. */
export interface Remembered {
  /** It was seen busy: it can't be idle before a window after that. */
  busyAt?: string
  /** When it was first warned of, by reason, as long as the reason holds. */
  warned?: Partial<Record<StopReason, string>>
}

export type Memory = ReadonlyMap<string, Remembered>

const pk = 'MEMORY'
const schema = 1
/** A name may have 500 characters, and a record 400 KB. */
const workloadsPerChunk = 400

interface Chunk {
  sk: string
  version: number
  workloads: Record<string, Remembered>
}

export async function readMemory(table: Table): Promise<{ memory: Memory; chunks: Chunk[] }> {
  const chunks = (await allOf(table, { by: 'pk', equals: pk })) as unknown as Chunk[]
  return { memory: new Map(chunks.flatMap(({ workloads }) => Object.entries(workloads))), chunks }
}

/** Only chunks that changed are written; what is not in `next` is forgotten. */
export async function writeMemory(table: Table, next: Memory, seen: readonly Chunk[], now: Date): Promise<void> {
  const entries = [...next].sort(([a], [b]) => (a < b ? -1 : 1))
  const needed = Math.ceil(entries.length / workloadsPerChunk)
  for (let nth = 0; nth < Math.max(needed, seen.length); nth++) {
    const sk = `CHUNK#${String(nth).padStart(4, '0')}`
    const before = seen.find(chunk => chunk.sk === sk)
    const workloads = Object.fromEntries(entries.slice(nth * workloadsPerChunk, (nth + 1) * workloadsPerChunk))
    if (before ? isDeepStrictEqual(before.workloads, workloads) : Object.keys(workloads).length === 0) continue
    const version = (before?.version ?? 0) + 1
    await table.put({ pk, sk, schema, version, at: now.toISOString(), workloads }, 'any')
  }
}
