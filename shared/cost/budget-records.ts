/** What AWS said of each budget, and what Farguard had metered by then, whenever that changed. */
import { isDeepStrictEqual } from 'node:util'
import type { AwsBudget, BudgetAnswer, StoredRecord, Table } from '../ports.ts'

/** One reading of one budget of farguard.yml. */
export interface BudgetReading {
  /** Ours. */
  budget: string
  /** When it first was so, ISO 8601. */
  at: string
  answer: { found: AwsBudget } | { missing: true } | { unreadable: string }
  period?: { from: string; to: string }
  /** US dollars, when AWS's figure was new; absent: not known. */
  meteredUsd?: number
  /** What AWS reported less what Farguard had metered. */
  driftUsd?: number
}

const pk = 'BUDGETS'
const schema = 1
const keptSeconds = 800 * 86_400

/** Keeps a reading that says something else than the last one. Gives the one that holds: `at` is since when. */
export async function keepReading(table: Table, reading: BudgetReading): Promise<BudgetReading> {
  const seen = await table.get(pk, reading.budget)
  const last = seen && content(seen)
  if (last && isSame(last, reading)) return last
  const { budget, at, period } = reading
  const expiresAt = Math.ceil(Date.parse(at) / 1000) + keptSeconds
  const history = { ...reading, pk, sk: `${budget}#${period?.from ?? ''}#${at}`, schema, version: 1, expiresAt }
  await table.put(history, 'any')
  const version = (seen?.version ?? 0) + 1
  // Where another run was first, its reading is as fresh.
  await table.put({ ...reading, pk, sk: budget, schema, version }, seen ? { version: seen.version } : 'absent')
  return reading
}

/** By what AWS said, not by what was metered meanwhile. What can't be read has no period of its own, and its error other words each time. */
function isSame(a: BudgetReading, b: BudgetReading): boolean {
  if ('found' in a.answer && 'found' in b.answer) return isDeepStrictEqual([a.answer, a.period], [b.answer, b.period])
  return ('missing' in a.answer && 'missing' in b.answer) || ('unreadable' in a.answer && 'unreadable' in b.answer)
}

/** The readings of a budget on record, newest first. */
export async function readingsOf(table: Table, budget: string, limit: number): Promise<BudgetReading[]> {
  const page = { by: 'pk', equals: pk, skPrefix: `${budget}#`, newestFirst: true, limit } as const
  return (await table.query(page)).records.map(content)
}

function content(record: StoredRecord): BudgetReading {
  const { pk: _pk, sk: _sk, schema: _schema, version: _version, expiresAt: _expiresAt, ...rest } = record
  return rest as unknown as BudgetReading
}

/** The part of AWS's answer that is kept. */
export function answerOf(answer: BudgetAnswer): BudgetReading['answer'] {
  if ('found' in answer) return { found: answer.found }
  return 'missing' in answer ? { missing: true } : { unreadable: answer.unreadable }
}
