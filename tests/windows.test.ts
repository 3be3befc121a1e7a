import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FreezeWindow } from '../shared/config/config.ts'
import { parseFreezeWindow } from '../shared/config/freeze-window.ts'
import { activeWindow, isWithin, nextBeginning } from '../shared/windows.ts'

function windows(...texts: string[]): FreezeWindow[] {
  return texts.flatMap(text => {
    const parsed = parseFreezeWindow(text)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.windows
  })
}

/** Until when it is frozen, or undefined when it is not. */
function until(at: string, ...texts: string[]): string | undefined {
  return activeWindow(windows(...texts), new Date(at))
    ?.until.toISOString()
    .replace(':00.000Z', 'Z')
}

const weekend = 'Fri 16:00 - Mon 08:00 Europe/Berlin'
const nights = '22:00 - 06:00 UTC'

describe('a window holds', () => {
  test.each([
    { case: 'before it begins', at: '2026-07-03T13:59:59.999Z', freeze: [weekend], until: undefined },
    { case: 'from its beginning on', at: '2026-07-03T14:00Z', freeze: [weekend], until: '2026-07-06T06:00Z' },
    { case: 'over the week’s end', at: '2026-07-06T05:59:59.999Z', freeze: [weekend], until: '2026-07-06T06:00Z' },
    { case: 'no longer at its end', at: '2026-07-06T06:00Z', freeze: [weekend], until: undefined },
    { case: 'each night, over midnight', at: '2026-07-08T01:00Z', freeze: [nights], until: '2026-07-08T06:00Z' },
    {
      case: 'each night, from the week’s last day',
      at: '2026-07-05T23:00Z',
      freeze: [nights],
      until: '2026-07-06T06:00Z',
    },
    { case: 'no night over noon', at: '2026-07-08T12:00Z', freeze: [nights], until: undefined },
    { case: 'on days named only', at: '2026-07-05T23:00Z', freeze: ['Mon-Fri 22:00 - 06:00 UTC'], until: undefined },
    {
      case: 'once',
      at: '2026-12-24T12:00Z',
      freeze: ['2026-12-20 18:00 - 2027-01-04 08:00 Europe/Berlin'],
      until: '2027-01-04T07:00Z',
    },
    {
      case: 'once, not a year later',
      at: '2027-12-24T12:00Z',
      freeze: ['2026-12-20 18:00 - 2027-01-04 08:00 Europe/Berlin'],
      until: undefined,
    },
    {
      case: 'by the zone’s own day',
      at: '2026-07-05T20:30Z',
      freeze: ['Mon 00:00 - Mon 12:00 Pacific/Auckland'],
      until: '2026-07-06T00:00Z',
    },
    { case: 'without windows', at: '2026-07-05T20:30Z', freeze: [], until: undefined },
  ])('$case', ({ at, freeze, until: expected }) => expect(until(at, ...freeze)).toBe(expected))
})

