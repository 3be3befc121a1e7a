/** Tells whether two runs, or a run and a checkout, went by the same farguard.yml. */
import { createHash } from 'node:crypto'
import type { Config } from '../config/config.ts'

/** Of what the guard goes by; 12 hexadecimal digits. */
export function fingerprintOf({ cost, budgets, guard }: Config): string {
  const text = JSON.stringify([cost, budgets, guard ?? null])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
