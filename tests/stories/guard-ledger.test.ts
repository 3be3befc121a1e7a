/** What it cost, by our meter and by the account's own bill, over midnight and the month's end. */
import { expect, test } from 'vitest'
import type { Amount } from '../../shared/cost/amount.ts'
import { readDays } from '../../shared/cost/ledger-records.ts'
import { guarded, minute } from './guarded.ts'

test('a task that runs over the month’s end is in both months, and each is what AWS says of it', {
  timeout: 60_000,
}, async () => {
  const { serve, runTask, call, clock, to, budgets, look, plan, table, push } = await guarded(
    `
budgets: { team: { aws: team, covers: all, steps: [{ at: 100% of actual, do: warn }] } }
guard: { mode: observe, clusters: [demo], every: 30m, rules: [{ for: all, protect: true }] }
`,
    { at: '2026-03-31T20:00:00Z', sweepMinutes: 240 },
  )
  await call('budgets', 'CreateBudget', {
    AccountId: '123456789012',
    Budget: {
      BudgetName: 'team',
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: '100', Unit: 'USD' },
    },
  })
  await serve('shop', { count: 3, cpu: '1024', memory: '4096' })
  const long = await runTask('report', { cpu: '4096', memory: '16384' })
  push('acme/nightly', 'n1')
  const spend = async () => {
    await budgets.refresh()
    await look()
    return (await plan()).budgets[0]?.spend
  }
  await to('2026-03-31T23:59:59.999Z')
  const march = await spend()
  expect(march?.period.to).toBe('2026-04-01T00:00:00.000Z')
  await to('2026-04-01T01:20:00Z')
  await call('ecs', 'StopTask', { cluster: 'demo', task: long })
  await clock.advance(30 * minute)
  const april = await spend()
  expect(april?.period.from).toBe('2026-04-01T00:00:00.000Z')
  const days = await readDays(table, '2026-03-01', '2026-04-30')
  expect(days.map(({ day }) => day)).toEqual(['2026-03-31', '2026-04-01'])
  for (const month of [march, april]) {
    expect(usd(month?.reported)).toBeGreaterThan(0.5)
    // AWS rounds to tenths of a cent.
    expect(Math.abs(usd(month?.reported) - usd(month?.metered))).toBeLessThan(0.001)
  }
})

const usd = (amount: Amount | undefined) => (amount && 'usd' in amount ? amount.usd : Number.NaN)
