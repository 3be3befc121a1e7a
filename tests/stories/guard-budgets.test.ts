/** What a budget does: AWS's with its late figures, and limits of one's own. */
import { describe, expect, test } from 'vitest'
import type { GuardWorld } from '../../shared/ports.ts'
import { guarded, hour, minute } from './guarded.ts'

const covers = 'covers: tag:team=shop'
const shop = { tags: { team: 'shop' } }
const guardOf = (more = '') => `guard: { mode: enforce, clusters: [demo], every: 30m, limits: none${more} }`

const ofAws = (steps: string, more = '') => `
budgets: { team: { aws: team, ${covers}, steps: [${steps}] } }
${guardOf(more)}
`
const stopAll = '{ at: 120% of actual, do: stop all }'

/** With a monthly budget of $100 in AWS's own hands, unless told otherwise. */
async function withBudget(
  written: string,
  more: Record<string, unknown> = {},
  world?: (world: GuardWorld) => GuardWorld,
) {
  const found = await guarded(written, { sweepMinutes: 240, ...(world && { world }) })
  const Budget = {
    BudgetName: 'team',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '100', Unit: 'USD' },
    ...more,
  }
  await found.call('budgets', 'CreateBudget', { AccountId: '123456789012', Budget })
  return found
}

describe('a budget of AWS’s', () => {
  test('that says 121 % for twelve hours after everything was stopped stops nothing more', {
    timeout: 60_000,
  }, async () => {
    const { serve, copies, budgets, to, parked, runs, ask, clock } = await withBudget(ofAws(stopAll))
    await serve('shop', shop)
    await to('2026-03-02T09:10:00Z')
    budgets.pin('team', { actual: 121 })
    await budgets.refresh()
    await to('2026-03-02T09:40:00Z')
    expect(copies('shop')).toBe('0 wanted, 0 running')
    expect(await parked('service:demo/shop')).toMatchObject({
      reasons: [
        {
          reason: 'over-budget',
          budget: 'team',
          detail: 'AWS reports $121.00 of $100.00 (121 %)',
          until: '2026-04-01T00:00:00.000Z',
        },
      ],
    })
    await serve('till', shop)
    await ask({ do: 'undo', what: 'service:demo/shop' })
    await to('2026-03-02T21:40:00Z')
    expect([copies('shop'), copies('till')]).toEqual(Array(2).fill('1 wanted, 1 running'))
    expect((await runs()).filter(({ stopped }) => stopped.length > 0)).toHaveLength(1)
    budgets.pin('team', { actual: 122.5 })
    await budgets.refresh()
    await clock.advance(hour)
    // What was undone is kept for a day; what came since is not.
    expect([copies('shop'), copies('till')]).toEqual(['1 wanted, 1 running', '0 wanted, 0 running'])
  })

  test('that notifies is looked at at once', { timeout: 60_000 }, async () => {
    const { serve, copies, to, clock, budgets, runs, call } = await withBudget(ofAws(stopAll).replace('30m', '6h'))
    await call('budgets', 'CreateNotification', {
      AccountId: '123456789012',
      BudgetName: 'team',
      Notification: { NotificationType: 'ACTUAL', ComparisonOperator: 'GREATER_THAN', Threshold: 100 },
      Subscribers: [{ SubscriptionType: 'SNS', Address: 'arn:aws:sns:eu-central-1:123456789012:farguard-dev-budgets' }],
    })
    await serve('shop', shop)
    await to('2026-03-02T09:00:00Z')
    budgets.pin('team', { actual: 121 })
    await budgets.refresh()
    await clock.advance(2 * minute)
    expect(await runs()).toMatchObject([{ trigger: 'budget', stopped: [{ workload: 'service:demo/shop' }] }])
    expect(copies('shop')).toBe('0 wanted, 0 running')
  })

  test.each<{
    case: string
    more?: Record<string, unknown>
    pinned?: { actual: number }
    problem?: RegExp
    steps?: string
  }>([
    { case: 'with credits, so that actual is below nothing', pinned: { actual: -5 } },
    {
      case: 'in gigabytes',
      more: { BudgetType: 'USAGE', BudgetLimit: { Amount: '100', Unit: 'GB' } },
      pinned: { actual: 500 },
      problem: /of type USAGE/,
    },
    { case: 'that is missing', more: { BudgetName: 'other' }, problem: /no budget team/ },
    {
      case: 'without a forecast yet',
      steps: '{ at: 1% of forecast, do: stop all }',
      pinned: { actual: 500 },
      problem: /forecast/,
    },
  ])('$case stops nothing, and that is said', async ({ more, pinned, problem, steps = stopAll }) => {
    const { serve, copies, budgets, clock, plan } = await withBudget(ofAws(steps), more)
    await serve('shop', shop)
    if (pinned) budgets.pin('team', pinned)
    await budgets.refresh()
    await clock.advance(hour)
    expect(copies('shop')).toBe('1 wanted, 1 running')
    const [line] = (await plan()).budgets
    expect(line?.reached).toEqual([])
    if (problem) expect(line?.problem).toMatch(problem)
    else expect(line?.problem).toBeUndefined()
  })

  test('that answers an error stops nothing, and the run goes on with what else is to do', async () => {
    const broken = (of: GuardWorld): GuardWorld => ({
      ...of,
      budgets: { read: () => Promise.reject(new Error('budgets is down')) },
    })
    const rules = ', grace: 0s, rules: [{ for: service:till, maxLifetime: 40m }]'
    const { serve, copies, clock, plan } = await withBudget(ofAws(stopAll, rules), {}, broken)
    await serve('shop', shop)
    await serve('till', shop)
    await clock.advance(hour + minute)
    expect((await plan()).budgets[0]?.problem).toMatch(/could not be read|budgets is down/)
    expect([copies('shop'), copies('till')]).toEqual(['1 wanted, 1 running', '0 wanted, 0 running'])
  })
})

