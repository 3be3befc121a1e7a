import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLimit, parseThreshold } from '../../shared/config/budget-figures.ts'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines, service } from './rendered.ts'

const guard = 'guard: { clusters: [default], rules: [] }\n'

function budgetsOf(written: string): unknown {
  const loaded = loadConfig(`${service}${written}`)
  return 'config' in loaded ? loaded.config.budgets : loaded.problems
}

describe('what may be spent', () => {
  test('none', () => expect([budgetsOf(''), budgetsOf('budgets: {}')]).toEqual([[], []]))

  test('a budget of AWS with steps of each kind, one of our own, and one that only warns, in their order', () => {
    const written = `budgets:
  team:
    aws: team monthly
    covers: all
    steps:
      - { at: 80% of forecast, do: warn }
      - { at: '90 % of actual', do: hold deploys }
      - { at: 100% of projected, do: stop to fit }
      - { at: 120.5% of actual, do: stop all }
  previews:
    limit: $20.50 a day
    covers: [tag:env=preview, target:web]
    steps: [{ at: 100% of actual, do: stop all }]
  all-of-it:
    aws: everything
    steps: [{ at: 100% of actual, do: warn }]
${guard}`
    expect(budgetsOf(written)).toEqual([
      {
        name: 'team',
        limit: { from: 'aws', budget: 'team monthly' },
        covers: [{ by: 'all' }],
        steps: [
          { label: '80% of forecast', percent: 80, of: 'forecast', do: 'warn' },
          { label: '90% of actual', percent: 90, of: 'actual', do: 'hold-deploys' },
          { label: '100% of projected', percent: 100, of: 'projected', do: 'stop-to-fit' },
          { label: '120.5% of actual', percent: 120.5, of: 'actual', do: 'stop-all' },
        ],
      },
      {
        name: 'previews',
        limit: { from: 'own', usd: 20.5, per: 'day' },
        covers: [
          { by: 'tag', key: 'env', value: 'preview' },
          { by: 'target', name: 'web' },
        ],
        steps: [{ label: '100% of actual', percent: 100, of: 'actual', do: 'stop-all' }],
      },
      {
        name: 'all-of-it',
        limit: { from: 'aws', budget: 'everything' },
        covers: [],
        steps: [{ label: '100% of actual', percent: 100, of: 'actual', do: 'warn' }],
      },
    ])
  })

  test.each([
    ['$500 a month', { usd: 500, per: 'month' }],
    ['$20 per day', { usd: 20, per: 'day' }],
    ['$0.01 a day', { usd: 0.01, per: 'day' }],
    ['500 a month', 'Try $500 a month'],
    ['$500', 'Try $500 a month'],
    ['$20/day', 'Try $20 a day'],
    ['20 USD a day', 'Try $20 a day'],
    ['20 dollars daily', 'Try $20 a day'],
    ['$1,000 a month', 'Try $1000 a month'],
    ['$12,50 a month', 'Try $12.50 a month'],
    ['€20 a month', 'Try $20 a month'],
    ['$500 a year', 'Try $500 a month'],
    ['lots a day', 'Try $20 a day'],
    ['lots', 'Try $500 a month'],
    ['-$5 a month', 'Try $5 a month'],
    ['$0 a month', 'Try $500 a month'],
    ['$0.009 a month', 'Try $500 a month'],
    ['$10000001 a month', 'Try $500 a month'],
  ])('limit: %s', (text, expected) => {
    const parsed = parseLimit(text)
    expect('problem' in parsed ? parsed.problem.slice(parsed.problem.lastIndexOf('Try')) : parsed).toEqual(expected)
  })

  test.each([
    ['80% of actual', { label: '80% of actual', percent: 80, of: 'actual' }],
    [' 99.5 % of forecast', { label: '99.5% of forecast', percent: 99.5, of: 'forecast' }],
    ['1000% of projected', { label: '1000% of projected', percent: 1000, of: 'projected' }],
    ['80%', 'Try 80% of actual'],
    ['80', 'Try 80% of actual'],
    ['80 of actual', 'Try 80% of actual'],
    ['0.8', 'Try 80% of actual'],
    ['1.2 of forecast', 'Try 120% of forecast'],
    ['80% of forecasts', 'Try 80% of forecast'],
    ['80% of forecasted', 'Try 80% of forecast'],
    ['80% forecast', 'Try 80% of forecast'],
    ['Projected 80%', 'Try 80% of projected'],
    ['80% of projection', 'Try 80% of projected'],
    ['80% of the limit', 'Try 80% of actual'],
    ['0% of actual', 'Try 80% of actual'],
    ['1001% of forecast', 'Try 80% of forecast'],
    ['-5% of actual', 'Try 5% of actual'],
    ['', 'Try 80% of actual'],
  ])('at: %s', (text, expected) => {
    const parsed = parseThreshold(text)
    expect('problem' in parsed ? parsed.problem.slice(parsed.problem.lastIndexOf('Try')) : parsed).toEqual(expected)
  })

  test('whatever is offered in place of a wrong figure is right', () => {
    const word = fc.constantFrom(
      '$',
      '€',
      '1',
      '0',
      '20',
      ',',
      '.',
      '%',
      ' ',
      'a',
      'of',
      'day',
      'month',
      'actual',
      'forecast',
      '-',
    )
    const offered = (problem: string) => problem.slice(problem.lastIndexOf('. Try ') + 6)
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), words => {
        for (const parse of [parseLimit, parseThreshold]) {
          const parsed = parse(words.join(''))
          if ('problem' in parsed) expect(parse(offered(parsed.problem))).not.toHaveProperty('problem')
        }
      }),
      { numRuns: 2000 },
    )
  })
})

