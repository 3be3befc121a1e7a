import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Config, Selector } from '../../shared/config/config.ts'
import { coveredOf } from '../../shared/cost/cost-lines.ts'
import type { CostDay } from '../../shared/cost/ledger-records.ts'
import { costOf } from '../../shared/cost/meter.ts'
import type { Table, Task } from '../../shared/ports.ts'
import { arnOf } from '../status/tasks.ts'
import { Books, targets } from './books.ts'
import { ended, prices, running, without } from './priced.ts'

/** Each costs a dollar an hour. */
const runs = (id: string, pullStartedAt: string, of: Partial<Task> = {}) =>
  running({ arn: arnOf(id), pullStartedAt, ...of })
const ran = (id: string, pullStartedAt: string, stoppedAt: string, of: Partial<Task> = {}) =>
  ended({ arn: arnOf(id), pullStartedAt, stoppedAt, ...of })

describe('a day costs', () => {
  test('what runs and what has ended, each day its own part', async () => {
    const books = new Books()
    await books.tell(
      runs('a', '2026-03-01T22:00:00.000Z'),
      ran('b', '2026-03-01T21:00:00.000Z', '2026-03-02T00:30:00.000Z'),
    )
    await books.keep('2026-03-01T23:00:00Z')
    expect(await books.totals()).toEqual({ '2026-03-01': 1 })
    await books.keep('2026-03-02T02:00:00Z')
    expect(await books.totals()).toEqual({ '2026-03-01': 2 + 3, '2026-03-02': 2 + 0.5 })
  })

  test('by all that selectors can tell apart', async () => {
    const tagged: Config = {
      ...targets,
      budgets: [
        { name: 'dev', limit: { from: 'own', usd: 1, per: 'day' }, covers: [{ by: 'tag', key: 'env' }], steps: [] },
      ],
    }
    const books = new Books(tagged)
    const revision = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/reports:7'
    const at = '2026-03-01T20:00:00.000Z'
    await books.tell(
      runs('a', at, { group: 'service:web', tags: { env: 'live', owner: 'x' } }),
      runs('b', at, { group: 'service:web', tags: { env: 'live', owner: 'y' } }),
      runs('c', at, { startedBy: 'fg/worker/k3v9qa01', tags: {} }),
      runs('d', at, { revision }),
    )
    await books.keep('2026-03-01T21:00:00Z')
    const [day] = await books.days()
    const cost = { usd: 1, seconds: 3600, tasks: 1 }
    expect(day).toMatchObject({ day: '2026-03-01', cluster: 'demo', tagKeys: ['env'], isFinal: false })
    expect(day?.lines).toEqual([
      { target: 'web', service: 'web', isStandalone: false, tags: { env: 'live' }, usd: 2, seconds: 7200, tasks: 2 },
      { target: 'worker', isStandalone: false, tags: {}, ...cost },
      { family: 'reports', isStandalone: true, ...cost },
    ])
  })

  test('seconds whose price is not known beside those that it is known of', async () => {
    const books = new Books()
    const at = '2026-03-01T20:00:00.000Z'
    await books.tell(runs('a', at), runs('b', at, { capacityProvider: 'FARGATE_SPOT' }))
    await books.keep('2026-03-01T21:00:00Z')
    const [line] = (await books.days())[0]?.lines ?? []
    expect(line).toMatchObject({ usd: 1, seconds: 7200, tasks: 2 })
    expect(line?.unknown).toEqual({ seconds: 3600, why: 'What Spot costs is not known. Set cost.spot in farguard.yml' })
  })

  test('with what was taken for granted, and what nothing tells', async () => {
    const books = new Books()
    await books.tell(without(ran('a', '2026-03-01T20:00:00.000Z', '2026-03-01T20:30:00.000Z'), 'architecture'))
    await books.keep('2026-03-01T23:00:00Z', { publicIpOf: () => undefined })
    expect((await books.days())[0]).toMatchObject({
      assumes: [expect.stringContaining('x86')],
      leavesOut: ['public IPv4 addresses'],
    })
  })

  test('the public address of what has ended, too', async () => {
    const books = new Books()
    await books.tell(ran('a', '2026-03-01T20:00:00.000Z', '2026-03-01T21:00:00.000Z'))
    await books.keep('2026-03-01T23:00:00Z', { publicIpOf: () => true })
    expect(await books.totals()).toEqual({ '2026-03-01': 1.05 })
  })

  test('once what ended between the answer of ECS and the look at the records', async () => {
    const books = new Books()
    const still = runs('a', '2026-03-01T20:00:00.000Z')
    await books.tell(ran('a', '2026-03-01T20:00:00.000Z', '2026-03-01T21:00:00.000Z'))
    await books.keep('2026-03-01T21:00:05Z', { running: [still] })
    expect(await books.totals()).toEqual({ '2026-03-01': 1 })
  })
})

