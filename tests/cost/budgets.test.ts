import { describe, expect, test } from 'vitest'
import type { Budget, Config } from '../../shared/config/config.ts'
import { type BudgetState, type Running, readBudgets } from '../../shared/cost/budgets.ts'
import { reachedSteps } from '../../shared/cost/steps.ts'
import type { AwsBudget, BudgetAnswer, Table } from '../../shared/ports.ts'
import { arnOf } from '../status/tasks.ts'
import { Books, targets } from './books.ts'
import { running } from './priced.ts'

/** The readings of a budget on record, newest first. */
async function readingsOf(table: Table, budget: string, limit: number) {
  const query = { by: 'pk', equals: 'BUDGETS', skPrefix: `${budget}#`, newestFirst: true, limit } as const
  return (await table.query(query)).records
}

const aws = (of: Partial<Budget> = {}): Budget => ({
  name: 'team',
  limit: { from: 'aws', budget: 'team-monthly' },
  covers: [{ by: 'all' }],
  steps: [{ label: '100% of actual', percent: 100, of: 'actual', do: 'stop-all' }],
  ...of,
})
const own = (per: 'day' | 'month', of: Partial<Budget> = {}): Budget => ({
  ...aws(of),
  limit: { from: 'own', usd: 100, per },
})
const withBudgets = (...budgets: Budget[]): Config => ({ ...targets, budgets })

const found = (of: Partial<AwsBudget> = {}): BudgetAnswer => ({
  name: 'team-monthly',
  found: {
    type: 'COST',
    unit: 'USD',
    timeUnit: 'MONTHLY',
    limit: 100,
    actual: 40,
    forecast: 90,
    health: 'HEALTHY',
    ...of,
  },
})

const aDollarAnHour: Running = { subject: { cluster: 'demo', isStandalone: true, tags: {} }, costPerHour: { usd: 1 } }

/** A cluster in which one task has run for a dollar an hour since March began, seen at 12:00 of the 3rd: 60 dollars. */
async function inMarch(budgets: readonly Budget[], answer: BudgetAnswer | Error = found()) {
  const config = withBudgets(...budgets)
  const books = new Books(config)
  await books.keep('2026-02-28T23:59:00Z')
  await books.tell(running({ arn: arnOf('a'), pullStartedAt: '2026-03-01T00:00:00.000Z', tags: { env: 'dev' } }))
  const asked: string[][] = []
  let said = answer
  const read = async (_: string, names: readonly string[]): Promise<BudgetAnswer[]> => {
    asked.push([...names])
    if (said instanceof Error) throw said
    return [said]
  }
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const at = async (now: string, runs: readonly Running[] = [aDollarAnHour], accountId?: string) => {
    await books.keep(now)
    const place = { world: { table: books.table, budgets: { read }, log }, running: runs, now: new Date(now) }
    return readBudgets(config, { ...place, accountId: accountId ?? '123456789012' })
  }
  const says = (next: BudgetAnswer | Error) => {
    said = next
  }
  return { at, says, asked, books, config }
}

const noon = '2026-03-03T12:00:00Z'
const hoursLeft = 31 * 24 - 60