const warn = 'steps: [{ at: 80% of actual, do: warn }]'

describe('what is wrong with a budget', () => {
  test.each([
    [
      'b: {}',
      'b.steps  is missing. Try [{ at: 80% of actual, do: warn }]',
      'b  has no limit. Try limit: $500 a month, or aws: and the name of a budget in AWS Budgets',
    ],
    ['b:', 'b  is empty. Try { limit: $500 a month, covers: all, steps: [{ at: 80% of actual, do: warn }] }'],
    [`B_1: { aws: x, ${warn} }`, 'B_1  "B_1" is not a budget\'s name: 1 to 50 of a-z, 0-9 and -. Try b-1'],
    [
      `b: { aws: x, limit: $5 a day, covers: all, ${warn} }`,
      'b.limit  stands beside aws, whose limit AWS Budgets has. Keep one of the two',
    ],
    [`b: { limit: 5, covers: all, ${warn} }`, 'b.limit  "5" is no limit: US dollars a day, or a month. Try $5 a month'],
    [`b: { limit: [$5], covers: all, ${warn} }`, 'b.limit  is a list, which does not fit here. Try $500 a month'],
    [`b: { aws: 2026, ${warn} }`, 'b.aws  2026 is read as a number. Write it in quotes: "2026"'],
    [
      `b: { aws: 'arn:aws:budgets::123456789012:budget/team', ${warn} }`,
      'b.aws  "arn:aws:budgets::123456789012:budget/team" is not a name of AWS Budgets: 1 to 100 characters, no : or \\, and no /action/. Try team',
    ],
    [
      `b: { limit: $5 a day, ${warn} }`,
      'b.covers  is missing: a limit of our own is about what it covers. Try all, or [tag:env=preview]',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of projected, do: warn }] }',
      'b.covers  is missing: what is projected is what it covers. Try all, or [tag:env=preview]',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of actual, do: stop all }] }',
      'b.covers  is missing: nothing is stopped but what it covers. Try all, or [tag:env=preview]',
      'b.steps[0].do  takes a guard, which says where anything may be stopped. Add guard: { mode: observe, clusters: [default] }',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of actual, do: hold deploys }] }',
      'b.covers  is missing: no deployment is held back but of what it covers. Try all, or [tag:env=preview]',
    ],
    [`b: { aws: x, covers: [], ${warn} }`, 'b.covers  is an empty list. Try [tag:env=preview]'],
    [
      `b: { aws: x, covers: { tag: env }, ${warn} }`,
      'b.covers  a map is not what a budget covers. Try all, or [tag:env=preview, target:web]',
    ],
    [`b: { aws: x, covers: web, ${warn} }`, 'b.covers  "web" picks nothing that there is. Try target:web'],
    [`b: { aws: x, covers: [target:wbe], ${warn} }`, 'b.covers[0]  there is no target "wbe". Try target:web'],
    [`b: { aws: x, covers: [all, all], ${warn} }`, 'b.covers[1]  all is in the list twice. Keep one'],
    [
      `b: { aws: x, covers: cluster:prod, ${warn} }`,
      'b.covers  nothing in cluster "prod" is metered. Add it to guard.clusters',
    ],
    ['b: { aws: x, steps: [] }', 'b.steps  is an empty list. Try [{ at: 80% of actual, do: warn }]'],
    [
      'b: { aws: x, steps: [{ at: 80%, do: warn }] }',
      'b.steps[0].at  "80%" is no share of actual, forecast or projected. Try 80% of actual',
    ],
    [
      'b: { aws: x, steps: [{ at: 0.8, do: warn }] }',
      'b.steps[0].at  "0.8" is no share of actual, forecast or projected. Try 80% of actual',
    ],
    [
      'b: { aws: x, steps: [{ at: 2000% of actual, do: warn }] }',
      'b.steps[0].at  "2000% of actual" is outside 0.001% to 1000%. Try 80% of actual',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of actual, do: hold }] }',
      'b.steps[0].do  "hold" is none of its values. Try hold deploys',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of actual, do: kill }] }',
      'b.steps[0].do  "kill" is none of its values. Try warn, hold deploys, stop to fit or stop all',
    ],
    [
      'b: { limit: $5 a day, covers: all, steps: [{ at: 80 % of forecast, do: warn }] }',
      'b.steps[0].at  AWS forecasts its own budgets only. Try 80 % of projected',
    ],
    [
      'b: { limit: $5 a day, covers: all, steps: [{ at: 100% of actual, do: stop to fit }] }',
      'b.steps[0].at  comes too late: what is spent already does not fit any more. Try 100% of projected',
      'b.steps[0].do  takes a guard, which says where anything may be stopped. Add guard: { mode: observe, clusters: [default] }',
    ],
    [
      'b: { aws: x, steps: [{ at: 80% of actual, do: warn }, { at: 80 % of actual, do: warn }] }',
      'b.steps[1]  80% of actual: warn is in the list twice. Keep one',
    ],
    [`a: { aws: x, ${warn} }, b: { aws: x, ${warn} }`, 'b.aws  "x" is a\'s already. Put the steps of both into one'],
    [
      'b: { limit: $5 a day, covers: all, steps: [{ at: 80% of actual, do: warn }, { at: 90% of actual, do: stop to fit }] }',
      'b.steps[1].do  takes a guard, which says where anything may be stopped. Add guard: { mode: observe, clusters: [default] }',
    ],
  ])('{ %s }', (budgets, ...lines) => expect(said(`budgets: { ${budgets} }\n`)).toEqual(lines))

  test.each([
    ['steps in any order', 'steps: [{ at: 90% of actual, do: warn }, { at: 80% of actual, do: warn }]'],
    [
      'two steps at once',
      'covers: all, steps: [{ at: 90% of actual, do: warn }, { at: 90% of actual, do: hold deploys }]',
    ],
    ['a forecast of AWS', 'covers: [cluster:default], steps: [{ at: 90% of forecast, do: hold deploys }]'],
  ])('%s is sound', (_, rest) => expect(said(`budgets: { b: { aws: x, ${rest} } }\n`)).toEqual([]))

  const stops = (covers: string) =>
    `budgets: { b: { limit: $5 a day, covers: ${covers}, steps: [{ at: 80% of actual, do: stop all }] } }\n`

  test.each([
    [
      '[cluster:prod]',
      'b.covers[0]  cluster "prod" is not in guard.clusters, so that nothing of it is judged or stopped. Add it there',
    ],
    [
      'service:prod/web',
      'b.covers  cluster "prod" is not in guard.clusters, so that nothing of it is judged or stopped. Add it there',
    ],
    ['[service:web, cluster:default, tag:x, family:x, standalone, all]'],
  ])('what is stopped is guarded: %s', (covers, ...lines) => expect(said(`${stops(covers)}${guard}`)).toEqual(lines))

  test('a target elsewhere is not guarded', () => {
    const far = service.replace('run: service', 'run: service\n    cluster: far')
    expect(problemLines(`${far}${stops('target:web')}${guard}`)).toEqual([
      expect.stringContaining('budgets.b.covers  cluster "far" is not in guard.clusters'),
    ])
  })

  test('what is unsound elsewhere is not held against it', () => {
    const broken = service.replace('run: service', 'run: service\n    cluster: a b')
    const lines = problemLines(
      `${broken}${stops('[target:web, cluster:default]')}guard: { clusters: [x y], rules: [] }\n`,
    )
    expect(
      lines.map(line =>
        line
          .split('  ')
          .at(-1)
          ?.replace(/ is not.*/, ''),
      ),
    ).toEqual(['"a b"', '"x y"'])
  })
})

/** What is said of the lines after the target, without where. */
function said(rest: string): string[] {
  return problemLines(`${service}${rest}`).map(line => line.replace(/^farguard\.yml:\d+:\d+ +budgets\./, ''))
}
