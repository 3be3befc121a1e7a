import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type StoppedTime, savedIn } from '../../shared/cost/savings.ts'

const march = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' }
const noon = new Date('2026-03-10T12:00:00Z')

/** A dollar an hour. */
const stop = (from: string, to?: string, of: Partial<StoppedTime> = {}): StoppedTime => ({
  workload: 'service:demo/web',
  name: 'service web in demo',
  from: `2026-${from}.000Z`,
  ...(to !== undefined && { to: `2026-${to}.000Z` }),
  costPerHour: { usd: 1 },
  ...of,
})

describe('what was saved in March, at noon of the 10th', () => {
  test.each([
    { case: 'from the stop to the wake', stops: [stop('03-09T10:00:00', '03-09T13:30:00')], usd: 3.5 },
    { case: 'up to now where it is stopped still', stops: [stop('03-10T10:00:00')], usd: 2 },
    { case: 'not what is still to come', stops: [stop('03-10T10:00:00', '04-01T00:00:00')], usd: 2 },
    { case: 'not what was before', stops: [stop('02-28T22:00:00', '03-01T02:00:00')], usd: 2 },
    { case: 'nothing of other months', stops: [stop('02-01T00:00:00', '02-03T00:00:00')], usd: 0 },
    { case: 'not before it was stopped', stops: [stop('03-10T13:00:00')], usd: 0 },
    {
      case: 'what came back by itself and was stopped again counts once',
      stops: [stop('03-10T08:00:00'), stop('03-10T10:00:00', '03-10T11:00:00')],
      usd: 3,
    },
    {
      case: 'several',
      stops: [stop('03-10T10:00:00'), stop('03-10T11:00:00', undefined, { workload: 'target:worker' })],
      usd: 3,
    },
  ])('$case', ({ stops, usd }) => {
    const saved = savedIn(stops, march, noon)
    expect(saved).toMatchObject({ usd, seconds: usd * 3600, unknown: [] })
  })

  test('what is not known is named, once, and is not in the sum', () => {
    const unknown = { costPerHour: { unknown: 'What Spot costs is not known' } }
    const stops = [
      stop('03-09T00:00:00', '03-09T01:00:00', unknown),
      stop('03-09T02:00:00', '03-09T03:00:00', unknown),
      stop('03-09T00:00:00', '03-09T05:00:00', { workload: 'target:worker' }),
    ]
    expect(savedIn(stops, march, noon)).toEqual({
      usd: 5,
      seconds: 7 * 3600,
      workloads: 2,
      unknown: [{ name: 'service web in demo', why: 'What Spot costs is not known' }],
    })
  })
})

test('however the stops of one workload overlap, no hour counts twice, and parts add up to the whole', () => {
  const base = Date.parse(march.from)
  const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.option(fc.integer({ min: 0, max: 200 }))), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 743 }), (hours, cut) => {
      const at = (hour: number) => new Date(base + hour * 3_600_000).toISOString()
      const stops = hours.map(([from, length]) =>
        stop('', undefined, { from: at(from), ...(length !== null && { to: at(from + length) }) }),
      )
      const end = new Date(march.to)
      const all = savedIn(stops, march, end)
      expect(all.seconds).toBeLessThanOrEqual(744 * 3600)
      const first = savedIn(stops, { from: march.from, to: at(cut) }, end)
      const second = savedIn(stops, { from: at(cut), to: march.to }, end)
      expect(first.usd + second.usd).toBeCloseTo(all.usd, 6)
    }),
  )
})
