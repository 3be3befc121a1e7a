import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CostLine } from '../../shared/cost/cost-lines.ts'
import type { CostDay } from '../../shared/cost/ledger-records.ts'
import { type Grouping, groupsOf, totalOf } from '../../shared/cost/summary.ts'

const line = (usd: number, of: Partial<CostLine> = {}): CostLine => ({
  isStandalone: false,
  usd,
  seconds: usd * 3600,
  tasks: 1,
  ...of,
})

const day = (of: Partial<CostDay> = {}): CostDay => ({
  day: '2026-03-01',
  cluster: 'demo',
  at: '2026-03-02T01:00:00.000Z',
  tagKeys: ['team'],
  isFinal: true,
  assumes: [],
  leavesOut: [],
  lines: [],
  ...of,
})

const days = [
  day({
    lines: [
      line(3, { target: 'web', service: 'web', tags: { team: 'shop' } }),
      line(1, { service: 'legacy', tags: {} }),
      line(0.5, { family: 'debug', isStandalone: true }),
    ],
  }),
  day({
    day: '2026-03-02',
    cluster: 'batch',
    lines: [line(5, { target: 'worker', tags: { team: 'shop' } })],
    rest: { usd: 0.25, seconds: 900, tasks: 9, lines: 4 },
  }),
  day({ day: '2026-03-03', tagKeys: [], lines: [line(2, { target: 'web', service: 'web', tags: {} })] }),
]

describe('grouped', () => {
  test.each<{ grouping: Grouping; groups: [string, number][] }>([
    {
      grouping: { by: 'target' },
      groups: [
        ['web', 5],
        ['worker', 5],
        ['service legacy in demo', 1],
        ['tasks of debug in demo', 0.5],
        ['the smallest of many', 0.25],
      ],
    },
    {
      grouping: { by: 'service' },
      groups: [
        ['demo/web', 5],
        ['worker', 5],
        ['demo/legacy', 1],
        ['tasks of debug in demo', 0.5],
        ['the smallest of many', 0.25],
      ],
    },
    {
      grouping: { by: 'cluster' },
      groups: [
        ['demo', 6.5],
        ['batch', 5.25],
      ],
    },
    {
      grouping: { by: 'day' },
      groups: [
        ['2026-03-01', 4.5],
        ['2026-03-02', 5.25],
        ['2026-03-03', 2],
      ],
    },
    {
      grouping: { by: 'tag', key: 'team' },
      groups: [
        ['shop', 8],
        ['not on record by team', 2],
        ['without team', 1],
        ['tags were not read', 0.5],
        ['the smallest of many', 0.25],
      ],
    },
  ])('by $grouping.by', ({ grouping, groups }) =>
    expect(groupsOf(days, grouping).map(({ name, usd }) => [name, usd])).toEqual(groups),
  )

  test('what has no price stays in sight, with its seconds', () => {
    const unknown = { seconds: 600, why: 'What Spot costs is not known' }
    const some = [
      day({ lines: [line(1, { target: 'web' }), line(0, { target: 'web', seconds: 600, unknown })] }),
      day({ day: '2026-03-02', lines: [line(0, { target: 'web', seconds: 600, unknown })] }),
    ]
    expect(groupsOf(some, { by: 'target' })).toEqual([
      { name: 'web', usd: 1, seconds: 4800, unknown: { ...unknown, seconds: 1200 } },
    ])
    expect(totalOf(some)).toEqual({ usd: 1, seconds: 4800, unknown: { ...unknown, seconds: 1200 } })
  })
})

test('whatever it is grouped by, no cost is lost', () => {
  const lines = fc.array(
    fc.record({
      usd: fc.float({ min: 0, max: 100, noNaN: true }),
      target: fc.option(fc.constantFrom('web', 'worker'), { nil: undefined }),
      service: fc.option(fc.constantFrom('web', 'legacy'), { nil: undefined }),
    }),
  )
  const groupings: Grouping[] = [
    { by: 'target' },
    { by: 'service' },
    { by: 'cluster' },
    { by: 'day' },
    { by: 'tag', key: 'team' },
  ]
  fc.assert(
    fc.property(lines, fc.constantFrom(...groupings), (found, grouping) => {
      const some = [
        day({
          lines: found.map(({ usd, target, service }) =>
            line(usd, { ...(target && { target }), ...(service && { service }) }),
          ),
        }),
      ]
      const sum = groupsOf(some, grouping).reduce((total, { usd }) => total + usd, 0)
      expect(sum).toBeCloseTo(totalOf(some).usd, 6)
    }),
  )
})
