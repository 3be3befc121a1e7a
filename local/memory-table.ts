/** The one table, in memory: for tests and simulations. Keeps the same rules as DynamoDB, at no cost of time. */
import { checkKey, indexKeys, toItem } from '../shared/aws/item.ts'
import { checkQuery, cursorKeys, decodeCursor, encodeCursor } from '../shared/aws/table-query.ts'
import type { Condition, StoredRecord, Table, TableQuery } from '../shared/ports.ts'

/** DynamoDB ends a page at 1 MB. */
const maxPageBytes = 1024 * 1024

type By = TableQuery['by']

/** Each method does its work before it gives the promise back, so that what happens is the order of the calls. */
export function memoryTable(): Table {
  const rows = new Rows()
  return {
    async get(pk, sk) {
      checkKey(pk, 'pk')
      checkKey(sk, 'sk')
      return structuredClone(rows.find(pk, sk))
    },
    async getMany(keys) {
      const distinct = new Map(keys.map(key => [idOf(key), key]))
      for (const { pk, sk } of distinct.values()) {
        checkKey(pk, 'pk')
        checkKey(sk, 'sk')
      }
      return [...distinct.values()].flatMap(({ pk, sk }) => structuredClone(rows.find(pk, sk)) ?? [])
    },
    async put(record, onlyIf) {
      const item = toItem(record)
      if (!holds(onlyIf, rows.find(item.pk, item.sk), item.version)) return false
      rows.replace(item)
      return true
    },
    async query(query) {
      checkQuery(query)
      return page(rows.with(query.by, query.equals), query)
    },
  }
}

class Rows {
  readonly #by: Record<By, Map<string, Map<string, StoredRecord>>> = {
    pk: new Map(),
    tagKey: new Map(),
    digestKey: new Map(),
    runningKey: new Map(),
    endedKey: new Map(),
  }

  find(pk: string, sk: string): StoredRecord | undefined {
    return this.#by.pk.get(pk)?.get(idOf({ pk, sk }))
  }

  with(by: By, equals: string): StoredRecord[] {
    return [...(this.#by[by].get(equals)?.values() ?? [])]
  }

  replace(record: StoredRecord): void {
    const before = this.find(record.pk, record.sk)
    for (const by of ['pk', ...indexKeys] as const) {
      if (before) this.#by[by].get(before[by] ?? '')?.delete(idOf(before))
      const key = record[by]
      if (key === undefined) continue
      const bucket = this.#by[by].get(key) ?? new Map<string, StoredRecord>()
      this.#by[by].set(key, bucket.set(idOf(record), record))
    }
  }
}

const idOf = ({ pk, sk }: { pk: string; sk: string }) => JSON.stringify([pk, sk])

function holds(onlyIf: Condition, stored: StoredRecord | undefined, version: number): boolean {
  if (onlyIf === 'any') return true
  if (onlyIf === 'absent') return stored === undefined
  if (onlyIf === 'newer') return stored === undefined || (stored.version < version && !stored.isClosed)
  return stored?.version === onlyIf.version
}

function page(found: StoredRecord[], query: TableQuery): { records: StoredRecord[]; next?: string } {
  const from = decodeCursor(query)
  const direction = query.newestFirst ? -1 : 1
  const order = (a: Keyed, b: Keyed) => direction * compareBy(query.by, a, b)
  const candidates = found
    .filter(record => record.sk.startsWith(query.skPrefix ?? ''))
    .filter(record => from === undefined || order(record, from as unknown as Keyed) > 0)
    .sort(order)
  const records: StoredRecord[] = []
  let bytes = 0
  for (const record of candidates) {
    records.push(structuredClone(record))
    bytes += Buffer.byteLength(JSON.stringify(record))
    // As DynamoDB: a full page names a next one without looking whether anything is on it.
    if (records.length === query.limit || bytes >= maxPageBytes) {
      const keys = cursorKeys(query.by).map(key => [key, String(record[key])])
      return { records, next: encodeCursor(Object.fromEntries(keys)) }
    }
  }
  return { records }
}

type Keyed = Pick<StoredRecord, 'pk' | 'sk' | 'at'>

/** On an index DynamoDB promises no order among equal `at`; here it is that of the keys, so that a run can be repeated. */
function compareBy(by: By, a: Keyed, b: Keyed): number {
  const ofTable = compareText(a.pk, b.pk) || compareText(a.sk, b.sk)
  return by === 'pk' ? ofTable : compareText(a.at, b.at) || ofTable
}

/** DynamoDB sorts strings by their UTF-8 bytes, which JavaScript's `<` does not beyond the basic plane. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