describe('several windows', () => {
  const holidays = '2026-07-06 07:00 - 2026-07-06 23:00 UTC'
  test.each([
    {
      case: 'that overlap hold to the later end',
      freeze: [weekend, 'Sun 00:00 - Mon 12:00 UTC'],
      until: '2026-07-06T12:00Z',
    },
    { case: 'one within the other', freeze: [weekend, 'Sun 00:00 - 06:00 UTC'], until: '2026-07-06T06:00Z' },
    {
      case: 'that begin where another ends hold on',
      freeze: [weekend, 'Mon 06:00 - 07:00 UTC', holidays, nights],
      until: '2026-07-07T06:00Z',
    },
    {
      case: 'with a minute between them do not',
      freeze: [weekend, 'Mon 06:01 - 07:00 UTC'],
      until: '2026-07-06T06:00Z',
    },
  ])('$case', ({ freeze, until: expected }) => expect(until('2026-07-05T12:00Z', ...freeze)).toBe(expected))

  test('are each named once, in the order in which they hold; not one that ends before another', () => {
    const within = windows('Sun 00:00 - 06:00 UTC', weekend)
    expect(activeWindow(within, new Date('2026-07-05T01:00Z'))?.label).toBe(weekend)
    expect(activeWindow(within.toReversed(), new Date('2026-07-05T01:00Z'))?.label).toBe(weekend)
    expect(activeWindow(windows(nights, '06:00 - 09:00 UTC'), new Date('2026-07-06T05:00Z'))).toEqual({
      label: `${nights}, then 06:00 - 09:00 UTC`,
      until: new Date('2026-07-06T09:00Z'),
    })
  })

  test('without a gap are looked at again in a year', () => {
    const at = new Date('2026-07-06T05:00Z')
    const frozen = activeWindow(windows('00:00 - 12:00 UTC', '12:00 - 00:00 UTC'), at)
    expect(frozen?.label).toBe('00:00 - 12:00 UTC, then 12:00 - 00:00 UTC')
    expect(frozen?.until.toISOString()).toBe('2027-07-07T12:00:00.000Z')
  })
})

describe('when clocks change', () => {
  const [spring, autumn] = ['2026-03-29', '2026-10-25']
  test.each([
    { case: 'the weekend is an hour shorter', at: '2026-03-27T15:00Z', freeze: weekend, until: '2026-03-30T06:00Z' },
    { case: 'the weekend begins by winter time', at: '2026-03-27T14:59Z', freeze: weekend, until: undefined },
    { case: 'the weekend is an hour longer', at: '2026-10-23T14:00Z', freeze: weekend, until: '2026-10-26T07:00Z' },
    {
      case: 'an end that is skipped is an hour later',
      at: `${spring}T00:00Z`,
      freeze: 'Sun 00:00 - 02:30 Europe/Berlin',
      until: `${spring}T01:30Z`,
    },
    {
      case: 'an end that comes twice is the first',
      at: `${autumn}T00:00Z`,
      freeze: 'Sun 00:00 - 02:30 Europe/Berlin',
      until: `${autumn}T00:30Z`,
    },
    {
      case: 'it is open between the two',
      at: `${autumn}T00:30Z`,
      freeze: 'Sun 00:00 - 02:30 Europe/Berlin',
      until: undefined,
    },
    {
      case: 'a beginning that is skipped is an hour later',
      at: `${spring}T01:30Z`,
      freeze: 'Sun 02:30 - 06:00 Europe/Berlin',
      until: `${spring}T04:00Z`,
    },
    { case: 'and not before', at: `${spring}T01:29Z`, freeze: 'Sun 02:30 - 06:00 Europe/Berlin', until: undefined },
    {
      case: 'a beginning that comes twice is the first',
      at: `${autumn}T00:30Z`,
      freeze: 'Sun 02:30 - 06:00 Europe/Berlin',
      until: `${autumn}T05:00Z`,
    },
    {
      case: 'and holds through the second',
      at: `${autumn}T01:15Z`,
      freeze: 'Sun 02:30 - 06:00 Europe/Berlin',
      until: `${autumn}T05:00Z`,
    },
    {
      case: 'by half an hour',
      at: '2026-10-03T15:00Z',
      freeze: 'Sun 01:00 - 02:15 Australia/Lord_Howe',
      until: '2026-10-03T15:45Z',
    },
    {
      case: 'once, over the change',
      at: `${spring}T00:00Z`,
      freeze: '2026-03-28 12:00 - 2026-03-29 03:00 Europe/Berlin',
      until: `${spring}T01:00Z`,
    },
  ])('$case', ({ at, freeze, until: expected }) => expect(until(at, freeze)).toBe(expected))
})

