/** What the points of a signal come down to. Each series is reduced as it comes in, so that nobody holds them all. */
import type { Series } from '../ports.ts'
import type { Signal, SignalEvidence, Tier } from './activity.ts'
import type { IdleWindow } from './idle-window.ts'

/** One signal of one workload, while its series come in. */
export interface Reading {
  signal: Signal
  tier: Tier
  threshold: number
  /** How many of what it consists of, such as copies, are still to be read. */
  left: number
  /** Points of the one that has the fewest. */
  fewest: number
  highest?: number
  /** Epoch milliseconds. */
  busyAt?: number
  error?: string
}

export function newReading(signal: Signal, tier: Tier, threshold: number, left: number): Reading {
  return { signal, tier, threshold, left, fewest: Number.POSITIVE_INFINITY }
}

/**
 * Takes the series whose sum, times `scale`, is the signal of one task (or of a service): received and sent, say. A point counts when
 * every one of them has it; what some of them have can show that it is busy already.
 */
export function summing(
  reading: Reading,
  series: number,
  scale: number,
  window: IdleWindow,
): ((one: Series) => void)[] {
  const { from, span, points } = window
  const periodMs = span.periodSeconds * 1000
  let sums: Float64Array
  let seen: Uint32Array
  let left = series
  const finish = () => {
    const whole = 2 ** series - 1
    let counted = 0
    for (let nth = 0; nth < sums.length; nth++) {
      if (seen[nth] === 0) continue
      if (nth < points && seen[nth] === whole) counted++
      note(reading, (sums[nth] ?? 0) * scale, from + nth * periodMs)
    }
    reading.fewest = Math.min(reading.fewest, counted)
    reading.left--
  }
  return Array.from({ length: series }, (_, part) => (one: Series) => {
    sums ??= new Float64Array(Math.round((span.to.getTime() - from) / periodMs))
    seen ??= new Uint32Array(sums.length)
    if ('unreadable' in one) reading.error = one.unreadable
    else add(one, sums, seen, 1 << part, from, periodMs)
    if (--left === 0) finish()
  })
}

/** A point that comes twice counts once; one outside of what was asked for, or that is no number, not at all. */
function add(
  { at, values }: Extract<Series, { at: number[] }>,
  sums: Float64Array,
  seen: Uint32Array,
  bit: number,
  from: number,
  periodMs: number,
): void {
  for (let nth = 0; nth < at.length; nth++) {
    const slot = Math.floor(((at[nth] ?? 0) - from) / periodMs)
    const value = values[nth]
    const before = seen[slot]
    if (before === undefined || (before & bit) !== 0 || value === undefined || !Number.isFinite(value)) continue
    seen[slot] = before | bit
    sums[slot] = (sums[slot] ?? 0) + value
  }
}

function note(reading: Reading, value: number, at: number): void {
  if (value > (reading.highest ?? Number.NEGATIVE_INFINITY)) reading.highest = value
  if (value > reading.threshold && at > (reading.busyAt ?? Number.NEGATIVE_INFINITY)) reading.busyAt = at
}

/** What it came down to, once all that was asked for is there. `coverage`: the share of the window's points that there must be. */
export function evidenceOf(reading: Reading, window: IdleWindow, coverage: number): SignalEvidence {
  const { signal, tier, threshold, highest, error } = reading
  const points = reading.left > 0 || !Number.isFinite(reading.fewest) ? 0 : reading.fewest
  return {
    signal,
    tier,
    state: stateOf(reading, points, window.points, coverage),
    threshold,
    ...(highest !== undefined && { highest }),
    points,
    expected: window.points,
    ...(error !== undefined && { error }),
  }
}

function stateOf(
  { busyAt, error }: Reading,
  points: number,
  expected: number,
  coverage: number,
): SignalEvidence['state'] {
  if (busyAt !== undefined) return 'busy'
  if (error !== undefined) return 'metrics-unreadable'
  if (points === 0) return 'no-data'
  // 0.55 × 180 is 99.00000000000001 in binary fractions.
  return points < coverage * expected - 1e-6 ? 'too-few-points' : 'quiet'
}
