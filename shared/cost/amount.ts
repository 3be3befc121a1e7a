/** Money that may not be known: what is not known is not zero. */

/** US dollars, not rounded; or why that is not known, in one line for people. */
export type Amount = { usd: number } | { unknown: string }

export const nothing: Amount = { usd: 0 }

/** Not known as soon as one of them is not. */
export function sumOf(amounts: Iterable<Amount>): Amount {
  let usd = 0
  for (const amount of amounts) {
    if ('unknown' in amount) return amount
    usd += amount.usd
  }
  return { usd }
}

/** `factor`: hours, where the amount is of one hour. */
export function times(amount: Amount, factor: number): Amount {
  return 'unknown' in amount ? amount : { usd: amount.usd * factor }
}
