import { describe, expect, test } from 'vitest'
import type { FreezeWindow } from '../../shared/config/config.ts'
import { parseFreezeWindow } from '../../shared/config/freeze-window.ts'
import type { Amount } from '../../shared/cost/amount.ts'
import { costsTooMuch } from '../../shared/guard/judges/costs-too-much.ts'
import { livedTooLong } from '../../shared/guard/judges/lived-too-long.ts'
import { offHoursAt } from '../../shared/guard/judges/off-hours.ts'

const hour = 3_600_000
const now = new Date('2026-03-04T12:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms).toISOString()

describe('lived too long', () => {
  test.each<{ case: string; since?: string; most?: number; expected: string }>([
    { case: 'younger', since: ago(5 * hour), expected: 'fine: ran 5 h, at most 72 h' },
    { case: 'to the millisecond', since: ago(72 * hour), expected: 'fine: ran 72 h, at most 72 h' },
    {
      case: 'a millisecond longer',
      since: ago(72 * hour + 1),
      expected: 'lived-too-long: ran 72.1 h, at most 72 h',
    },
    { case: 'an hour longer', since: ago(73 * hour), expected: 'lived-too-long: ran 73 h, at most 72 h' },
    { case: 'just not', since: ago(72 * hour - 1), expected: 'fine: ran 71.9 h, at most 72 h' },
    {
      case: 'minutes',
      since: ago(31 * 60_000),
      most: hour / 2,
      expected: 'lived-too-long: ran 31 min, at most 30 min',
    },
    {
      case: 'days',
      since: ago(9 * 24 * hour),
      most: 7 * 24 * hour,
      expected: 'lived-too-long: ran 9 d, at most 7 d',
    },
    { case: 'since a moment to come', since: ago(-hour), expected: 'fine: ran 0 h, at most 72 h' },
    { case: 'nobody knows', expected: 'age-unknown: nothing says since when it runs' },
  ])('$case', ({ since, most = 72 * hour, expected }) => {
    const found = livedTooLong(since === undefined ? {} : { since }, most, now)
    expect(`${found.is === 'fine' ? 'fine' : found.reason}: ${found.detail}`).toBe(expected)
    if (found.is === 'due') expect(found.isHard).toBe(false)
  })
})

describe('costs too much', () => {
  test.each<{ case: string; cost: Amount; most?: number; expected: string }>([
    { case: 'less', cost: { usd: 4.2 }, expected: 'fine: $4.20 so far, at most $5.00' },
    { case: 'just as much', cost: { usd: 5 }, expected: 'fine: $5.00 so far, at most $5.00' },
    { case: 'more', cost: { usd: 5.2 }, expected: 'costs-too-much: $5.20 so far, at most $5.00' },
    { case: 'cents', cost: { usd: 0.0123 }, most: 0.01, expected: 'costs-too-much: $0.0123 so far, at most $0.0100' },
    {
      case: 'nobody knows',
      cost: { unknown: 'no price for Spot in eu-north-9' },
      expected: 'cost-unknown: what it cost so far is not known: no price for Spot in eu-north-9',
    },
  ])('$case', ({ cost, most = 5, expected }) => {
    const found = costsTooMuch({ costSoFar: cost }, most)
    expect(`${found.is === 'fine' ? 'fine' : found.reason}: ${found.detail}`).toBe(expected)
    if (found.is === 'due') expect(found.isHard).toBe(true)
  })
})

function hours(...texts: string[]): FreezeWindow[] {
  return texts.flatMap(text => {
    const parsed = parseFreezeWindow(text)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.windows
  })
}

describe('off hours', () => {
  const office = 'Mon-Fri 07:00 - 20:00 Europe/Berlin'
  const early = 'Sun 02:30 - 06:00 Europe/Berlin'
  const off = (until: string, shown: string, label = office) => ({
    is: 'due',
    reason: 'off-hours',
    isHard: true,
    until: new Date(until).toISOString(),
    detail: `off hours until ${shown} (${label})`,
  })
  const on = (label = office) => ({ is: 'fine', detail: `within its hours (${label})` })
  test.each([
    { case: 'at noon', at: '2026-07-06T10:00Z', of: [office], expected: on() },
    { case: 'at their first moment', at: '2026-07-06T05:00Z', of: [office], expected: on() },
    {
      case: 'just before',
      at: '2026-07-06T04:59:59.999Z',
      of: [office],
      expected: off('2026-07-06T05:00Z', 'Mon 07:00 Europe/Berlin'),
    },
    {
      case: 'at their end',
      at: '2026-07-06T18:00Z',
      of: [office],
      expected: off('2026-07-07T05:00Z', 'Tue 07:00 Europe/Berlin'),
    },
    {
      case: 'over the weekend that clocks go forward on',
      at: '2026-03-27T19:00Z',
      of: [office],
      expected: off('2026-03-30T05:00Z', 'Mon 07:00 Europe/Berlin'),
    },
    {
      case: 'over the weekend that clocks go back on',
      at: '2026-10-24T10:00Z',
      of: [office],
      expected: off('2026-10-26T06:00Z', 'Mon 07:00 Europe/Berlin'),
    },
    {
      case: 'over the year’s end',
      at: '2026-12-31T19:30Z',
      of: [office],
      expected: off('2027-01-01T06:00Z', 'Fri 07:00 Europe/Berlin'),
    },
    {
      case: 'before an hour that the clocks skip',
      at: '2026-03-29T01:10Z',
      of: [early],
      expected: off('2026-03-29T01:30Z', 'Sun 03:30 Europe/Berlin', early),
    },
    { case: 'in the hour that comes twice', at: '2026-10-25T01:10Z', of: [early], expected: on(early) },
    {
      case: 'two sets, in the other one',
      at: '2026-07-05T10:00Z',
      of: [office, 'Sun 10:00 - 12:00 UTC'],
      expected: on(`${office}, Sun 10:00 - 12:00 UTC`),
    },
  ])('$case', ({ at, of, expected }) => expect(offHoursAt(new Date(at))(hours(...of))).toEqual(expected))

  test('each set of hours is judged by itself, and once', () => {
    const judge = offHoursAt(new Date('2026-07-05T10:00Z'))
    const [weekdays, sundays] = [hours(office), hours('Sun 10:00 - 12:00 UTC')]
    expect([judge(weekdays).is, judge(sundays).is, judge(weekdays).is]).toEqual(['due', 'fine', 'due'])
    expect(judge(weekdays)).toBe(judge(weekdays))
  })
})
