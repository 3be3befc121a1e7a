import { describe, expect, test } from 'vitest'
import { scheduleExpression } from '../../../local/account/schedule-expression.ts'

/** The first times after a moment, to the minute. */
function times(expression: string, zone: string, from: string, count: number): (string | undefined)[] {
  const next = scheduleExpression(expression, zone)
  const found: (string | undefined)[] = []
  for (let moment: Date | undefined = new Date(from); moment && found.length < count; ) {
    moment = next(moment)
    found.push(moment?.toISOString().slice(0, 16))
  }
  return found
}

const friday = '2026-03-27T11:00:00Z'

describe('when a schedule is due', () => {
  test.each([
    { expression: 'rate(1 minute)', is: ['2026-03-27T11:01', '2026-03-27T11:02'] },
    { expression: 'rate(5 minutes)', is: ['2026-03-27T11:05', '2026-03-27T11:10'] },
    { expression: 'rate(2 hours)', is: ['2026-03-27T13:00', '2026-03-27T15:00'] },
    { expression: 'rate(1 day)', is: ['2026-03-28T11:00', '2026-03-29T11:00'] },
    { expression: 'cron(0 10 * * ? *)', is: ['2026-03-28T10:00', '2026-03-29T10:00'] },
    { expression: 'cron(15 10 ? * MON-FRI *)', is: ['2026-03-30T10:15', '2026-03-31T10:15'] },
    // AWS counts from Sunday, which is 1.
    { expression: 'cron(15 10 ? * 1 *)', is: ['2026-03-29T10:15', '2026-04-05T10:15'] },
    { expression: 'cron(15 10 ? * 7 *)', is: ['2026-03-28T10:15', '2026-04-04T10:15'] },
    { expression: 'cron(0/20 * * * ? *)', is: ['2026-03-27T11:20', '2026-03-27T11:40', '2026-03-27T12:00'] },
    { expression: 'cron(5/25 11 * * ? *)', is: ['2026-03-27T11:05', '2026-03-27T11:30', '2026-03-27T11:55'] },
    { expression: 'cron(0 8,20 * * ? *)', is: ['2026-03-27T20:00', '2026-03-28T08:00'] },
    { expression: 'cron(0 8 L * ? *)', is: ['2026-03-31T08:00', '2026-04-30T08:00'] },
    { expression: 'cron(0 8 15W * ? *)', is: ['2026-04-15T08:00', '2026-05-15T08:00', '2026-06-15T08:00'] },
    { expression: 'cron(0 8 ? * 6L *)', is: ['2026-04-24T08:00', '2026-05-29T08:00'] },
    { expression: 'cron(0 8 ? * 3#2 *)', is: ['2026-04-14T08:00', '2026-05-12T08:00'] },
    { expression: 'cron(0 8 1 1 ? 2027-2028)', is: ['2027-01-01T08:00', '2028-01-01T08:00', undefined] },
    { expression: 'cron(0 8 1 1 ? 2025)', is: [undefined] },
  ])('$expression: $is', ({ expression, is }) => {
    expect(times(expression, 'UTC', friday, is.length)).toEqual(is)
  })

  test.each([
    {
      case: 'the hour that summer time leaves out is skipped',
      expression: 'cron(30 2 * * ? *)',
      from: '2026-03-27T12:00:00Z',
      is: ['2026-03-28T01:30', '2026-03-30T00:30'],
    },
    {
      case: 'the hour that comes twice counts once',
      expression: 'cron(30 2 * * ? *)',
      from: '2026-10-24T12:00:00Z',
      is: ['2026-10-25T00:30', '2026-10-26T01:30'],
    },
    {
      case: 'hours in a list count once too',
      expression: 'cron(30 2,14 * * ? *)',
      from: '2026-10-24T20:00:00Z',
      is: ['2026-10-25T00:30', '2026-10-25T13:30'],
    },
  ])('in Europe/Berlin $case', ({ expression, from, is }) => {
    expect(times(expression, 'Europe/Berlin', from, is.length)).toEqual(is)
  })
})

describe('what is no schedule', () => {
  test.each([
    { expression: 'every 5 minutes', says: /"every 5 minutes" is no schedule.*Try rate\(5 minutes\)/ },
    { expression: 'at(2026-03-01T10:00:00)', says: /no schedule that the local account has/ },
    { expression: 'rate(5 minute)', says: /"rate\(5 minute\)" is no rate/ },
    { expression: 'rate(1 minutes)', says: /no rate/ },
    { expression: 'rate(0 minutes)', says: /no rate/ },
    { expression: 'rate(1 week)', says: /no rate/ },
    { expression: 'rate()', says: /no rate/ },
    { expression: 'cron(0 8 * * *)', says: /has 5 fields, not 6/ },
    { expression: 'cron(0 8 * * * *)', says: /must have "\?"/ },
    { expression: 'cron(0 8 ? * ? *)', says: /must have "\?"/ },
    { expression: 'cron(0 8 ? * 0 *)', says: /weekday that is not 1/ },
    { expression: 'cron(0 8 ? * 2-8 *)', says: /weekday that is not 1/ },
    { expression: 'cron(60 8 * * ? *)', says: /"cron\(60 8 \* \* \? \*\)" in UTC: / },
    { expression: 'cron(0 8 * * ? *)', zone: 'Mars/Olympus', says: /in Mars\/Olympus: .*timezone/ },
  ])('$expression is refused', ({ expression, zone, says }) => {
    expect(() => scheduleExpression(expression, zone)).toThrow(says)
  })
})
