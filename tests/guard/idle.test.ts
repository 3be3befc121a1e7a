import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IdleRule } from '../../shared/config/config.ts'
import type { Activity, Signal, SignalEvidence } from '../../shared/guard/activity.ts'
import { hasWindow, isWorthAsking, windowOf } from '../../shared/guard/idle-window.ts'
import { idle } from '../../shared/guard/judges/idle.ts'
import { longAgo } from './workloads.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const now = new Date('2026-03-01T12:00:30Z')
const rule: IdleRule = { cpuPercent: 3, networkBytesPerSecond: 1000, windowMs: 6 * hour, coverage: 0.9 }
const thresholds: Record<Signal, number> = { cpu: 3, network: 1000, requests: 1 }

function saw(signal: Signal, state: SignalEvidence['state'], of: Partial<SignalEvidence> = {}): SignalEvidence {
  return { signal, state, threshold: thresholds[signal], tier: 'task', points: 180, expected: 180, ...of }
}
const quietCpu = saw('cpu', 'quiet', { highest: 0.4 })
const quietNetwork = saw('network', 'quiet', { highest: 120 })

function judge(
  signals: SignalEvidence[] | undefined,
  of: { kind?: 'service' | 'copies' | 'task'; since?: string | null; busyAt?: string } = {},
) {
  const { kind = 'task', since = longAgo, busyAt } = of
  const activity: Activity | undefined = signals && { signals }
  const workload = since === null ? { kind } : { kind, since }
  return idle({ workload, activity, ...(busyAt !== undefined && { busyAt }) }, rule, now)
}

describe('idle', () => {
  test.each<{ case: string; signals: SignalEvidence[]; detail: string; kind?: 'copies' | 'task' }>([
    {
      case: 'every signal quiet',
      signals: [quietCpu, quietNetwork],
      detail: 'CPU at most 0.4 % of 3 %, network at most 120 B/s of 1 KB/s, for 6 h, by its own metrics',
    },
    { case: 'the only one', signals: [quietCpu], detail: 'CPU at most 0.4 % of 3 %, for 6 h, by its own metrics' },
    {
      case: 'by two tiers',
      signals: [
        saw('cpu', 'quiet', { tier: 'service', highest: 2.987 }),
        saw('requests', 'quiet', { tier: 'load-balancer', highest: 0 }),
      ],
      detail:
        "CPU at most 2.99 % of 3 %, requests at most 0/min of 1/min, for 6 h, by its service's and its load balancer's metrics",
    },
    {
      case: 'copies',
      kind: 'copies',
      signals: [quietCpu],
      detail: "CPU at most 0.4 % of 3 %, for 6 h, by its copies' own metrics",
    },
  ])('$case', ({ signals, detail, kind = 'task' }) =>
    expect(judge(signals, { kind })).toEqual({ is: 'due', reason: 'idle', detail, isHard: false }),
  )
})

describe('in use', () => {
  const busyCpu = saw('cpu', 'busy', { highest: 42.4 })
  test.each([
    { case: 'one signal is busy', signals: [busyCpu, quietNetwork] },
    { case: 'one is busy, one has no data', signals: [busyCpu, saw('network', 'no-data')] },
    {
      case: 'one is busy, one can’t be read',
      signals: [saw('network', 'metrics-unreadable', { error: 'no' }), busyCpu],
    },
    { case: 'one is busy, of one there is no metric', signals: [saw('network', 'no-such-metric'), busyCpu] },
    { case: 'one is busy, one is of many', signals: [saw('network', 'average-of-many'), busyCpu] },
  ])('$case', ({ signals }) =>
    expect(judge(signals)).toEqual({
      is: 'fine',
      detail: 'CPU up to 42.4 %, above 3 %, within 6 h, by its own metrics',
    }),
  )

  test('it was lately, and was not asked again', () => {
    const busyAt = '2026-03-01T11:00:00.000Z'
    expect(judge(undefined, { busyAt })).toEqual({ is: 'fine', detail: `busy at ${busyAt}, less than 6 h ago` })
  })
})

