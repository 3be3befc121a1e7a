import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { billedMs, costOf, type Metered } from '../../shared/cost/meter.ts'
import { ended, prices, running, without } from './priced.ts'

const at = (text: string) => Date.parse(text)
const now = new Date('2026-03-02T04:00:00.000Z')
const midnight = at('2026-03-02T00:00:00.000Z')
const minute = 60_000
const hour = 60 * minute

describe('billed time', () => {
  test.each<[string, Metered, number]>([
    ['from the pull to now', running(), 6 * hour],
    ['from the pull to the stop', ended(), 10 * minute],
    ['rounded up to the second', ended({ stoppedAt: '2026-03-01T22:10:00.001Z' }), 10 * minute + 1000],
    ['a minute at least', ended({ stoppedAt: '2026-03-01T22:00:07.000Z' }), minute],
    ['a minute at least, of what still runs', running({ pullStartedAt: '2026-03-02T03:59:50.000Z' }), minute],
    ['a minute of what stopped at once', ended({ stoppedAt: '2026-03-01T22:00:00.000Z' }), minute],
    [
      'five minutes at least of Windows',
      ended({ platformFamily: 'Windows Server 2019 Full', stoppedAt: '2026-03-01T22:00:07.000Z' }),
      5 * minute,
    ],
    [
      'from the start where no pull is told',
      without(running({ startedAt: '2026-03-02T03:00:00.000Z' }), 'pullStartedAt'),
      hour,
    ],
    [
      'from its creation where nothing else is',
      without(running({ createdAt: '2026-03-02T02:00:00.000Z' }), 'pullStartedAt'),
      2 * hour,
    ],
    ['nothing before the pull', without(running({ lastStatus: 'PROVISIONING' }), 'pullStartedAt'), 0],
    ['nothing of what never pulled', without(ended({ stopCode: 'TaskFailedToStart' }), 'pullStartedAt'), 0],
    ['nothing of what was stopped before its pull', without(ended({ stopCode: 'UserInitiated' }), 'pullStartedAt'), 0],
    [
      'nothing of what is being stopped before its pull',
      without(ended({ stopCode: 'ServiceSchedulerInitiated', lastStatus: 'DEPROVISIONING' }), 'pullStartedAt'),
      0,
    ],
    [
      'what a container of it ran, from its creation where no pull is told',
      without(
        ended({ createdAt: '2026-03-01T22:00:00.000Z', containers: [{ name: 'app', exitCode: 0 }] }),
        'pullStartedAt',
      ),
      10 * minute,
    ],
    [
      "from the pull's end where its start is not told",
      without(running({ pullStoppedAt: '2026-03-02T03:00:00.000Z' }), 'pullStartedAt'),
      hour,
    ],
    ['what failed after its pull began', ended({ stopCode: 'TaskFailedToStart' }), 10 * minute],
    [
      'to the end of its containers where no stop is told',
      without(ended({ executionStoppedAt: '2026-03-01T22:09:00.000Z' }), 'stoppedAt'),
      9 * minute,
    ],
    ['what is lost, until it was missed', { ...running(), lost: { at: '2026-03-01T23:00:00.000Z' } }, hour],
    ['a stop that is told before the start', ended({ stoppedAt: '2026-03-01T21:00:00.000Z' }), minute],
    ['a start that is still to come by our clock', running({ pullStartedAt: '2026-03-02T04:00:30.000Z' }), minute],
    ['a time that is none', running({ pullStartedAt: 'soon', startedAt: '2026-03-02T03:00:00.000Z' }), hour],
  ])('%s', (_, of, ms) => expect(billedMs(of, now)).toBe(ms))

  test.each<[string, Metered, RegExp]>([
    ['no start', without(running(), 'pullStartedAt', 'createdAt'), /when it started/],
    ['no stop', without(ended(), 'stoppedAt'), /when it stopped/],
    [
      'what was lost before its pull was told',
      { ...without(running({ lastStatus: 'PENDING' }), 'pullStartedAt'), lost: { at: '2026-03-01T23:00:00.000Z' } },
      /lost/,
    ],
  ])('%s is not known, and not zero', (_, of, unknown) => {
    expect(billedMs(of, now)).toEqual({ unknown: expect.stringMatching(unknown) })
    expect(costOf(of, prices(), now)).toEqual({ unknown: expect.stringMatching(unknown) })
  })
})

