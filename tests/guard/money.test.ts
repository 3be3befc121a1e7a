/** Money as a guard run finds it, and as whoever plans without writing does. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import { type Budget, bareConfig, type Config } from '../../shared/config/config.ts'
import type { Amount } from '../../shared/cost/amount.ts'
import { guard } from '../../shared/guard/guard.ts'
import { account, readAccounts } from '../../shared/guard/money.ts'
import { type Seen, see } from '../../shared/guard/observe.ts'
import { planOnly } from '../../shared/guard/plan-only.ts'
import { noGuard } from '../../shared/guard/planning.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { registryHost, simulatedWorld } from '../simulated-world.ts'

const hour = 3_600_000
/** A service's one copy: 0.25 vCPU and 0.5 GB on x86 in eu-central-1. */
const perHour = 0.25 * 0.04656 + 0.5 * 0.00511
const means = { hasTime: () => true, pause: async () => {}, leaseMs: 300_000 }

const budget = (per: 'day' | 'month'): Budget => ({
  name: `a-${per}`,
  limit: { from: 'own', usd: 0.01, per },
  covers: [{ by: 'all' }],
  steps: [{ label: '100% of projected', percent: 100, of: 'projected', do: 'hold-deploys' }],
})
const config = (...clusters: string[]): Config => ({
  ...bareConfig,
  guard: { ...noGuard, clusters },
  budgets: [budget('day'), budget('month')],
})

/** One copy, an hour and three quarters before midnight. */
async function withService() {
  const simulated = simulatedWorld({ at: '2026-03-30T22:00:00Z', behaviour: () => ({ kind: 'runs' }) })
  simulated.push('acme/web', '1.0.0')
  await simulated.createService('demo', 'web', `${registryHost}/acme/web:1.0.0`)
  await simulated.clock.advance(1.75 * hour)
  return simulated
}

const metered = (lines: readonly { spend: { metered: Amount } }[]) => lines.map(({ spend }) => spend.metered)
const close = (usd: number) => ({ usd: expect.closeTo(usd, 3) })

describe('right after midnight', () => {
  test('the plan knows what was metered, as the next run will, and writes nothing', async () => {
    const { world, clock } = await withService()
    await guard('schedule', config('demo'), world, means)
    await clock.advance(hour)
    const written: unknown[] = []
    const put = async (record: unknown) => written.push(record) > 0
    const looking = { ...world, table: { ...world.table, put } }
    const { budgets } = await planOnly(config('demo'), looking)
    expect(written).toEqual([])
    expect(metered(budgets)).toEqual([close(0.75 * perHour), close(2.75 * perHour)])
    await guard('schedule', config('demo'), world, means)
    expect(metered((await planOnly(config('demo'), looking)).budgets)).toEqual(metered(budgets))
  })
})

test('a run over midnight still knows what was metered', async () => {
  const { world, clock } = await withService()
  await guard('schedule', config('demo'), world, means)
  await clock.advance(0.25 * hour - 10_000)
  for (const find of [
    (world: GuardWorld, seen: Seen) => readAccounts(seen, new Map(), config('demo'), world),
    (world: GuardWorld, seen: Seen) => account(seen, new Map(), false, config('demo'), world, () => true),
  ]) {
    let looks = 0
    // Each look at the clock is six seconds after the one before.
    const slow = { ...world, clock: { now: () => new Date(clock.now().getTime() + looks++ * 6000) } }
    const { budgets } = await find(slow, await see(config('demo'), world))
    for (const { spend } of budgets) expect(spend.projected).toEqual({ usd: expect.any(Number) })
    expect(looks).toBeGreaterThan(0)
  }
})

describe('what runs in a cluster', () => {
  test('that can not be looked at is not known, and not nothing', async () => {
    const { world, account } = await withService()
    await guard('schedule', config('demo'), world, means)
    const denied = { when: 'before', error: new AwsError('AccessDeniedException', 'no right') } as const
    account.failNext('ecs:ListTasks', denied)
    const { budgets, problems } = await planOnly(config('demo'), world)
    const unknown = { unknown: 'what runs in cluster demo could not be looked at' }
    for (const { spend, reached, problem } of budgets) {
      expect(spend).toMatchObject({ perHour: unknown, projected: unknown })
      expect(reached).toEqual([])
      expect(problem).toContain('could not be looked at')
    }
    expect(problems).toEqual([expect.stringContaining('cluster demo could not be looked at')])
  })

  test('that does not exist is nothing', async () => {
    const { world } = await withService()
    await guard('schedule', config('demo', 'gone'), world, means)
    const { budgets, problems } = await planOnly(config('demo', 'gone'), world)
    expect(metered(budgets)).toEqual([close(1.75 * perHour), close(1.75 * perHour)])
    expect(budgets[0]?.spend.projected).toEqual(close(2 * perHour))
    expect(problems).toEqual([expect.stringContaining('cluster gone does not exist')])
  })
})