describe('what clocks show says whether a window holds', () => {
  // Their clocks change between midnight and four: no window of these begins or ends then.
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Chatham']
  const minute = fc.integer({ min: 4 * 60, max: 24 * 60 - 1 })
  const moment = fc.record({ day: fc.integer({ min: 1, max: 7 }), minute })
  const date = fc
    .integer({ min: 0, max: 364 })
    .map(day => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10))
  const localTime = fc.tuple(date, minute).map(([day, of]) => `${day}T${two(Math.floor(of / 60))}:${two(of % 60)}`)
  const weekly = fc
    .record({ kind: fc.constant('weekly' as const), from: moment, to: moment })
    .filter(({ from, to }) => from.day !== to.day || from.minute !== to.minute)
  const once = fc
    .record({ kind: fc.constant('once' as const), from: localTime, to: localTime })
    .filter(({ from, to }) => from < to)
  const freezeWindow: fc.Arbitrary<FreezeWindow> = fc
    .tuple(fc.oneof({ weight: 3, arbitrary: weekly }, once), fc.constantFrom(...zones))
    .map(([span, timeZone]) => ({ label: 'x', timeZone, ...span }))
  const now = fc.integer({ min: 0, max: 365 * 24 * 60 }).map(of => Date.UTC(2026, 0, 1) + of * 60_000)

  test('and the end is the first moment at which none does', () => {
    const isFrozen = (of: readonly FreezeWindow[], at: number) => of.some(window => shownWithin(window, at))
    fc.assert(
      fc.property(
        fc.array(freezeWindow, { maxLength: 3 }),
        now,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, at, part) => {
          const frozen = activeWindow(of, new Date(at))
          expect(frozen !== undefined).toBe(isFrozen(of, at))
          if (!frozen) return
          const end = frozen.until.getTime()
          const between = at + Math.floor(((end - at) * part) / 60_000) * 60_000
          expect([isFrozen(of, end - 60_000), isFrozen(of, Math.min(between, end - 60_000))]).toEqual([true, true])
          if (end - at < 366 * 86_400_000) expect(isFrozen(of, end)).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('the next beginning', () => {
  const [office, spring, autumn] = ['Mon-Fri 07:00 - 20:00 Europe/Berlin', '2026-03-29', '2026-10-25']
  const next = (at: string, ...texts: string[]) => {
    const found = nextBeginning(windows(...texts), new Date(at))
    return found && `${found.at.toISOString().replace(':00.000Z', 'Z')}, ${found.shown}`
  }

  test.each([
    {
      case: 'in the evening',
      at: '2026-07-06T19:00Z',
      hours: [office],
      next: '2026-07-07T05:00Z, Tue 07:00 Europe/Berlin',
    },
    {
      case: 'over the weekend',
      at: '2026-07-03T18:00Z',
      hours: [office],
      next: '2026-07-06T05:00Z, Mon 07:00 Europe/Berlin',
    },
    {
      case: 'just before it',
      at: '2026-07-06T04:59:59.999Z',
      hours: [office],
      next: '2026-07-06T05:00Z, Mon 07:00 Europe/Berlin',
    },
    {
      case: 'not the one that begins now',
      at: '2026-07-06T05:00Z',
      hours: [office],
      next: '2026-07-07T05:00Z, Tue 07:00 Europe/Berlin',
    },
    {
      case: 'over a weekend an hour shorter',
      at: '2026-03-28T12:00Z',
      hours: [office],
      next: '2026-03-30T05:00Z, Mon 07:00 Europe/Berlin',
    },
    {
      case: 'over a weekend an hour longer',
      at: '2026-10-24T12:00Z',
      hours: [office],
      next: '2026-10-26T06:00Z, Mon 07:00 Europe/Berlin',
    },
    {
      case: 'over the month’s end and the year’s',
      at: '2026-12-31T20:00Z',
      hours: [office],
      next: '2027-01-01T06:00Z, Fri 07:00 Europe/Berlin',
    },
    {
      case: 'the first of several, in its own zone',
      at: '2026-07-03T18:00Z',
      hours: [office, 'Sun 10:00 - 12:00 Asia/Kolkata'],
      next: '2026-07-05T04:30Z, Sun 10:00 Asia/Kolkata',
    },
    {
      case: 'that is skipped is an hour later',
      at: `${spring}T00:00Z`,
      hours: ['Sun 02:30 - 06:00 Europe/Berlin'],
      next: `${spring}T01:30Z, Sun 03:30 Europe/Berlin`,
    },
    {
      case: 'that comes twice is the first',
      at: `${autumn}T00:00Z`,
      hours: ['Sun 02:30 - 06:00 Europe/Berlin'],
      next: `${autumn}T00:30Z, Sun 02:30 Europe/Berlin`,
    },
    {
      case: 'and then a week later',
      at: `${autumn}T00:30Z`,
      hours: ['Sun 02:30 - 06:00 Europe/Berlin'],
      next: '2026-11-01T01:30Z, Sun 02:30 Europe/Berlin',
    },
    {
      case: 'of a window that next week’s change leaves empty is two weeks later',
      at: '2026-03-22T12:00Z',
      hours: ['Sun 02:30 - 03:00 Europe/Berlin'],
      next: '2026-04-05T00:30Z, Sun 02:30 Europe/Berlin',
    },
    {
      case: 'of a window that the change leaves empty is a week later',
      at: `${spring}T00:00Z`,
      hours: ['Sun 02:30 - 03:00 Europe/Berlin'],
      next: '2026-04-05T00:30Z, Sun 02:30 Europe/Berlin',
    },
    {
      case: 'of what is over for good',
      at: '2027-12-24T12:00Z',
      hours: ['2026-12-20 18:00 - 2027-01-04 08:00 UTC'],
      next: undefined,
    },
    { case: 'of none', at: '2026-07-03T18:00Z', hours: [], next: undefined },
  ])('$case', ({ at, hours, next: expected }) => expect(next(at, ...hours)).toBe(expected))

  test('is when it is within again, and it is not before', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo']
    const moment = fc.record({ day: fc.integer({ min: 1, max: 7 }), minute: fc.integer({ min: 0, max: 1439 }) })
    const weekly: fc.Arbitrary<FreezeWindow> = fc
      .record({ kind: fc.constant('weekly' as const), from: moment, to: moment, timeZone: fc.constantFrom(...zones) })
      .filter(({ from, to }) => from.day !== to.day || from.minute !== to.minute)
      .map(of => ({ label: 'x', ...of }))
    const now = fc.integer({ min: 0, max: 365 * 24 * 60 }).map(of => Date.UTC(2026, 0, 1) + of * 60_000)
    fc.assert(
      fc.property(
        fc.array(weekly, { minLength: 1, maxLength: 3 }),
        now,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, at, part) => {
          fc.pre(!isWithin(of, new Date(at)))
          const begins = nextBeginning(of, new Date(at))?.at.getTime() ?? 0
          expect(begins).toBeGreaterThan(at)
          expect(isWithin(of, new Date(begins))).toBe(true)
          expect(isWithin(of, new Date(at + Math.floor(((begins - 1 - at) * part) / 60_000) * 60_000))).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })
})

const clocks = new Map<string, Intl.DateTimeFormat>()

/** By what a clock on the wall of that zone shows at this moment, without any arithmetic of time zones. */
function shownWithin(window: FreezeWindow, at: number): boolean {
  const { timeZone } = window
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    })
  clocks.set(timeZone, clock)
  const shown = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
  const { year, month, day, hour, minute, weekday = '' } = shown
  if (window.kind === 'once') {
    const local = `${year}-${month}-${day}T${hour}:${minute}`
    return window.from <= local && local < window.to
  }
  const ofWeek = (of: { day: number; minute: number }) => of.day * 1440 + of.minute
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const local = ofWeek({ day: days.indexOf(weekday) + 1, minute: Number(hour) * 60 + Number(minute) })
  const [from, to] = [ofWeek(window.from), ofWeek(window.to)]
  return from < to ? from <= local && local < to : from <= local || local < to
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