describe('reruns', () => {
  test('count nothing twice, and an hour that was summed up is not read again', async () => {
    const books = new Books()
    const asked: string[] = []
    const query: Table['query'] = asking => {
      if (asking.by === 'endedKey') asked.push(asking.equals)
      return books.table.query(asking)
    }
    await books.tell(
      ran('a', '2026-03-01T10:00:00.000Z', '2026-03-01T12:30:00.000Z'),
      runs('b', '2026-03-01T20:00:00.000Z'),
    )
    const keep = () => books.keep('2026-03-01T22:30:00Z', { table: { ...books.table, query } })
    await keep()
    expect(asked).toHaveLength(23)
    const once = await books.totals()
    asked.length = 0
    await keep()
    expect(asked).toEqual(['ENDED#demo#2026-03-01T21', 'ENDED#demo#2026-03-01T22'])
    expect(await books.totals()).toEqual(once)
    expect(once).toEqual({ '2026-03-01': 5 })
  })

  test('one that dies at any write leaves nothing that the next one does not mend', async () => {
    for (let dies = 0; dies < 60; dies++) {
      const books = new Books()
      await books.keep('2026-02-28T12:00:00Z')
      await books.tell(
        ran('a', '2026-02-28T20:00:00.000Z', '2026-03-01T01:00:00.000Z'),
        runs('b', '2026-02-28T22:00:00.000Z'),
      )
      let writes = 0
      const put: Table['put'] = (record, onlyIf) =>
        writes++ === dies ? Promise.reject(new Error('died')) : books.table.put(record, onlyIf)
      const died = await books.keep('2026-03-01T03:00:00Z', { table: { ...books.table, put } }).then(
        () => false,
        () => true,
      )
      await books.keep('2026-03-01T03:00:00Z')
      expect(await books.totals()).toEqual({ '2026-02-28': 6, '2026-03-01': 4 })
      if (!died) {
        expect(dies).toBeGreaterThan(10)
        return
      }
    }
    throw new Error('A run makes more writes than this test has tries')
  })

  test('of two at once the one that saw less does not overwrite the other', async () => {
    const books = new Books()
    await books.tell(runs('a', '2026-03-01T20:00:00.000Z'))
    let late = () => Promise.resolve(true)
    let isFirst = true
    const query: Table['query'] = async asking => {
      // The other run comes to its end while this one is reading.
      if (asking.by === 'endedKey' && isFirst) {
        isFirst = false
        await late()
      }
      return books.table.query(asking)
    }
    late = () => books.keep('2026-03-01T22:00:00Z')
    await books.keep('2026-03-01T21:00:00Z', { table: { ...books.table, query } })
    expect(await books.totals()).toEqual({ '2026-03-01': 2 })
  })

  test('one that runs out of time goes on the next time, from where it was', async () => {
    const books = new Books()
    await books.keep('2026-02-01T12:00:00Z')
    await books.tell(ran('a', '2026-02-10T10:00:00.000Z', '2026-02-12T10:00:00.000Z'))
    let runsNeeded = 1
    const hasTime = () => {
      let left = 200
      return () => left-- > 0
    }
    while (!(await books.keep('2026-02-20T12:00:00Z', { hasTime: hasTime() }))) runsNeeded++
    expect(runsNeeded).toBe(3)
    const { '2026-02-10': tenth, '2026-02-11': eleventh, '2026-02-12': twelfth, ...others } = await books.totals()
    expect([tenth, eleventh, twelfth]).toEqual([14, 24, 10])
    expect(new Set(Object.values(others))).toEqual(new Set([0]))
    expect(Object.keys(others)).toHaveLength(17)
  })
})

