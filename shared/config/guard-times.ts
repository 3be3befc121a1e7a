/** Reads when the guard wants something to run, and when it reports. At build and start only. */
import type { FreezeWindow, Guard } from './config.ts'
import { parseWindows } from './freeze-window.ts'
import { quote } from './problems.ts'
import { zoneProblem } from './time-zone.ts'

const exampleHours = 'Mon-Fri 07:00 - 20:00 Europe/Berlin'

/** The weekly windows that `text` stands for, or what is wrong with it and what would be right. */
export function parseHours(text: string): { windows: FreezeWindow[] } | { problem: string } {
  const parsed = parseWindows(text, { what: 'names no hours', example: exampleHours })
  if ('problem' in parsed || parsed.windows.every(({ kind }) => kind === 'weekly')) return parsed
  return { problem: `${quote(text)} comes once, and hours come every week. Try ${exampleHours}` }
}

/** A time of day in a time zone, or what is wrong with it and what would be right. */
export function parseReport(text: string): Guard['report'] | { problem: string } {
  const [, hour, minute, zone] = /^(\d{1,2}):(\d{2})(?: (\S+))?$/.exec(text.trim()) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) {
    return { problem: `${quote(text)} is no time of day in a time zone. Try 07:00 Europe/Berlin` }
  }
  if (zone === undefined) return { problem: `${quote(text)} names no time zone. Try ${text.trim()} Europe/Berlin` }
  const problem = zoneProblem(zone)
  return problem === undefined ? { hour: Number(hour), minute: Number(minute), timeZone: zone } : { problem }
}
