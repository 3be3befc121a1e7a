/** The questions that a table answers: their check, and the cursor from page to page. */
import type { TableQuery } from '../ports.ts'
import { checkKey, refused } from './item.ts'

/** Where a page ended: the keys of its last record. */
export type Cursor = Record<string, string>

/** Throws RefusedError for a question that DynamoDB would not take. */
export function checkQuery(query: TableQuery): void {
  checkKey(query.equals, query.by)
  if (query.skPrefix && query.by !== 'pk') {
    throw refused(`skPrefix goes with by: 'pk' only; an index is sorted by \`at\`, not by sk.`)
  }
  if (query.limit !== undefined && !(Number.isInteger(query.limit) && query.limit >= 1)) {
    throw refused(`limit is ${query.limit}; it is a whole number of at least 1.`)
  }
}

/** The keys that a cursor of this query has: of the table, and of the index asked. */
export function cursorKeys(by: TableQuery['by']): string[] {
  return by === 'pk' ? ['pk', 'sk'] : ['pk', 'sk', by, 'at']
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

/** Throws RefusedError for a `from` that is no `next` of this very query: it comes from outside, from a page's address. */
export function decodeCursor(query: TableQuery): Cursor | undefined {
  if (query.from === undefined) return undefined
  const cursor = parse(query.from)
  const keys = cursorKeys(query.by)
  const fits =
    cursor !== undefined &&
    Object.keys(cursor).length === keys.length &&
    keys.every(key => typeof cursor[key] === 'string' && cursor[key] !== '') &&
    cursor[query.by] === query.equals &&
    cursor.sk?.startsWith(query.skPrefix ?? '')
  if (!fits) throw refused(`"${query.from}" is no page of this query. Start again from the first page.`)
  return cursor
}

function parse(text: string): Cursor | undefined {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof cursor === 'object' && cursor !== null ? (cursor as Cursor) : undefined
  } catch {
    return undefined
  }
}
