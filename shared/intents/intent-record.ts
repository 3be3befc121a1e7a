/** What came of an operator's intent, on record for the command that waits for it. */
import type { Wish } from '../../events/control-message.ts'
import type { Table } from '../ports.ts'

export interface IntentOutcome {
  /** The intent's own id. */
  id: string
  /** When it was carried out or refused, ISO 8601. */
  at: string
  by: string
  wish: Wish
  state: 'done' | 'refused'
  /** One word for programs. */
  reason: string
  /** One line for people. */
  detail: string
  /** The deployments that it led to. */
  deployments: { target: string; number: number }[]
  /** What it put back, and how many copies that is to have. */
  woken?: { workload: string; name: string; cluster: string; service?: string; target?: string; desiredCount: number }[]
}

/** What carrying it out came to. */
export type Done = Pick<IntentOutcome, 'state' | 'reason' | 'detail' | 'deployments' | 'woken'>

const schema = 1
const sk = 'INTENT'
const pk = (id: string) => `INTENT#${id}`
/** Long enough to ask who did what last quarter. */
const keptSeconds = 100 * 24 * 3600

/** Undefined as long as nobody has carried the intent out. */
export async function readIntentOutcome(table: Table, id: string): Promise<IntentOutcome | undefined> {
  const record = await table.get(pk(id), sk)
  if (!record) return undefined
  const { pk: _pk, sk: _sk, schema: _schema, version: _version, expiresAt: _expiresAt, ...outcome } = record
  return outcome as unknown as IntentOutcome
}

/** Puts the outcome on record. An intent may be delivered twice: the first outcome stands. */
export async function recordIntentOutcome(table: Table, outcome: IntentOutcome): Promise<void> {
  const expiresAt = Math.ceil(Date.parse(outcome.at) / 1000) + keptSeconds
  await table.put({ ...outcome, pk: pk(outcome.id), sk, schema, version: 1, expiresAt }, 'absent')
}