describe('what has been spent', () => {
  test('of an AWS budget: AWS and the meter side by side, and the projection of the meter alone', async () => {
    const { at, asked } = await inMarch([aws()])
    const [state] = await at(noon)
    expect(state).toEqual({
      budget: aws(),
      spend: {
        period: { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
        limit: { usd: 100 },
        metered: { usd: 60 },
        perHour: { usd: 1 },
        projected: { usd: 60 + hoursLeft },
        reported: { usd: 40 },
        forecast: { usd: 90 },
        drift: { usd: -20 },
      },
    })
    expect(asked).toEqual([['team-monthly']])
  })

  test('of own limits, a day and a month; AWS is not asked', async () => {
    const { at, asked } = await inMarch([own('day', { name: 'daily' }), own('month', { name: 'monthly' })])
    const [daily, monthly] = await at(noon)
    expect(daily?.spend).toEqual({
      period: { from: '2026-03-03T00:00:00.000Z', to: '2026-03-04T00:00:00.000Z' },
      limit: { usd: 100 },
      metered: { usd: 12 },
      perHour: { usd: 1 },
      projected: { usd: 24 },
    })
    expect(monthly?.spend).toMatchObject({ metered: { usd: 60 }, projected: { usd: 60 + hoursLeft } })
    expect(asked).toEqual([])
  })

  test('only of what it covers', async () => {
    const { at } = await inMarch([
      own('month', { name: 'web', covers: [{ by: 'target', name: 'web' }] }),
      own('month', { name: 'elsewhere', covers: [{ by: 'cluster', name: 'other' }] }),
      own('month', { name: 'dev', covers: [{ by: 'tag', key: 'env', value: 'dev' }] }),
      own('month', {
        name: 'live',
        covers: [
          { by: 'tag', key: 'env', value: 'live' },
          { by: 'target', name: 'web' },
        ],
      }),
    ])
    const dev: Running = { ...aDollarAnHour, subject: { cluster: 'demo', isStandalone: true, tags: { env: 'dev' } } }
    const spends = (await at(noon, [dev])).map(({ spend }) => [spend.metered, spend.perHour])
    expect(spends).toEqual([
      [{ usd: 0 }, { usd: 0 }],
      [{ usd: 0 }, { usd: 0 }],
      [{ usd: 60 }, { usd: 1 }],
      [{ usd: 0 }, { usd: 0 }],
    ])
  })

  test('credits make what AWS reports negative, which is a figure as any', async () => {
    const { at } = await inMarch([aws()], found({ actual: -12 }))
    const [state] = await at(noon)
    expect(state?.spend).toMatchObject({ reported: { usd: -12 }, drift: { usd: -72 } })
    expect(state).not.toHaveProperty('problem')
  })

  test('planned limits: the one that holds now', async () => {
    const plannedLimits = [
      { from: '2026-02-01T00:00:00Z', amount: 10 },
      { from: '2026-03-01T00:00:00Z', amount: 20 },
      { from: '2026-04-01T00:00:00Z', amount: 30 },
    ]
    const { at } = await inMarch([aws()], found({ plannedLimits }))
    expect((await at(noon))[0]?.spend.limit).toEqual({ usd: 20 })
  })
})

describe('a budget that can stop nothing says why', () => {
  const { limit: _limit, ...unlimited } = (found() as { found: AwsBudget }).found
  test.each<[string, BudgetAnswer | Error, string]>([
    [
      'it is missing',
      { name: 'team-monthly', missing: true },
      'AWS Budgets has no budget team-monthly in this account',
    ],
    [
      'it is denied',
      { name: 'team-monthly', unreadable: 'budgets:ViewBudget was denied' },
      'AWS budget team-monthly could not be read: budgets:ViewBudget was denied',
    ],
    ['AWS does not answer', new Error('socket hang up'), 'AWS budget team-monthly could not be read: socket hang up'],
    [
      'another one was answered',
      { ...found(), name: 'other' },
      'AWS Budgets has no budget team-monthly in this account',
    ],
    [
      'it is of usage',
      found({ type: 'USAGE' }),
      'AWS budget team-monthly is of type USAGE: only a COST budget says what was spent',
    ],
    ['it is in gigabytes', found({ unit: 'GB' }), 'AWS budget team-monthly is in GB: only US dollars are compared'],
    [
      'it is unhealthy',
      found({ health: 'UNHEALTHY' }),
      'AWS says that budget team-monthly is UNHEALTHY: its figures may be wrong',
    ],
    [
      'it has no limit',
      { name: 'team-monthly', found: unlimited },
      'AWS budget team-monthly has no limit for this period',
    ],
    [
      'it is over',
      found({ endsAt: '2026-03-01T00:00:00Z' }),
      'AWS budget team-monthly has no period now. It ended on 2026-03-01',
    ],
  ])('%s', async (_, answer, problem) => {
    const spent =
      answer instanceof Error || !('found' in answer) ? answer : { ...answer, found: { ...answer.found, actual: 500 } }
    const { at } = await inMarch([aws(), own('month', { name: 'own' })], spent)
    const [state, other] = await at(noon)
    expect(state?.problem).toBe(problem)
    expect(other?.spend.metered).toEqual({ usd: 60 })
    expect(other).not.toHaveProperty('problem')
    // What AWS only warns of is still to be said; of all else nothing is known that a step could be measured by.
    const { reached } = reachedSteps(aws(), (state as BudgetState).spend, new Set())
    expect(reached).toHaveLength(problem.includes('UNHEALTHY') ? 1 : 0)
  })

  test('without covers it can only warn', async () => {
    const { at } = await inMarch([aws({ covers: [] })], found({ actual: 121 }))
    const [state] = await at(noon)
    expect(state?.problem).toBe('budgets.team has no covers: it can only warn')
    expect(state?.spend.reported).toEqual({ usd: 121 })
    expect(state?.spend.metered).toEqual({ unknown: expect.stringContaining('no covers') })
  })

  test('an account that is not known is none that is asked', async () => {
    const config = withBudgets(aws())
    const { table } = new Books(config)
    const read = () => Promise.reject(new Error('nobody is to be asked'))
    const world = { table, budgets: { read }, log: { info: () => {}, warn: () => {}, error: () => {} } }
    const [state] = await readBudgets(config, { world, running: [], now: new Date(noon) })
    expect(state?.problem).toBe('AWS budget team-monthly could not be read: the account is not known')
  })

  test('a forecast that AWS does not make concerns only the steps on it', async () => {
    const { forecast: _, ...noForecast } = (found() as { found: AwsBudget }).found
    const { at } = await inMarch([aws()], { name: 'team-monthly', found: noForecast })
    const [state] = await at(noon)
    expect(state).not.toHaveProperty('problem')
    expect(state?.spend.forecast).toEqual({ unknown: expect.stringContaining('five weeks') })
  })

  test('since when it could not be read is said from the second time on', async () => {
    const { at, says } = await inMarch([aws()], new Error('socket hang up'))
    await at(noon)
    says(new Error('another word for it'))
    expect((await at('2026-03-03T13:00:00Z'))[0]?.problem).toBe(
      'AWS budget team-monthly could not be read: another word for it (since 2026-03-03T12:00:00.000Z)',
    )
    says(found())
    expect((await at('2026-03-03T14:00:00Z'))[0]).not.toHaveProperty('problem')
  })
})

describe('when a month begins', () => {
  test.each([
    ['a budget that may stop', aws()],
    ['one that can only warn', aws({ covers: [] })],
  ])(
    'of %s, what AWS still tells of the old one is none of the new one, until it tells something else',
    async (_, budget) => {
      const { at, says, books } = await inMarch([budget], found({ actual: 121, forecast: 130 }))
      await at('2026-03-31T23:45:00Z')
      says(new Error('socket hang up'))
      await at('2026-04-01T00:00:00Z')
      says(found({ actual: 121, forecast: 130 }))
      for (const now of ['2026-04-01T00:15:00Z', '2026-04-01T09:00:00Z']) {
        const [state] = await at(now)
        expect(state?.spend.reported).toEqual({ unknown: expect.stringContaining('$121.00') })
        expect(state?.spend.forecast).toEqual({ unknown: expect.stringContaining('$130.00') })
        expect(state?.spend).not.toHaveProperty('drift')
      }
      expect((await readingsOf(books.table, 'team', 1))[0]).not.toHaveProperty('driftUsd')
      says(found({ actual: 1, forecast: 130 }))
      expect((await at('2026-04-01T10:00:00Z'))[0]?.spend.reported).toEqual({ usd: 1 })
      says(found({ actual: 121, forecast: 130 }))
      expect((await at('2026-04-20T10:00:00Z'))[0]?.spend.reported).toEqual({ usd: 121 })
    },
  )
})

describe('what is not known is not zero', () => {
  test('a task without a price makes what covers it not known', async () => {
    const { at, books } = await inMarch([
      own('month'),
      own('month', { name: 'web', covers: [{ by: 'target', name: 'web' }] }),
    ])
    await books.tell(
      running({ arn: arnOf('spot'), pullStartedAt: '2026-03-02T00:00:00.000Z', capacityProvider: 'FARGATE_SPOT' }),
    )
    const unknown = { unknown: 'What Spot costs is not known' }
    const [all, web] = await at(noon, [aDollarAnHour, { ...aDollarAnHour, costPerHour: unknown }])
    expect(all?.spend.metered).toEqual({
      unknown: expect.stringMatching(/^On 2026-03-02 in demo, tasks of no family: What Spot/),
    })
    expect(all?.spend.perHour).toEqual(unknown)
    expect(all?.spend.projected).toEqual({ unknown: expect.any(String) })
    expect(web?.spend).toMatchObject({ metered: { usd: 0 }, perHour: { usd: 0 } })
  })

  test('tags that could not be read, of something that only a tag would pick', async () => {
    const byTag = own('month', { covers: [{ by: 'tag', key: 'env' }] })
    const { at, books } = await inMarch([byTag, own('month', { name: 'all' })])
    await books.tell(running({ arn: arnOf('untold'), pullStartedAt: '2026-03-02T00:00:00.000Z' }))
    const [tagged, all] = await at(noon, [{ ...aDollarAnHour, subject: { cluster: 'demo', isStandalone: true } }])
    expect(tagged?.spend.metered).toEqual({
      unknown: expect.stringMatching(/^On 2026-03-02 in demo, the tags of tasks of no family/),
    })
    expect(tagged?.spend.perHour).toEqual({ unknown: expect.stringContaining('tags') })
    expect(all?.spend.metered).toEqual({ usd: 60 + 36 })
  })

  test('a day on which nobody told that tag apart', async () => {
    const { at, books, config } = await inMarch([own('month')])
    await at('2026-03-02T12:00:00Z')
    config.budgets = [own('month', { covers: [{ by: 'tag', key: 'env' }] })]
    await books.keep('2026-03-03T02:00:00Z', { tagKeys: [] })
    expect((await at(noon, []))[0]?.spend.metered).toEqual({
      unknown: 'The costs of 2026-03-01 are not on record by the tag env',
    })
  })

  test('a day that is missing', async () => {
    const { at, books } = await inMarch([own('month')])
    await at(noon)
    await books.keep('2026-05-20T12:00:00Z')
    const config = withBudgets(aws())
    const read = async () => [found({ timeUnit: 'ANNUALLY' })]
    const world = { table: books.table, budgets: { read }, log: { info: () => {}, warn: () => {}, error: () => {} } }
    const place = { world, accountId: '1', running: [], now: new Date('2026-05-20T12:00:00Z') }
    expect((await readBudgets(config, place))[0]?.spend.metered).toEqual({
      unknown: 'What cluster demo cost on 2026-03-03 is not on record as a whole',
    })
  })

  test('right after midnight, before any run: what a look at the ledger finds is known', async () => {
    const { at, books, config } = await inMarch([own('month')])
    await at('2026-03-03T23:50:00Z')
    const now = '2026-03-04T00:05:00Z'
    const world = {
      table: books.table,
      budgets: { read: async () => [] },
      log: { info: () => {}, warn: () => {}, error: () => {} },
    }
    const place = { world, running: [], now: new Date(now) }
    expect((await readBudgets(config, place))[0]?.spend.metered).toEqual({
      unknown: expect.stringContaining('2026-03-03'),
    })
    const fresh = (await books.look(now)) ?? []
    const [state] = await readBudgets(config, { ...place, fresh })
    expect(state?.spend.metered).toEqual({ usd: expect.closeTo(72 + 5 / 60, 9) })
  })

  test('a cluster that nobody metered', async () => {
    const config = withBudgets(own('month'))
    const world = {
      table: new Books().table,
      budgets: { read: async () => [] },
      log: { info: () => {}, warn: () => {}, error: () => {} },
    }
    const [state] = await readBudgets(config, { world, running: [], now: new Date(noon) })
    expect(state?.spend.metered).toEqual({ unknown: 'Nothing of cluster demo is metered yet' })
  })

  test('since when it is metered, in the period in which that began, without a drift that would only show that', async () => {
    const { at } = await inMarch([aws()], found({ timeUnit: 'QUARTERLY' }))
    const [state] = await at(noon)
    expect(state?.spend).toMatchObject({ metered: { usd: 60 }, meteredSince: '2026-02-28T23:59:00.000Z' })
    expect(state?.spend).not.toHaveProperty('drift')
  })
})

test('readings are kept when they change, with what was metered by then', async () => {
  const { at, says, books } = await inMarch([aws()])
  await at(noon)
  await at('2026-03-03T12:15:00Z')
  says(found({ actual: 55 }))
  await at('2026-03-03T20:00:00Z')
  await at('2026-03-03T20:15:00Z')
  const readings = await readingsOf(books.table, 'team', 10)
  expect(readings).toMatchObject([
    { at: '2026-03-03T20:00:00.000Z', answer: { found: { actual: 55 } }, meteredUsd: 68, driftUsd: -13 },
    { at: '2026-03-03T12:00:00.000Z', answer: { found: { actual: 40 } }, meteredUsd: 60, driftUsd: -20 },
  ])
  expect(readings).toHaveLength(2)
})
