/** AWS's figures lag by half a day: so long a new period has those of the old one. */
import { describe, expect, test } from 'vitest'
import { guarded, hour, minute } from '../stories/guarded.ts'

async function spent(timeUnit: string, at: string, step = '{ at: 120% of actual, do: stop all }') {
  const written = `
budgets: { team: { aws: team, covers: tag:team=shop, steps: [${step}] } }
guard: { mode: enforce, clusters: [demo], every: 30m, minimumAge: 0s, limits: none }
`
  const found = await guarded(written, { at, sweepMinutes: 240 })
  const BudgetLimit = { Amount: '100', Unit: 'USD' }
  const Budget = { BudgetName: 'team', BudgetType: 'COST', TimeUnit: timeUnit, BudgetLimit }
  await found.call('budgets', 'CreateBudget', { AccountId: '123456789012', Budget })
  await found.serve('shop', { tags: { team: 'shop' } })
  const says = async (figures: { actual: number; forecast?: number }) => {
    found.budgets.pin('team', figures)
    await found.budgets.refresh()
  }
  return { ...found, says }
}

const [runs, stopped] = ['1 wanted, 1 running', '0 wanted, 0 running']

describe('a budget that was spent', () => {
  test.each([
    { timeUnit: 'MONTHLY', at: '2026-03-31T21:00:00Z', before: '2026-03-31T23:45:00Z', after: '2026-04-01T00:05:00Z' },
    { timeUnit: 'DAILY', at: '2026-03-10T21:00:00Z', before: '2026-03-10T23:45:00Z', after: '2026-03-11T00:05:00Z' },
  ])(
    'stops nothing in the next period of a $timeUnit one, until AWS has reported of that',
    {
      timeout: 60_000,
    },
    async ({ timeUnit, at, before, after }) => {
      const { serve, copies, to, clock, says, plan } = await spent(timeUnit, at)
      await says({ actual: 121 })
      await clock.advance(70 * minute)
      expect(copies('shop')).toBe(stopped)
      await to(before)
      // What begins after the step has acted is left alone: of this figure, and of the same one in the next period.
      await serve('till', { tags: { team: 'shop' } })
      await to(after)
      expect([copies('shop'), copies('till')]).toEqual([runs, runs])
      await clock.advance(3 * hour)
      expect([copies('shop'), copies('till')]).toEqual([runs, runs])
      const [line] = (await plan()).budgets
      expect(line?.spend.reported).toEqual({ unknown: expect.stringMatching(/the period before/) })
      expect(line?.problem).toMatch(/the period before/)
      await says({ actual: 0.4 })
      await clock.advance(hour)
      expect(copies('shop')).toBe(runs)
      // What it comes to in the new period counts, also where it is the same as in the old one.
      await says({ actual: 121 })
      await clock.advance(hour)
      expect(copies('shop')).toBe(stopped)
    },
  )

  test('holds by its forecast only what AWS forecasts of the new period', { timeout: 60_000 }, async () => {
    const step = '{ at: 100% of forecast, do: stop all }'
    const { copies, to, clock, says } = await spent('MONTHLY', '2026-03-31T21:00:00Z', step)
    await says({ actual: 80, forecast: 140 })
    await clock.advance(70 * minute)
    expect(copies('shop')).toBe(stopped)
    await to('2026-04-01T01:05:00Z')
    expect(copies('shop')).toBe(runs)
    await says({ actual: 0.4, forecast: 150 })
    await clock.advance(hour)
    expect(copies('shop')).toBe(stopped)
  })
})
