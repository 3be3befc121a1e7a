/** What is stopped out of its hours, and what else may hold it then. */
import { describe, expect, test } from 'vitest'
import { guarded, minute } from './guarded.ts'

const written = (more = '') => `
${more}
guard:
  mode: enforce
  clusters: [demo]
  every: 30m
  limits: none
  rules: [{ for: tag:env=dev, hours: Mon-Sun 07:00 - 20:00 Europe/Berlin }]
`
const dev = { tags: { env: 'dev' } }

describe('off hours', () => {
  test('park at 20:00 and wake at 07:00 by the clocks of their zone, also in the night they change', {
    timeout: 120_000,
  }, async () => {
    // Clocks go from 02:00 to 03:00 on Sunday, 29 March 2026.
    const { serve, copies, to, parked, savings, lastRun } = await guarded(written(), {
      at: '2026-03-27T18:00:00Z',
      sweepMinutes: 240,
    })
    await serve('shop', { ...dev, count: 2 })
    await serve('till', { count: 1 })
    await to('2026-03-27T18:59:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    await to('2026-03-27T19:05:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await parked('service:demo/shop')).toMatchObject({
      state: 'parked',
      reasons: [{ reason: 'off-hours', until: '2026-03-28T06:00:00.000Z' }],
    })
    await to('2026-03-28T05:59:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-03-28T06:05:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    expect(await lastRun()).toMatchObject({
      woken: [{ workload: 'service:demo/shop', detail: 'its hours have begun' }],
    })
    await to('2026-03-28T19:05:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-03-29T04:59:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-03-29T05:05:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    await to('2026-03-29T17:55:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    await to('2026-03-29T18:05:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(copies('till')).toBe('1 wanted, 1 running')
    expect((await savings()).map(({ from, to: end }) => `${from.slice(5, 16)} ${end?.slice(5, 16)}`)).toEqual([
      '03-27T19:00 03-28T06:00',
      '03-28T19:00 03-29T05:00',
      '03-29T18:00 undefined',
    ])
  })

  test('are an hour longer in the night that summer time ends', { timeout: 60_000 }, async () => {
    const { serve, copies, to } = await guarded(written(), { at: '2026-10-24T17:00:00Z', sweepMinutes: 240 })
    await serve('shop', dev)
    await to('2026-10-24T18:05:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-10-25T05:55:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-10-25T06:05:00Z')
    expect(copies('shop')).toBe('1 wanted, 1 running')
  })

  test('that were undone for the evening begin again the next one', { timeout: 120_000 }, async () => {
    const { serve, copies, to, ask, clock } = await guarded(written(), {
      at: '2026-03-02T18:00:00Z',
      sweepMinutes: 240,
    })
    await serve('shop', dev)
    await to('2026-03-02T19:40:00Z')
    await ask({ do: 'undo', what: 'service:demo/shop' })
    await clock.advance(2 * minute)
    expect(copies('shop')).toBe('1 wanted, 1 running')
    await to('2026-03-03T18:55:00Z')
    expect(copies('shop')).toBe('1 wanted, 1 running')
    await to('2026-03-03T19:05:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
  })

  test('leave a service alone that somebody has put to zero, in the evening and in the morning', {
    timeout: 120_000,
  }, async () => {
    const { serve, scale, copies, to, parked } = await guarded(written(), {
      at: '2026-03-02T18:00:00Z',
      sweepMinutes: 240,
    })
    await serve('shop', dev)
    await scale('shop', 0)
    await to('2026-03-03T07:00:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await parked('service:demo/shop')).toBeUndefined()
  })
})

describe('off hours of what a budget has parked', () => {
  test('do not wake it when they end: the month has to', { timeout: 120_000 }, async () => {
    const budget = `budgets: { team: { limit: $0.03 a month, covers: tag:env=dev, steps: [{ at: 100% of actual, do: stop all }] } }`
    const { serve, copies, to, parked, lastRun } = await guarded(written(budget), {
      at: '2026-03-30T15:00:00Z',
      sweepMinutes: 240,
    })
    await serve('shop', { ...dev, count: 2 })
    await to('2026-03-30T16:40:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    const reasons = async () => (await parked('service:demo/shop'))?.reasons.map(({ reason }) => reason)
    expect(await reasons()).toEqual(['over-budget'])
    // Berlin is two hours ahead of UTC by now.
    await to('2026-03-30T18:05:00Z')
    expect(await reasons()).toEqual(['over-budget', 'off-hours'])
    await to('2026-03-31T05:05:00Z')
    expect(await reasons()).toEqual(['over-budget'])
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-03-31T18:05:00Z')
    expect(await reasons()).toEqual(['over-budget', 'off-hours'])
    await to('2026-04-01T00:35:00Z')
    expect(await reasons()).toEqual(['off-hours'])
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-04-01T05:05:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
    expect(await parked('service:demo/shop')).toMatchObject({ state: 'over', ended: { how: 'woken' } })
    expect(await lastRun()).toMatchObject({ woken: [{ workload: 'service:demo/shop' }] })
  })

  test('keep it asleep when the day of the budget ends before they do', { timeout: 120_000 }, async () => {
    const budget = `budgets: { team: { limit: $0.03 a day, covers: tag:env=dev, steps: [{ at: 100% of actual, do: stop all }] } }`
    const { serve, copies, to, parked } = await guarded(written(budget), {
      at: '2026-03-02T15:00:00Z',
      sweepMinutes: 240,
    })
    await serve('shop', { ...dev, count: 2 })
    await to('2026-03-02T23:55:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    await to('2026-03-03T00:35:00Z')
    expect((await parked('service:demo/shop'))?.reasons.map(({ reason }) => reason)).toEqual(['off-hours'])
    await to('2026-03-03T06:05:00Z')
    expect(copies('shop')).toBe('2 wanted, 2 running')
  })
})