test('looking at it writes nothing, and shows what keeping it would put on record', async () => {
  const books = new Books()
  await books.keep('2026-03-01T12:00:00Z')
  await books.tell(
    ran('a', '2026-03-01T20:00:00.000Z', '2026-03-01T21:00:00.000Z'),
    runs('b', '2026-03-01T22:00:00.000Z'),
  )
  const put = () => Promise.reject(new Error('nothing is to be written'))
  const looked = await books.look('2026-03-02T00:05:00Z', { table: { ...books.table, put } })
  await books.keep('2026-03-02T00:05:00Z')
  expect(await books.days()).toEqual(looked?.map(each => ({ ...each, version: expect.any(Number) })))
  expect(await books.totals()).toEqual({ '2026-03-01': 3, '2026-03-02': 0.083333 })
  expect(await books.look('2026-03-05T00:05:00Z', { hasTime: () => false })).toBeUndefined()
})

describe('a day becomes final', () => {
  test('an hour after its end, and is left alone then', async () => {
    const books = new Books()
    await books.tell(runs('a', '2026-03-01T22:00:00.000Z'))
    await books.keep('2026-03-01T23:00:00Z')
    await books.keep('2026-03-02T00:59:59Z')
    expect((await books.days()).map(({ isFinal }) => isFinal)).toEqual([false, false])
    await books.keep('2026-03-02T01:00:00Z')
    expect((await books.days()).map(({ isFinal }) => isFinal)).toEqual([true, false])
    const before = await books.days()
    await books.keep('2026-03-02T05:00:00Z', { running: [] })
    expect((await books.days())[0]).toEqual(before[0])
  })

  test('what comes late is counted by the nightly recount, of the days before too', async () => {
    const books = new Books()
    await books.keep('2026-03-01T10:00:00Z')
    await books.keep('2026-03-02T01:30:00Z')
    await books.tell(ran('late', '2026-03-01T13:00:00.000Z', '2026-03-01T14:00:00.000Z'))
    await books.keep('2026-03-02T02:00:00Z')
    expect((await books.totals())['2026-03-01']).toBe(0)
    await books.keep('2026-03-02T02:15:00Z', { recount: true })
    expect(await books.totals()).toEqual({ '2026-03-01': 1, '2026-03-02': 0 })
    await books.keep('2026-03-02T02:30:00Z')
    expect(await books.totals()).toEqual({ '2026-03-01': 1, '2026-03-02': 0 })
  })

  test('what ended right after midnight, and was told after the recount of that night', async () => {
    const books = new Books()
    await books.keep('2026-03-01T00:00:00Z')
    await books.tell(runs('late', '2026-03-01T01:00:00.000Z'))
    await books.keep('2026-03-01T23:55:00Z')
    // ECS has it no more among what runs, and its event is on its way.
    for (const [now, recount] of [
      ['2026-03-02T01:10:00Z', false],
      ['2026-03-02T02:00:00Z', true],
    ] as const)
      await books.keep(now, { running: [], recount })
    // It may have run until now.
    expect(await books.totals()).toEqual({ '2026-03-01': 23, '2026-03-02': 2 })
    await books.tell(ran('late', '2026-03-01T01:00:00.000Z', '2026-03-02T00:30:00.000Z'))
    await books.keep('2026-03-03T02:00:00Z', { recount: true })
    expect(await books.totals()).toEqual({ '2026-03-01': 23, '2026-03-02': 0.5, '2026-03-03': 0 })
  })

  test('a pause of the guard is caught up with, 35 days at most', async () => {
    const books = new Books()
    await books.keep('2026-03-01T10:00:00Z')
    await books.tell(runs('a', '2026-03-01T00:00:00.000Z'))
    await books.keep('2026-04-20T12:00:00Z')
    const totals = await books.totals()
    expect(Object.keys(totals)).toEqual(['2026-03-01', ...Object.keys(totals).filter(day => day >= '2026-03-16')])
    expect(Object.keys(totals)).toHaveLength(1 + 36)
    expect(totals['2026-03-16']).toBe(24)
    expect(totals['2026-04-20']).toBe(12)
  })

  test('one tag more is told apart from the day on that is not final, its hours that are over included', async () => {
    const books = new Books()
    await books.tell(ran('a', '2026-03-01T10:00:00.000Z', '2026-03-01T11:00:00.000Z', { tags: { env: 'dev' } }))
    await books.keep('2026-03-01T15:00:00Z')
    await books.keep('2026-03-01T15:15:00Z', { tagKeys: ['env'] })
    expect((await books.days())[0]).toMatchObject({ tagKeys: ['env'], lines: [{ tags: { env: 'dev' }, usd: 1 }] })
  })
})

