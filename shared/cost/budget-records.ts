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
  /** AWS's newest figures up to here, also where this answer has none. */
  figures?: Figures
  /** Those of a period before, as long as AWS has not said anything else in this one. */
  before?: Figures
}

/** As AWS said them in the period that began at `from`. */
export interface Figures {
  from: string
  actual?: number
  forecast?: number
}

const pk = 'BUDGETS'
const schema = 1
const keptSeconds = 800 * 86_400

/** Keeps a reading that says something else than the last one. Gives the one that holds: `at` is since when. */
export async function keepReading(table: Table, answered: BudgetReading): Promise<BudgetReading> {
  const seen = await table.get(pk, answered.budget)
  const last = seen && content(seen)
  if (last && isSame(last, answered)) return last
  const reading: BudgetReading = { ...answered, ...figuresAfter(last, answered) }
  // It would be the one period's spend less what was metered in the other.
  if (reading.before) delete reading.driftUsd
  const { budget, at, period } = reading
  const expiresAt = Math.ceil(Date.parse(at) / 1000) + keptSeconds
  const history = { ...reading, pk, sk: `${budget}#${period?.from ?? ''}#${at}`, schema, version: 1, expiresAt }
  await table.put(history, 'any')
  const version = (seen?.version ?? 0) + 1
  // Where another run was first, its reading is as fresh.
  await table.put({ ...reading, pk, sk: budget, schema, version }, seen ? { version: seen.version } : 'absent')
  return reading
}

function figuresAfter(last: BudgetReading | undefined, { answer, period }: BudgetReading) {
  const { figures: known, before } = last ?? {}
  if (!('found' in answer) || !period) return { ...(known && { figures: known }), ...(before && { before }) }
  const { actual, forecast } = answer.found
  const said = { ...(actual !== undefined && { actual }), ...(forecast !== undefined && { forecast }) }
  const old = known && known.from !== period.from ? known : before
  const isOld = old !== undefined && old.from !== period.from && old.actual === actual
  return { figures: { from: period.from, ...said }, ...(isOld && { before: old }) }
}

/** By what AWS said, not by what was metered meanwhile. What can't be read has no period of its own, and its error other words each time. */
function isSame(a: BudgetReading, b: BudgetReading): boolean {
  if ('found' in a.answer && 'found' in b.answer) return isDeepStrictEqual([a.answer, a.period], [b.answer, b.period])
  return ('missing' in a.answer && 'missing' in b.answer) || ('unreadable' in a.answer && 'unreadable' in b.answer)
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
