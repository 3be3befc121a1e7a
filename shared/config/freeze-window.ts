/** Reads windows of time, such as `Fri 16:00 - Mon 08:00 Europe/Berlin`. At build and start only: the Lambdas get the result. */
import type { FreezeWindow, OnceSpan, WeeklySpan } from './config.ts'
import { nearest } from './nearest.ts'
import { either, quote } from './problems.ts'
import { zoneProblem } from './time-zone.ts'

/** An entry of `freeze:`, read by `parseWindows`. */
export function parseFreezeWindow(text: string): { windows: FreezeWindow[] } | { problem: string } {
  return parseWindows(text, { what: 'is no freeze window', example: 'Fri 16:00 - Mon 08:00 Europe/Berlin' })
}

/**
 * The windows that `text` stands for (a daily one is seven weekly ones), or what is wrong with it and what would be right.
 * `what`, `example`: for a text that has no such form at all.
 */
export function parseWindows(
  text: string,
  { what, example }: { what: string; example: string },
): { windows: FreezeWindow[] } | { problem: string } {
  const label = text.trim().replace(/\s+/g, ' ')
  const form = label.length > longestWindow ? undefined : forms.find(({ looks }) => looks.test(label))
  if (!form) return { problem: `${quote(text)} ${what}. Try ${example}` }
  const parts: Parts = form.looks.exec(label)?.groups ?? {}
  const timeZone = parts.zone
  if (timeZone === undefined) return { problem: `${quote(text)} names no time zone. Try ${label} Europe/Berlin` }
  const problem = zoneProblem(timeZone) ?? firstProblem(parts)
  if (problem !== undefined) return { problem }
  const spans = form.read(parts)
  return 'problem' in spans ? spans : { windows: spans.map(span => ({ label, timeZone, ...span })) }
}

const longestWindow = 120

type Parts = { [name: string]: string | undefined }
type Span = WeeklySpan | OnceSpan

const time = (name: string) => String.raw`(?<${name}Time>\d{1,2}:\d{2})`
const day = (name: string) => `(?<${name}Day>[A-Za-z]+)`
const date = (name: string) => String.raw`(?<${name}Date>\d{4}-\d{2}-\d{2})[ T]`
const zone = String.raw`(?: (?<zone>\S+))?`

const forms: { looks: RegExp; read: (parts: Parts) => Span[] | { problem: string } }[] = [
  { looks: RegExp(`^${date('from')}${time('from')} ?- ?${date('to')}${time('to')}${zone}$`), read: readOnce },
  { looks: RegExp(`^${day('from')} ${time('from')} ?- ?${day('to')} ${time('to')}${zone}$`), read: readWeekly },
  {
    looks: RegExp(`^(?:${day('from')}(?: ?- ?${day('to')})? )?${time('from')} ?- ?${time('to')}${zone}$`),
    read: readDays,
  },
]

function readOnce({ fromDate, fromTime, toDate, toTime }: Parts): Span[] | { problem: string } {
  const [from, to] = [`${fromDate}T${fromTime?.padStart(5, '0')}`, `${toDate}T${toTime?.padStart(5, '0')}`]
  if (from < to) return [{ kind: 'once', from, to }]
  if (from === to) return empty
  return { problem: `ends before it begins. Try ${toDate} ${toTime} - ${fromDate} ${fromTime}, or a later end` }
}

function readWeekly({ fromDay, fromTime, toDay, toTime }: Parts): Span[] | { problem: string } {
  const from = { day: dayOf(fromDay) ?? 1, minute: minuteOf(fromTime) }
  const to = { day: dayOf(toDay) ?? 1, minute: minuteOf(toTime) }
  return from.day === to.day && from.minute === to.minute ? empty : [{ kind: 'weekly', from, to }]
}

/** Without a day: every day. */
function readDays({ fromDay, toDay, fromTime, toTime }: Parts): Span[] | { problem: string } {
  const [from, to] = [minuteOf(fromTime), minuteOf(toTime)]
  if (from === to) return empty
  const first = dayOf(fromDay) ?? 1
  const last = fromDay === undefined ? 7 : (dayOf(toDay) ?? first)
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, nth) => {
    const begins = first + nth
    return {
      kind: 'weekly',
      from: { day: inWeek(begins), minute: from },
      to: { day: inWeek(to > from ? begins : begins + 1), minute: to },
    }
  })
}

const empty = { problem: 'begins and ends at the same time, so that it is empty. Try another end' }

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** 1 is Monday. By its first three letters or in full. */
function dayOf(name: string | undefined): number | undefined {
  const asked = name?.toLowerCase() ?? ''
  const index = days.map(each => each.toLowerCase()).findIndex(each => asked === each || asked === each.slice(0, 3))
  return index === -1 ? undefined : index + 1
}

function inWeek(day: number): number {
  return ((day - 1) % 7) + 1
}

function minuteOf(time: string | undefined): number {
  const [hours = 0, minutes = 0] = (time ?? '').split(':').map(Number)
  return hours * 60 + minutes
}

/** What no clock and no calendar has. */
function firstProblem({ fromDay, toDay, fromTime, toTime, fromDate, toDate }: Parts): string | undefined {
  const wrongDay = [fromDay, toDay].find(name => name !== undefined && dayOf(name) === undefined)
  if (wrongDay !== undefined) {
    const short = days.map(name => name.slice(0, 3))
    return `${quote(wrongDay)} is no day of the week. Try ${nearest(wrongDay, [...short, ...days]) ?? either(short)}`
  }
  const wrongDate = [fromDate, toDate].find(text => text !== undefined && !isDate(text))
  if (wrongDate !== undefined) return `${wrongDate} is no day of the calendar. Try ${lastDayOf(wrongDate)}`
  const wrongTime = [fromTime, toTime].find(text => !/^(?:[01]?\d|2[0-3]):[0-5]\d$/.test(text ?? ''))
  if (wrongTime === undefined) return undefined
  return `${wrongTime} is no time of day: 00:00 to 23:59. Try ${wrongTime === '24:00' ? '00:00 of the next day' : '23:59'}`
}

function isDate(text: string): boolean {
  const parsed = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text)
}

/** The last day of the month that `text` has too many days for; of the year, where it has no such month. */
function lastDayOf(text: string): string {
  const [year = 0, month = 0] = text.split('-').map(Number)
  const isMonth = month >= 1 && month <= 12
  return new Date(Date.UTC(year, isMonth ? month : 12, 0)).toISOString().slice(0, 10)
}
