/** The periods of a budget: in UTC, by the calendar. */
import type { TimeUnit } from '@aws-sdk/client-budgets'

/** `end` is the first moment after it. */
export interface Period {
  start: Date
  end: Date
}

/** The period of this unit that `at` is in; of a custom budget its whole `span`. */
export function periodOf(unit: TimeUnit, at: Date, span: Period): Period {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  switch (unit) {
    case 'DAILY':
      return { start: utc(year, month, at.getUTCDate()), end: utc(year, month, at.getUTCDate() + 1) }
    case 'MONTHLY':
      return { start: utc(year, month), end: utc(year, month + 1) }
    case 'QUARTERLY':
      return { start: utc(year, month - (month % 3)), end: utc(year, month - (month % 3) + 3) }
    case 'ANNUALLY':
      return { start: utc(year, 0), end: utc(year + 1, 0) }
    case 'CUSTOM':
      return span
  }
}

const utc = (year: number, month: number, day = 1) => new Date(Date.UTC(year, month, day))