describe('many kinds of tasks', () => {
  const kinds = (count: number, tagsOf: (nth: number) => Record<string, string>) =>
    Array.from({ length: count }, (_, nth) =>
      runs(`t${nth}`, '2026-03-01T20:00:00.000Z', {
        revision: `arn:aws:ecs:eu-central-1:123456789012:task-definition/${'family'.repeat(20)}-${nth}:1`,
        memoryMib: 1024 + nth,
        tags: tagsOf(nth),
      }),
    )
  const cost = (tasks: readonly Task[]) =>
    tasks.reduce((sum, each) => sum + 0.8 + 0.2 * ((each.memoryMib ?? 0) / 1024), 0)
  const count = (day: CostDay | undefined) => {
    const all = [...(day?.lines ?? []), ...(day?.rest ? [day.rest] : [])]
    return all.reduce((sum, { tasks }) => sum + tasks, 0)
  }
  const covered = (day: CostDay | undefined, ...covers: Selector[]) => coveredOf(covers, day ?? { lines: [] }, 'demo')

  test('stay below what DynamoDB takes: the smallest are merged, and known by target and tag', async () => {
    const books = new Books()
    const tasks = kinds(4000, nth => ({ env: nth % 2 ? 'dev' : 'live' }))
    await books.keep('2026-03-01T21:00:00Z', { running: tasks, tagKeys: ['env'] })
    const [day] = await books.days()
    expect(Buffer.byteLength(JSON.stringify(day))).toBeLessThan(400 * 1024)
    expect(day).not.toHaveProperty('rest')
    expect(count(day)).toBe(4000)
    expect(day?.lines.filter(({ isMerged }) => isMerged).map(({ tags }) => tags?.env)).toEqual(['dev', 'live'])
    const known = { usd: expect.closeTo(cost(tasks), 4) }
    expect(covered(day, { by: 'all' })).toEqual(known)
    expect(covered(day, { by: 'standalone' }, { by: 'family', name: 'x' })).toEqual(known)
    const dev = tasks.filter(({ tags }) => tags?.env === 'dev')
    expect(covered(day, { by: 'tag', key: 'env', value: 'dev' })).toEqual({ usd: expect.closeTo(cost(dev), 4) })
    expect(covered(day, { by: 'target', name: 'web' }, { by: 'service', name: 'web' })).toEqual({ usd: 0 })
    // Which of them are its own is not told any more.
    expect(covered(day, { by: 'family', name: `${'family'.repeat(20)}-3999` })).toEqual({ unknown: expect.any(String) })
  })

  test('whose tags all differ are one sum in the end', async () => {
    const books = new Books()
    const tasks = kinds(4000, nth => ({ run: `${'run'.repeat(40)}-${nth}` }))
    await books.keep('2026-03-01T21:00:00Z', { running: tasks, tagKeys: ['run'] })
    const [day] = await books.days()
    expect(Buffer.byteLength(JSON.stringify(day))).toBeLessThan(400 * 1024)
    expect(day?.rest?.lines).toBeGreaterThan(1000)
    expect(count(day)).toBe(4000)
    expect(covered(day, { by: 'cluster', name: 'demo' })).toEqual({ usd: expect.closeTo(cost(tasks), 4) })
    expect(covered(day, { by: 'tag', key: 'run' })).toEqual({ unknown: expect.any(String) })
  })

  test('of hours that are over are the same when the day is summed up', async () => {
    const books = new Books()
    const ends = kinds(2000, () => ({ env: 'dev' })).map(each => ({
      ...each,
      ...ended({ stoppedAt: '2026-03-01T21:00:00.000Z' }),
      arn: each.arn,
      revision: each.revision ?? '',
      pullStartedAt: '2026-03-01T20:00:00.000Z',
      memoryMib: each.memoryMib ?? 0,
      tags: { env: 'dev' },
    }))
    await books.tell(...ends)
    for (const now of ['2026-03-01T23:30:00Z', '2026-03-01T23:45:00Z']) await books.keep(now, { tagKeys: ['env'] })
    const [day] = await books.days()
    expect(count(day)).toBe(2000)
    expect(covered(day, { by: 'tag', key: 'env' })).toEqual({ usd: expect.closeTo(cost(ends), 4) })
    expect(covered(day, { by: 'family', name: 'x' })).toEqual({ unknown: expect.any(String) })
  })
})

