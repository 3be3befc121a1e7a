/** What must be right between the keys of `cost:`. */
import { isWritten, type Lenient } from './lenient.ts'
import type { Finding } from './problems.ts'
import type { FileInput } from './schema.ts'

/** Spot has one price: a discount, or rates. */
export function checkCost(file: Lenient<FileInput> | undefined): Finding[] {
  const spot = file?.cost?.spot
  if (!spot) return []
  const written = (['discount', 'rates'] as const).filter(key => isWritten(spot, key))
  if (written.length === 1) return []
  return written.length === 0
    ? [{ path: ['cost', 'spot'], at: 'value', message: 'says no price. Try { discount: 65% }' }]
    : [{ path: ['cost', 'spot', 'rates'], at: 'key', message: 'stands beside discount. Keep one of the two' }]
}
