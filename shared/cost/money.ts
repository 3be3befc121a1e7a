/** Money as people read it. Rounded here, and nowhere else. */
import type { Amount } from './amount.ts'

/** `$1,234.50`, `-$3.20`; below ten cents with four digits: `$0.0123`. */
export function dollars(usd: number): string {
  const digits = Math.abs(usd) >= 0.09995 || Math.abs(usd) < 0.00005 ? 2 : 4
  const [whole = '0', part] = Math.abs(usd).toFixed(digits).split('.')
  const isNegative = usd < 0 && Number(`${whole}.${part}`) !== 0
  return `${isNegative ? '-' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${part}`
}

/** `$12.30`, or `not known`. */
export function spoken(amount: Amount): string {
  return 'unknown' in amount ? 'not known' : dollars(amount.usd)
}
