import { beforeAll, describe, expect, test } from 'vitest'
import { bar } from '../../cli/costs/bars.ts'
import type { CostReport } from '../../cli/costs/report.ts'
import { type AwsBudget, type BudgetAnswer, RefusedError } from '../../shared/ports.ts'
import { type Guarded, guarded, hour } from './guarded.ts'
import type { Shell } from './shell.ts'

const file = 'tests/cli/costs-guard.yml'
/** Of 0.25 vCPU and 0.5 GB on x86, by eu-central-1's list. */
const perHour = 0.25 * 0.04656 + 0.5 * 0.00511

const theTeam: AwsBudget = {
  type: 'COST',
  unit: 'USD',
  timeUnit: 'MONTHLY',
  limit: 100,
  actual: 1.5,
  forecast: 90,
  health: 'HEALTHY',
}
const aws = (found: Partial<AwsBudget> = {}): Shell => {
  const answer: BudgetAnswer = { name: 'the-team', found: { ...theTeam, ...found } }
  return { ports: { budgets: { read: async () => [answer] } } }
}

/** From March 30th, 12:00 on, for 42 hours: to April 1st, 06:00. */
async function metered() {
  const all = await guarded('2026-03-30T12:00:00Z', file)
  for (let hours = 0; hours < 42; hours++) {
    await all.sweep()
    await all.run()
    await all.clock.advanceTo(Date.parse('2026-03-30T12:00:00Z') + (hours + 1) * hour)
  }
  return {
    ...all,
    report: async (line = 'costs', shell: Shell = aws()): Promise<CostReport> =>
      JSON.parse((await all.type(`${line} --json`, shell)).out),
  }
}