describe('a limit of one’s own', () => {
  test('for a day stops the smallest set that fits, expendable first, and wakes it at midnight UTC', {
    timeout: 60_000,
  }, async () => {
    const { serve, copies, to, parked, lastRun } = await guarded(
      `
budgets: { day: { limit: $1.20 a day, ${covers}, steps: [{ at: 100% of projected, do: stop to fit }] } }
${guardOf(', grace: 0s, rules: [{ for: tag:use=spare, importance: expendable }]')}
`,
      { sweepMinutes: 240 },
    )
    // $0.0568, $0.0284 and $0.0142 an hour, of which 16 are left of the day: $1.59.
    await serve('large', { ...shop, cpu: '1024', memory: '2048' })
    await serve('middle', { tags: { ...shop.tags, use: 'spare' }, cpu: '512', memory: '1024' })
    await serve('small', shop)
    await to('2026-03-02T09:10:00Z')
    expect(['large', 'middle', 'small'].map(copies)).toEqual([
      '1 wanted, 1 running',
      '0 wanted, 0 running',
      '1 wanted, 1 running',
    ])
    expect(await parked('service:demo/middle')).toMatchObject({
      reasons: [{ reason: 'over-budget', budget: 'day', until: '2026-03-03T00:00:00.000Z' }],
    })
    await to('2026-03-02T23:59:00Z')
    expect(copies('middle')).toBe('0 wanted, 0 running')
    expect(copies('large')).toBe('1 wanted, 1 running')
    await to('2026-03-03T00:05:00Z')
    expect(copies('middle')).toBe('1 wanted, 1 running')
    expect(await lastRun()).toMatchObject({
      woken: [{ workload: 'service:demo/middle', detail: 'day holds it no longer' }],
    })
  })

  test('that no allowed set can bring about stops none', async () => {
    const { serve, copies, clock } = await guarded(
      `
budgets: { day: { limit: $0.10 a day, ${covers}, steps: [{ at: 100% of projected, do: stop to fit }] } }
${guardOf(', grace: 0s, rules: [{ for: service:large, importance: critical }]')}
`,
      { sweepMinutes: 240 },
    )
    await serve('large', { ...shop, cpu: '1024', memory: '2048' })
    await serve('small', shop)
    await clock.advance(70 * minute)
    expect([copies('large'), copies('small')]).toEqual(Array(2).fill('1 wanted, 1 running'))
  })

  test('holds deployments with its figure, and lets them go when its day ends', { timeout: 60_000 }, async () => {
    const { push, to, target, imagesThatRun } = await guarded(
      `
budgets: { day: { limit: $0.02 a day, covers: all, steps: [{ at: 50% of actual, do: hold deploys }] } }
guard: { mode: enforce, clusters: [demo], every: 30m, rules: [{ for: all, protect: true }] }
`,
      { at: '2026-03-02T22:00:00Z' },
    )
    await to('2026-03-02T23:10:00Z')
    const digest = push('acme/web', '1.0.0')
    await to('2026-03-02T23:20:00Z')
    expect(imagesThatRun('acme/web')).toEqual([])
    expect((await target('web')).gate?.parked).toMatchObject({
      reason: 'over-budget',
      until: '2026-03-03T00:00:00.000Z',
      detail: expect.stringMatching(/^budget day: Farguard metered \$0\.0\d+ of \$0\.0200 \(\d+ %\); until 2026-03-03/),
    })
    await to('2026-03-03T00:10:00Z')
    expect(imagesThatRun('acme/web')).toEqual([digest])
    expect((await target('web')).gate?.parked).toBeUndefined()
  })
})
