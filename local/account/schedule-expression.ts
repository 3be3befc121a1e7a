/** When EventBridge Scheduler and Application Auto Scaling fire: `rate(…)` and `cron(…)`, in a time zone. */
import { Cron } from 'croner'

/** The first moment after `moment`; undefined when there is none any more. */
export type Next = (moment: Date) => Date | undefined

/** `zone`: of IANA, `Europe/Berlin`. Throws Error with what is wrong and what would be right. */
export function scheduleExpression(expression: string, zone = 'UTC'): Next {
  const [, kind, inside = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? []
  if (kind === 'rate') return rate(expression, inside)
  if (kind === 'cron') return cron(expression, inside, zone)
  throw new Error(`"${expression}" is no schedule that the local account has. Try rate(5 minutes) or cron(0 8 * * ? *)`)
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

function rate(expression: string, inside: string): Next {
  const [, count = '', unit = '', plural] = /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(inside) ?? []
  // AWS refuses "1 minutes" and "5 minute" alike.
  if ((count === '1') === (plural === 's'))
    throw new Error(`"${expression}" is no rate. Try rate(1 hour) or rate(5 minutes)`)
  return moment => new Date(moment.getTime() + Number(count) * (unitMs[unit] ?? Number.NaN))
}

function cron(expression: string, inside: string, zone: string): Next {
  const fields = inside.trim().split(/\s+/)
  const [, , dayOfMonth, , dayOfWeek = ''] = fields
  if (fields.length !== 6) {
    throw new Error(
      `"${expression}" has ${fields.length} fields, not 6. Try cron(0 8 * * ? *): minute, hour, day, month, weekday, year`,
    )
  }
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new Error(`"${expression}" must have "?" for the day of the month or of the week, and for one of them only.`)
  }
  if (/(?<![#\d])[089]|\d{2}/.test(dayOfWeek))
    throw new Error(`"${expression}" has a weekday that is not 1 (Sunday) to 7.`)
  try {
    return next(
      // Scheduler counts weekdays from 1, has no seconds, and takes 0/15 for */15.
      new Cron(`0 ${fields.join(' ')}`, {
        paused: true,
        timezone: zone,
        alternativeWeekdays: true,
        sloppyRanges: true,
        fixedTimeRule: 'no-wildcard',
      }),
    )
  } catch (error) {
    throw new Error(`"${expression}" in ${zone}: ${(error as Error).message}`, { cause: error })
  }
}

function next(pattern: Cron): Next {
  const first = (moment: Date): Date | undefined => {
    const found = pattern.nextRun(moment) ?? undefined
    // A time that daylight saving leaves out: Scheduler skips it, croner takes the first one after the gap.
    return found && !pattern.match(found) ? first(found) : found
  }
  first(new Date(0))
  return first
}