test('split at midnight: what is charged at least falls to the day of the end, and to no other', () => {
  const short = ended({ pullStartedAt: '2026-03-01T23:59:50.000Z', stoppedAt: '2026-03-02T00:00:10.000Z' })
  expect(billedMs(short, now, { from: midnight - 24 * hour, to: midnight })).toBe(10_000)
  expect(billedMs(short, now, { from: midnight, to: midnight + 24 * hour })).toBe(50_000)
  expect(billedMs(short, now, { from: midnight + 24 * hour, to: midnight + 48 * hour })).toBe(0)
})

test('what ended on the stroke of midnight: its least charge is counted once', () => {
  const exact = ended({ pullStartedAt: '2026-03-01T23:59:50.000Z', stoppedAt: '2026-03-02T00:00:00.000Z' })
  expect(billedMs(exact, now, { from: midnight - 24 * hour, to: midnight })).toBe(10_000)
  expect(billedMs(exact, now, { from: midnight, to: midnight + 24 * hour })).toBe(50_000)
})

test('costs an hour of its rate an hour', () => {
  expect(costOf(running(), prices(), now)).toEqual({ usd: 6 })
  expect(costOf(running(), prices(), now, { from: midnight, to: midnight + hour })).toEqual({ usd: 1 })
  expect(costOf(running({ platformFamily: 'Plan 9' }), prices(), now)).toEqual({ unknown: expect.any(String) })
  // Nothing was billed, whatever an hour of it would cost.
  const never = without(ended({ stopCode: 'TaskFailedToStart', platformFamily: 'Plan 9' }), 'pullStartedAt')
  expect(costOf(never, prices(), now)).toEqual({ usd: 0 })
})

describe('whatever ECS tells', () => {
  const base = at('2026-03-01T00:00:00.000Z')
  const moment = fc.integer({ min: 0, max: 4 * 24 * hour }).map(ms => base + ms)
  const time = fc.option(
    fc.oneof(
      { weight: 9, arbitrary: moment.map(ms => new Date(ms).toISOString()) },
      { weight: 1, arbitrary: fc.constant('?') },
    ),
    { nil: undefined },
  )
  const metered = fc
    .record({
      pullStartedAt: time,
      startedAt: time,
      createdAt: time,
      stoppedAt: time,
      stoppingAt: time,
      lastStatus: fc.constantFrom('PENDING', 'RUNNING', 'STOPPING', 'STOPPED'),
      platformFamily: fc.constantFrom('Linux', 'Windows Server 2022 Core'),
      lost: fc.option(
        moment.map(ms => ({ at: new Date(ms).toISOString() })),
        { nil: undefined, freq: 9 },
      ),
    })
    .map(
      of =>
        ({ ...running(), ...Object.fromEntries(Object.entries(of).filter(([, it]) => it !== undefined)) }) as Metered,
    )

  test('parts of any split add up to the whole, and none is negative', () => {
    fc.assert(
      fc.property(metered, moment, fc.array(moment, { maxLength: 5 }), (of, until, cuts) => {
        const whole = billedMs(of, new Date(until))
        if (typeof whole !== 'number') return
        const edges = [Number.NEGATIVE_INFINITY, ...cuts.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY]
        const parts = edges
          .slice(1)
          .map((to, nth) => billedMs(of, new Date(until), { from: edges[nth] ?? 0, to }) as number)
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0)
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole)
        expect(whole % 1000).toBe(0)
      }),
    )
  })

  test('time never makes it less, nor does a stop', () => {
    fc.assert(
      fc.property(metered, moment, moment, (of, one, other) => {
        const [earlier, later] = [new Date(Math.min(one, other)), new Date(Math.max(one, other))]
        const [before, after] = [billedMs(of, earlier), billedMs(of, later)]
        if (typeof before !== 'number' || typeof after !== 'number') return
        expect(after).toBeGreaterThanOrEqual(before)
        // What never told of a pull and stops is taken to have had none.
        if ([of.pullStartedAt, of.startedAt].every(told => Number.isNaN(Date.parse(told ?? '')))) return
        const { lost: _, ...left } = of
        const stop = { ...left, lastStatus: 'STOPPED', stoppedAt: later.toISOString() }
        const runningBefore = billedMs({ ...left, lastStatus: 'RUNNING' }, earlier)
        if (typeof runningBefore === 'number') expect(billedMs(stop, later)).toBeGreaterThanOrEqual(runningBefore)
      }),
    )
  })
})
