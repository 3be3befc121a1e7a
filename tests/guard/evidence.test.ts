import { describe, expect, test } from 'vitest'
import { evidenceOf, newReading, summing } from '../../shared/guard/evidence.ts'
import { windowOf } from '../../shared/guard/idle-window.ts'
import type { Series } from '../../shared/ports.ts'

const window = windowOf({ windowMs: 6 * 3_600_000 }, new Date('2026-03-01T12:00:30Z'))
const { from, points } = window
const periodMs = window.span.periodSeconds * 1000

/** A point for each of the first `count` periods, `value` each. */
function series(value: number, count = points): Series {
  return { at: Array.from({ length: count }, (_, nth) => from + nth * periodMs), values: Array(count).fill(value) }
}

/** What comes out of tasks of one series each, in that order; a task that is undefined is never answered for. */
function read(tasks: (Series | undefined)[], coverage = 0.9) {
  const reading = newReading('cpu', 'task', 3, tasks.length)
  for (const one of tasks) {
    const [take] = summing(reading, 1, 1, window)
    if (one) take?.(one)
  }
  return { ...evidenceOf(reading, window, coverage), busyAt: reading.busyAt }
}

const denied: Series = { unreadable: 'AccessDenied' }

describe('of several tasks', () => {
  test.each<{ case: string; tasks: (Series | undefined)[]; expected: object }>([
    { case: 'all quiet', tasks: [series(1), series(2)], expected: { state: 'quiet', highest: 2, points } },
    { case: 'one busy, one refused', tasks: [series(9), denied], expected: { state: 'busy', error: 'AccessDenied' } },
    { case: 'one refused, one busy', tasks: [denied, series(9)], expected: { state: 'busy' } },
    { case: 'one refused', tasks: [series(1), denied, series(1)], expected: { state: 'metrics-unreadable' } },
    {
      case: 'the first with few points',
      tasks: [series(1, 20), series(1)],
      expected: { state: 'too-few-points', points: 20 },
    },
    {
      case: 'the last with few points',
      tasks: [series(1), series(1, 20)],
      expected: { state: 'too-few-points', points: 20 },
    },
    { case: 'one never answered for', tasks: [series(1), undefined], expected: { state: 'no-data', points: 0 } },
    { case: 'none', tasks: [], expected: { state: 'no-data', points: 0 } },
    {
      case: 'the one that was busy last says when',
      tasks: [series(9, 30), series(9, 10)],
      expected: { state: 'busy', busyAt: from + 29 * periodMs },
    },
  ])('$case', ({ tasks, expected }) => expect(read(tasks)).toMatchObject(expected))
})

test('a point that comes twice counts once', () => {
  const twice: Series = { at: [from, from], values: [2, 2] }
  expect(read([twice])).toMatchObject({ state: 'too-few-points', points: 1, highest: 2 })
})

test('points outside of what was asked for do not count', () => {
  const outside: Series = { at: [from - periodMs, window.span.to.getTime()], values: [9, 9] }
  expect(read([outside])).toMatchObject({ state: 'no-data', points: 0 })
})

test('just as many points as there must be are enough, whatever binary fractions make of the share', () => {
  expect(0.55 * points).toBeGreaterThan(99)
  expect(read([series(1, 99)], 0.55).state).toBe('quiet')
  expect(read([series(1, 98)], 0.55).state).toBe('too-few-points')
})