describe('not judged', () => {
  const about = (state: SignalEvidence['state'], of: Partial<SignalEvidence> = {}) => [
    quietCpu,
    saw('network', state, of),
  ]
  test.each([
    {
      reason: 'no-data',
      signals: about('no-data', { points: 0 }),
      says: 'network: no data in 6 h, and that is not idle',
    },
    {
      reason: 'too-few-points',
      signals: about('too-few-points', { points: 90 }),
      says: 'network: 90 of 180 points in 6 h, 162 are needed',
    },
    { reason: 'no-such-metric', signals: about('no-such-metric'), says: 'Container Insights' },
    { reason: 'no-such-metric', signals: [quietCpu, saw('requests', 'no-such-metric')], says: 'target group' },
    {
      reason: 'metrics-unreadable',
      signals: about('metrics-unreadable', { error: 'AccessDenied: not allowed' }),
      says: "network can't be read: AccessDenied: not allowed",
    },
    { reason: 'average-of-many', signals: about('average-of-many'), says: 'of which others run too' },
    { reason: 'no-data', signals: [], says: 'names no signal' },
    { reason: 'no-data', signals: undefined, says: 'were not read' },
  ])('$reason', ({ reason, signals, says }) =>
    expect(judge(signals)).toEqual({ is: 'not-judged', reason, detail: expect.stringContaining(says) }),
  )

  test('every signal that is missing is said', () => {
    const found = judge([saw('cpu', 'no-data'), saw('network', 'no-such-metric')])
    expect(found).toMatchObject({
      reason: 'no-data',
      detail: expect.stringMatching(/CPU: no data.*; network: no such metric/),
    })
  })

  test.each([
    { case: 'its age is not known', since: null, reason: 'age-unknown' },
    {
      case: 'it is younger than the window',
      since: new Date(now.getTime() - 6 * hour).toISOString(),
      reason: 'too-young',
    },
  ])('$case, however quiet', ({ since, reason }) =>
    expect(judge([quietCpu, quietNetwork], { since })).toMatchObject({ is: 'not-judged', reason }),
  )

  test('what was busy before the window is no answer', () => {
    expect(judge(undefined, { busyAt: '2026-03-01T05:00:00.000Z' })).toMatchObject({ reason: 'no-data' })
  })
})

describe('the window', () => {
  test.each([
    { windowMs: 30 * minute, period: 60, points: 30 },
    { windowMs: 195 * minute, period: 60, points: 195 },
    { windowMs: 6 * hour, period: 120, points: 180 },
    { windowMs: day, period: 480, points: 180 },
    { windowMs: 14 * day, period: 6120, points: 198 },
  ])('of $windowMs ms has $points points of $period s', ({ windowMs, period, points }) => {
    const window = windowOf({ windowMs }, now)
    expect([window.span.periodSeconds, window.points]).toEqual([period, points])
  })

  test('has whole points that had time to arrive, and what is read goes on to now', () => {
    const { from, to, span } = windowOf({ windowMs: 30 * minute }, now)
    expect(new Date(to).toISOString()).toBe('2026-03-01T11:55:00.000Z')
    expect(new Date(from).toISOString()).toBe('2026-03-01T11:25:00.000Z')
    expect(span.to.toISOString()).toBe('2026-03-01T12:01:00.000Z')
  })

  test('is never cut, and is one call for 500 series', () => {
    const any = fc.tuple(fc.integer({ min: 30 * 60, max: 14 * 86_400 }), fc.integer({ min: 0, max: 10 * day }))
    fc.assert(
      fc.property(any, ([seconds, later]) => {
        const at = new Date(now.getTime() + later)
        const { span, from, to, points } = windowOf({ windowMs: seconds * 1000 }, at)
        const periodMs = span.periodSeconds * 1000
        expect(to - from).toBe(points * periodMs)
        expect(to - from).toBeGreaterThanOrEqual(seconds * 1000)
        expect(to - from).toBeLessThan(seconds * 1000 + periodMs)
        expect(at.getTime() - to).toBeGreaterThanOrEqual(5 * minute)
        expect(at.getTime() - to).toBeLessThan(5 * minute + periodMs)
        expect([from % periodMs, span.to.getTime() % periodMs, periodMs % minute]).toEqual([0, 0, 0])
        expect(span.to.getTime()).toBeGreaterThanOrEqual(at.getTime())
        expect(((span.to.getTime() - span.from.getTime()) / periodMs) * 500).toBeLessThanOrEqual(100_800)
      }),
    )
  })

  test('who was busy within it is not worth asking, and is as soon as it can be idle', () => {
    const { from } = windowOf(rule, now)
    const busy = (at: number) => isWorthAsking(new Date(at).toISOString(), rule, now)
    expect([busy(from), busy(from - 1), isWorthAsking(undefined, rule, now)]).toEqual([false, true, true])
  })

  test('is there for who began at its first moment', () => {
    const { from } = windowOf(rule, now)
    const began = (at: number) => hasWindow(new Date(at).toISOString(), rule, now)
    expect([began(from), began(from + 1), hasWindow(undefined, rule, now)]).toEqual([true, false, false])
  })
})