test('whatever runs and whenever the guard does, all days together cost what the tasks do', async () => {
  const hour = 3600_000
  const start = Date.parse('2026-03-01T00:00:00.000Z')
  const iso = (hours: number) => new Date(start + Math.round(hours * hour)).toISOString()
  const lives = fc.array(
    fc.record({ from: fc.double({ min: 0, max: 70, noNaN: true }), for: fc.double({ min: 0, max: 60, noNaN: true }) }),
    { maxLength: 6 },
  )
  const times = fc.array(fc.record({ at: fc.double({ min: 0, max: 80, noNaN: true }), recount: fc.boolean() }), {
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(lives, times, async (tasks, visits) => {
      const books = new Books()
      const all = tasks.map(({ from, for: length }, nth) => ({
        begins: from,
        ends: from + length,
        runs: runs(`t${nth}`, iso(from)),
        ran: ran(`t${nth}`, iso(from), iso(from + length)),
      }))
      const told = new Set<string>()
      const visit = async (at: number, recount: boolean) => {
        for (const each of all) {
          if (each.begins <= at && !told.has(`b${each.runs.arn}`)) await books.tell(each.runs)
          if (each.begins <= at) told.add(`b${each.runs.arn}`)
          if (each.ends <= at && !told.has(`e${each.runs.arn}`)) await books.tell(each.ran)
          if (each.ends <= at) told.add(`e${each.runs.arn}`)
        }
        await books.keep(iso(at), { recount })
      }
      await visit(0, false)
      for (const { at, recount } of visits.toSorted((a, b) => a.at - b.at)) await visit(at, recount)
      await visit(140, false)
      const total = Object.values(await books.totals()).reduce((sum, usd) => sum + usd, 0)
      const now = new Date(iso(140))
      const expected = all.reduce((sum, each) => sum + (costOf(each.ran, prices(), now) as { usd: number }).usd, 0)
      expect(total).toBeCloseTo(expected, 4)
    }),
    { numRuns: 60 },
  )
})

test('whatever comes up to a day late: three nights later each day has its own', async () => {
  const [minute, day] = [60_000, 24 * 60]
  const start = Date.parse('2026-02-27T00:00:00.000Z')
  const iso = (minutes: number) => new Date(start + minutes * minute).toISOString()
  const lives = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 3 * day }),
      for: fc.integer({ min: 1, max: 2 * day }),
      late: fc.integer({ min: 0, max: day }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(lives, fc.integer({ min: 0, max: day - 1 }), async (tasks, report) => {
      const books = new Books()
      const all = tasks.map(({ from, for: length, late }, nth) => {
        const [begins, ends] = [from, from + length]
        const whole = ran(`t${nth}`, iso(begins), iso(ends))
        return {
          begins,
          ends,
          toldAt: ends + late,
          whole,
          part: runs(`t${nth}`, iso(begins)),
          isTold: false,
          isHeard: false,
        }
      })
      for (let at = 0; at <= 7 * day; at += 180) {
        for (const each of all)
          if (!each.isHeard && each.begins <= at) {
            await books.tell(each.part)
            each.isHeard = true
          }
        for (const each of all)
          if (!each.isTold && each.toldAt <= at) {
            await books.tell(each.whole)
            each.isTold = true
          }
        const running = all.filter(({ begins, ends }) => begins <= at && at < ends).map(({ part }) => part)
        const recount = Math.floor((at - report) / day) !== Math.floor((at - 180 - report) / day)
        await books.keep(iso(at), { running, recount })
      }
      const expected = (date: string) => {
        const from = Date.parse(date)
        const costs = all.map(({ whole }) =>
          costOf(whole, prices(), new Date(iso(7 * day)), { from, to: from + day * minute }),
        )
        return costs.reduce((sum, cost) => sum + (cost as { usd: number }).usd, 0)
      }
      for (const [date, usd] of Object.entries(await books.totals())) expect(usd, date).toBeCloseTo(expected(date), 4)
    }),
    { numRuns: 6 },
  )
})
