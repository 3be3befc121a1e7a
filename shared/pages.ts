/** All that a question to the table has for an answer, page by page. */
import type { StoredRecord, Table, TableQuery } from './ports.ts'

/** Each page is asked for as it is taken. */
export async function* pagesOf(table: Table, query: Omit<TableQuery, 'from'>): AsyncGenerator<StoredRecord[]> {
  let from: string | undefined
  do {
    const page = await table.query({ ...query, ...(from !== undefined && { from }) })
    yield page.records
    from = page.next
  } while (from !== undefined)
}

export async function allOf(table: Table, query: Omit<TableQuery, 'from'>): Promise<StoredRecord[]> {
  const found: StoredRecord[] = []
  for await (const page of pagesOf(table, query)) for (const record of page) found.push(record)
  return found
}
