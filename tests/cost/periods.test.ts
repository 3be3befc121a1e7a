import { describe, expect, test } from 'vitest'
import { awsPeriod, daysOf, hoursLeft, limitAt, ownPeriod } from '../../shared/cost/periods.ts'

const at = (text: string) => new Date(text)
const day = (text: string) => `${text}T00:00:00.000Z`

describe('own periods are UTC', () => {
  test.each([
    ['day', '2026-03-01T22:00:00Z', '2026-03-01', '2026-03-02'],
    ['day', '2026-12-31T23:59:59.999Z', '2026-12-31', '2027-01-01'],
    ['month', '2026-03-01T00:00:00Z', '2026-03-01', '2026-04-01'],
    ['month', '2026-02-28T23:59:59.999Z', '2026-02-01', '2026-03-01'],
    ['month', '2028-02-29T12:00:00Z', '2028-02-01', '2028-03-01'],
    ['month', '2026-12-31T23:00:00-05:00', '2027-01-01', '2027-02-01'],
  ] as const)('a %s at %s', (per, now, from, to) =>
    expect(ownPeriod(per, at(now))).toEqual({ from: day(from), to: day(to) }),
  )
})

describe('the period of an AWS budget', () => {
  test.each([
    ['DAILY', '2026-03-01T22:00:00Z', '2026-03-01', '2026-03-02'],
    ['MONTHLY', '2026-03-31T22:00:00Z', '2026-03-01', '2026-04-01'],
    ['QUARTERLY', '2026-01-01T00:00:00Z', '2026-01-01', '2026-04-01'],
    ['QUARTERLY', '2026-12-31T22:00:00Z', '2026-10-01', '2027-01-01'],
    ['ANNUALLY', '2026-06-15T22:00:00Z', '2026-01-01', '2027-01-01'],
  ])('%s at %s', (timeUnit, now, from, to) =>
    expect(awsPeriod({ timeUnit, startsAt: '2019-01-15T00:00:00Z' }, at(now))).toEqual({
      from: day(from),
      to: day(to),
    }),
  )

  test.each<[string, Parameters<typeof awsPeriod>[0], string, unknown]>([
    [
      'is all of a custom one',
      { timeUnit: 'CUSTOM', startsAt: '2026-02-10T00:00:00Z', endsAt: '2026-03-20T00:00:00Z' },
      '2026-03-01T00:00:00Z',
      { from: day('2026-02-10'), to: day('2026-03-20') },
    ],
    [
      'needs a custom one to have an end',
      { timeUnit: 'CUSTOM', startsAt: '2026-02-10T00:00:00Z' },
      '2026-03-01T00:00:00Z',
      { none: 'AWS does not tell its custom period' },
    ],
    [
      'has not begun',
      { timeUnit: 'MONTHLY', startsAt: '2026-04-01T00:00:00Z' },
      '2026-03-01T00:00:00Z',
      { none: 'It begins on 2026-04-01' },
    ],
    [
      'is over',
      { timeUnit: 'MONTHLY', endsAt: '2026-03-01T00:00:00Z' },
      '2026-03-01T00:00:00Z',
      { none: 'It ended on 2026-03-01' },
    ],
    [
      'ends with the budget',
      { timeUnit: 'MONTHLY', endsAt: '2026-03-15T00:00:00Z' },
      '2026-03-01T00:00:00Z',
      { from: day('2026-03-01'), to: day('2026-03-15') },
    ],
    [
      'is none of a unit that is new',
      { timeUnit: 'WEEKLY' },
      '2026-03-01T00:00:00Z',
      { none: 'Its time unit WEEKLY is not known' },
    ],
  ])('%s', (_, budget, now, period) => expect(awsPeriod(budget, at(now))).toEqual(period))
})

test.each([
  ['the same for each', { limit: 100 }, 100],
  ['none', {}, undefined],
  ['the planned one that has begun', { limit: 1, plannedLimits: plan('2026-02-01', '2026-03-01', '2026-04-01') }, 2],
  ['the last one, after all', { plannedLimits: plan('2025-01-01', '2025-02-01') }, 2],
  ['none before the first planned one', { limit: 1, plannedLimits: plan('2026-04-01') }, undefined],
])('the limit that holds: %s', (_, of, limit) =>
  expect(limitAt({ type: 'COST', timeUnit: 'MONTHLY', ...of }, at('2026-03-31T23:00:00Z'))).toBe(limit),
)

function plan(...days: string[]) {
  return days.map((from, nth) => ({ from: `${from}T00:00:00Z`, amount: nth + 1 }))
}

test('hours that are left', () => {
  const period = { from: day('2026-03-01'), to: day('2026-04-01') }
  expect(hoursLeft(period, at('2026-03-01T00:00:00Z'))).toBe(31 * 24)
  expect(hoursLeft(period, at('2026-03-31T23:30:00Z'))).toBe(0.5)
  expect(hoursLeft(period, at('2026-04-02T00:00:00Z'))).toBe(0)
})

test('days touched so far', () => {
  const period = { from: day('2026-02-27'), to: day('2026-03-02') }
  expect(daysOf(period, at('2026-02-27T00:00:00Z'))).toEqual(['2026-02-27'])
  expect(daysOf(period, at('2026-03-01T23:00:00Z'))).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  expect(daysOf(period, at('2026-05-01T23:00:00Z'))).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  expect(daysOf({ from: '2026-02-27T12:00:00.000Z', to: period.to }, at('2026-02-28T01:00:00Z'))).toHaveLength(2)
})