describe('costs', () => {
  let all: Guarded & { report: (line?: string, shell?: Shell) => Promise<CostReport> }
  beforeAll(async () => {
    all = await metered()
  })

  test('of today and the month, to this very moment, and to its end', async () => {
    const { month, total, now, lacks, meteredSince } = await all.report()
    // Two copies each of web and worker, one of steady, one task of nobody, since midnight.
    const sixHours = 6 * 6 * perHour
    expect({ month, lacks, meteredSince }).toEqual({ month: '2026-04', lacks: undefined, meteredSince: undefined })
    expect(total?.usd).toBeCloseTo(sixHours, 3)
    expect(now?.today?.usd).toBeCloseTo(sixHours, 3)
    expect(now?.perHour).toEqual({ usd: expect.closeTo(6 * perHour, 6) })
    expect(now?.projected).toEqual({ usd: expect.closeTo(30 * 24 * 6 * perHour, 2) })
  })

  test('are the same for whoever meters in between', async () => {
    const before = await all.report()
    await all.run()
    expect((await all.report()).total).toEqual(before.total)
  })

  test("AWS's figures stand beside ours, labelled, with the drift", async () => {
    const { now, total } = await all.report()
    expect(now?.budgets).toMatchObject([
      {
        budget: 'team',
        spend: {
          limit: { usd: 100 },
          reported: { usd: 1.5 },
          forecast: { usd: 90 },
          metered: { usd: expect.closeTo(total?.usd ?? 0, 6) },
        },
      },
    ])
    const { out } = await all.type('costs', { ...aws(), columns: 80 })
    expect(out).toMatch(/^team +\$100\.00 +\$0\.51 +\$61\.\d\d +\$1\.50 +\$90\.00$/m)
    expect(out).toMatch(/^ {4}AWS reports \$0\.99 more than Farguard has metered$/m)
    expect((await all.type('costs', aws({ actual: 0 }))).out).toContain(
      'AWS reports $0.51 less than Farguard has metered',
    )
  })

  test('are told, and so is the plan, without writing anything', async () => {
    const table = {
      ...all.world.table,
      put: ({ pk, sk }: { pk: string; sk: string }) => Promise.reject(new Error(`${pk} ${sk} was written`)),
    }
    for (const line of ['costs', 'guard --plan'])
      expect(await all.type(line, { ports: { ...aws({ actual: 7 }).ports, table } })).toMatchObject({
        code: 0,
        out: expect.stringContaining('$7.00'),
        err: '',
      })
  })

  test.each([
    { by: 'target', names: ['web', 'worker', 'service steady in demo', 'tasks of debug in demo'] },
    { by: 'service', names: ['demo/web', 'worker', 'demo/steady', 'tasks of debug in demo'] },
    { by: 'cluster', names: ['demo'] },
    { by: 'day', names: ['2026-04-01'] },
    { by: 'tag:team', names: ['without team', 'platform'] },
  ])('by $by: nothing gets lost', async ({ by, names }) => {
    const { groups, total } = await all.report(`costs --by ${by}`)
    expect(groups.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(total?.usd ?? 0, 9)
    if (by !== 'tag:team') expect(groups.map(({ name }) => name).sort()).toEqual(names.sort())
  })

  test('of another month: since when it is metered, no figures of now, and every month on record', async () => {
    const { now, total, meteredSince, groups, months } = await all.report('costs --month 2026-03 --by day')
    expect(now).toBeUndefined()
    expect(meteredSince).toMatch(/^2026-03-30T12:0/)
    expect(groups.map(({ name, usd }) => [name, usd])).toEqual([
      ['2026-03-30', expect.closeTo(12 * 6 * perHour, 1)],
      ['2026-03-31', expect.closeTo(24 * 6 * perHour, 3)],
    ])
    expect(months.map(({ month }) => month)).toEqual(['2026-03', '2026-04'])
    expect(months[0]?.usd).toBe(total?.usd)
    const { out } = await all.type('costs --month 2026-03', { columns: 80 })
    expect(out).toMatch(/^2026-03 +\$3\.\d\d +since 2026-03-30 12:0\d:\d\dZ; what ended before/m)
    expect(out).not.toMatch(/BUDGET|today/)
  })

  test('a month of which nothing is known, and a tag by which nothing is on record', async () => {
    expect(await all.type('costs --month 2026-01')).toMatchObject({
      code: 1,
      err: 'No costs of 2026-01 are on record in the test stack. There are those of 2026-03, 2026-04.',
    })
    expect(await all.type('costs --by tag:owner', aws())).toMatchObject({
      code: 1,
      err: expect.stringContaining('not on record by the tag owner'),
    })
  })

  test('fit a screen, whatever its width, and bars are as long as their share', async () => {
    for (const columns of [60, 80, 120]) {
      const { out } = await all.type('costs', { ...aws(), columns })
      if (columns >= 80) for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
      const [web, steady] = ['web', 'service steady'].map(
        name => new RegExp(`^${name}.* (█+)`, 'm').exec(out)?.[1]?.length ?? 0,
      )
      expect(web).toBeGreaterThanOrEqual(8)
      expect(Math.abs((steady ?? 0) - (web ?? 0) / 2)).toBeLessThanOrEqual(1)
    }
  })

  test('where ECS may not be asked, what is on record is said, and how old it is; what runs now is not known', async () => {
    const refused = new RefusedError('AccessDeniedException', 'ecs:DescribeClusters of demo: AccessDeniedException: no')
    const { fleet } = all.world
    const ports = { ...aws().ports, fleet: { ...fleet, describeCluster: () => Promise.reject(refused) } }
    await all.run()
    await all.clock.advance(hour / 4)
    const { code, out } = await all.type('costs', { ports })
    expect(code).toBe(0)
    expect(out).toMatch(/metered 15 min ago, at 2026-04-01 06:00:00Z$/m)
    expect(out).toMatch(/^today +\$0\.51 +not known an hour now$/m)
    expect(out).toMatch(/^to its end +not known/m)
    expect(out).toContain('ecs:DescribeClusters')
  })
})

test('before anything is metered nothing is said to be free', async () => {
  const all = await guarded('2026-03-30T12:00:00Z', file)
  await all.clock.advance(2 * hour)
  const { out } = await all.type('costs', aws())
  // Of what runs still its own times tell; what has ended nobody knows.
  expect(out).toMatch(/^2026-03 so far +\$0\.\d+ \+ \? +Nothing of cluster demo is metered yet$/m)
  expect(out).toMatch(/^to its end +not known/m)
})

test('what has no price is named, with why, and stands beside the sum', async () => {
  const all = await guarded('2026-03-30T12:00:00Z', file)
  await all.call('ecs', 'UpdateService', {
    cluster: 'demo',
    service: 'steady',
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    forceNewDeployment: true,
  })
  await all.clock.advance(hour)
  await all.run()
  await all.clock.advance(2 * hour)
  const { out } = await all.type('costs', aws())
  expect(out).toMatch(/^2026-03 so far +\$0\.\d+ \+ \?/m)
  expect(out).toMatch(/^service steady in demo +\$0\.\d+ \+ \?/m)
  expect(out).toMatch(
    /^service steady in demo: of \d\.\d task-hours the price is not known: What Spot costs is not known\. Set cost\.spot/m,
  )
})

describe('what the guard has saved', () => {
  test('from the stop to the wake, or to now, by what it cost an hour', async () => {
    const all = await guarded('2026-03-10T08:00:00Z')
    await all.clock.advance(2 * hour)
    await all.run()
    await all.clock.advance(3 * hour)
    await all.type('undo web --no-wait')
    await all.answer()
    await all.clock.advance(2 * hour)
    const { saved }: CostReport = JSON.parse((await all.type('costs --json')).out)
    // Two copies of web for three hours, two of worker for five.
    expect(saved.inMonth).toEqual({
      usd: expect.closeTo((2 * 3 + 2 * 5) * perHour, 6),
      seconds: 8 * 3600,
      workloads: 2,
      unknown: [],
    })
    expect(saved.inAll).toEqual(saved.inMonth)
    expect((await all.type('costs')).out).toMatch(/^saved +\$0\.23 +by the guard in 2026-03, of 2 workloads$/m)
  })
})

describe('bars', () => {
  test.each([
    { share: 1, is: '████' },
    { share: 0.5, is: '██' },
    { share: 0.28125, is: '█▏' },
    { share: 0.0001, is: '▏' },
    { share: 0, is: '' },
    { share: 2, is: '████' },
  ])('$share of four', ({ share, is }) => expect(bar(share, 4)).toBe(is))
})

test.each([
  { line: 'costs --month march', says: 'It takes a month, such as 2026-03' },
  { line: 'costs --month 2026-13', says: 'It takes a month' },
  { line: 'costs --by team', says: 'It takes target, service, cluster, day, or a tag' },
  { line: 'costs --by tag:', says: 'It takes target' },
])('$line is called wrongly', async ({ line, says }) => {
  expect(await (await guarded()).type(line)).toMatchObject({ code: 2, err: expect.stringContaining(says) })
})
