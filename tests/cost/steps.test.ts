import { describe, expect, test } from 'vitest'
import type { Budget, BudgetStep } from '../../shared/config/config.ts'
import type { Spend } from '../../shared/cost/spend.ts'
import { reachedSteps } from '../../shared/cost/steps.ts'

const step = (percent: number, of: BudgetStep['of'], act: BudgetStep['do'] = 'warn'): BudgetStep => ({
  label: `${percent}% of ${of}`,
  percent,
  of,
  do: act,
})

const aws = (...steps: BudgetStep[]): Budget => ({
  name: 'team',
  limit: { from: 'aws', budget: 'team-monthly' },
  covers: [{ by: 'all' }],
  steps,
})
const own = (...steps: BudgetStep[]): Budget => ({ ...aws(...steps), limit: { from: 'own', usd: 100, per: 'month' } })

const spend = (of: Partial<Spend> = {}): Spend => ({
  period: { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
  limit: { usd: 100 },
  metered: { usd: 40 },
  perHour: { usd: 0.2 },
  projected: { usd: 130 },
  reported: { usd: 121 },
  forecast: { usd: 90 },
  ...of,
})

const none = new Set<string>()
const details = (budget: Budget, of: Spend, acted = none) =>
  reachedSteps(budget, of, acted).reached.map(each => each.detail)

describe('a step is reached', () => {
  test.each<[string, Budget, Partial<Spend>, string[]]>([
    ['by what AWS reports', aws(step(100, 'actual')), {}, ['AWS reports $121.00 of $100.00 (121 %)']],
    ['by its forecast', aws(step(90, 'forecast')), {}, ['AWS forecasts $90.00 of $100.00 (90 %)']],
    ['by our projection', aws(step(130, 'projected')), {}, ['Farguard projects $130.00 of $100.00 (130 %)']],
    [
      'by what was metered, of an own limit',
      own(step(40, 'actual')),
      {},
      ['Farguard metered $40.00 of $100.00 (40 %)'],
    ],
    ['not a cent before', aws(step(122, 'actual'), step(91, 'forecast')), {}, []],
    [
      'but whatever a sum of parts lost on the way',
      own(step(30, 'actual')),
      { metered: { usd: 0.1 + 0.2 }, limit: { usd: 1 } },
      ['Farguard metered $0.30 of $1.00 (30 %)'],
    ],
    ['never by credits', aws(step(1, 'actual')), { reported: { usd: -12 } }, []],
    [
      'not by nothing, where nothing may be spent',
      aws(step(100, 'actual')),
      { reported: { usd: 0 }, limit: { usd: 0 } },
      [],
    ],
    [
      'by anything, where nothing may be spent',
      aws(step(100, 'actual')),
      { reported: { usd: 2 }, limit: { usd: 0 } },
      ['AWS reports $2.00 of $0.00'],
    ],
    [
      'each by itself, in the order of farguard.yml',
      aws(step(120, 'actual'), step(50, 'forecast'), step(200, 'projected'), step(100, 'actual')),
      {},
      [
        'AWS reports $121.00 of $100.00 (121 %)',
        'AWS forecasts $90.00 of $100.00 (90 %)',
        'AWS reports $121.00 of $100.00 (121 %)',
      ],
    ],
  ])('%s', (_, budget, of, expected) => expect(details(budget, spend(of))).toEqual(expected))
})

describe('what is not known reaches nothing, and is said', () => {
  const { reported: _reported, forecast: _forecast, ...ours } = spend()
  test.each<[string, Budget, Spend, RegExp]>([
    [
      'the limit',
      aws(step(1, 'actual')),
      spend({ limit: { unknown: 'it is gone' } }),
      /^The limit is not known: it is gone$/,
    ],
    ['a forecast that AWS does not make', aws(step(1, 'forecast')), ours, /no forecast/],
    ['a spend that AWS does not report', aws(step(1, 'actual')), ours, /reports no spend/],
    ['a projection', aws(step(1, 'projected')), spend({ projected: { unknown: 'no price' } }), /^no price$/],
    ['a meter', own(step(1, 'actual')), spend({ metered: { unknown: 'no price' } }), /^no price$/],
  ])('%s', (_, budget, of, why) => {
    const { reached, unknown } = reachedSteps(budget, of, none)
    expect(reached).toEqual([])
    expect(unknown).toEqual([{ step: budget.steps[0], why: expect.stringMatching(why) }])
  })
})

describe('acting once', () => {
  const stops = [
    step(100, 'actual', 'stop-all'),
    step(80, 'forecast', 'hold-deploys'),
    step(100, 'projected', 'stop-to-fit'),
  ]
  const keysOf = (of: Spend) => new Set(reachedSteps(aws(...stops), of, none).reached.map(({ key }) => key))
  const actedAt = (of: Spend, acted: ReadonlySet<string>) =>
    reachedSteps(aws(...stops), of, acted).reached.map(({ basis, hasActed }) => [basis, hasActed])

  test('the same figure of AWS for twelve hours acts once; our own is judged anew each time', () => {
    expect(actedAt(spend(), none)).toEqual([
      ['reported', false],
      ['forecast', false],
      ['projected', false],
    ])
    expect(actedAt(spend(), keysOf(spend()))).toEqual([
      ['reported', true],
      ['forecast', true],
      ['projected', false],
    ])
  })

  test.each<[string, Partial<Spend>]>([
    ['another figure', { reported: { usd: 125 } }],
    ['a lower figure', { reported: { usd: 120 } }],
    [
      'the same figure in another period',
      { period: { from: '2026-04-01T00:00:00.000Z', to: '2026-05-01T00:00:00.000Z' } },
    ],
  ])('%s acts again', (_, of) => {
    expect(actedAt(spend(of), keysOf(spend()))).toContainEqual(['reported', false])
  })

  test('of two steps at one threshold each acts for itself', () => {
    const both = (...steps: BudgetStep[]) => reachedSteps(aws(...steps), spend(), none).reached.map(({ key }) => key)
    const fit = step(100, 'actual', 'stop-to-fit')
    const { reached } = reachedSteps(aws(fit, step(100, 'actual', 'stop-all')), spend(), new Set(both(fit)))
    expect(reached.map(({ hasActed }) => hasActed)).toEqual([true, false])
  })

  test('of an own limit what is metered is judged anew each time', () => {
    const budget = own(step(40, 'actual', 'stop-all'))
    const acted = new Set(reachedSteps(budget, spend(), none).reached.map(({ key }) => key))
    expect(reachedSteps(budget, spend(), acted).reached).toMatchObject([{ basis: 'metered', hasActed: false }])
  })
})
