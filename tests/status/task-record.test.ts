import { describe, expect, test } from 'vitest'
import { memoryTable } from '../../local/memory-table.ts'
import type { StoredRecord, Table, Task } from '../../shared/ports.ts'
import {
  canBeLost,
  endedTasks,
  markLost,
  readTask,
  readTasks,
  runningTasks,
  type TaskRecord,
  type Written,
  writeTask,
} from '../../shared/status/task-record.ts'
import { config, job, service, task as taskTarget } from '../deploy/targets.ts'
import { arnOf, container, stopped, task } from './tasks.ts'

const targets = config(service(), taskTarget(), job())
const at = '2026-03-01T22:00:31.000Z'
const later = (minutes: number) => new Date(Date.parse('2026-03-01T22:00:00Z') + minutes * 60_000)

/** Written as a caller does: with what is on record read before. */
async function write(table: Table, of: Task, from: 'event' | 'look' = 'event'): Promise<Written> {
  const [seen] = await readTasks(table, [of.arn])
  return writeTask(table, of, { config: targets, from, at, seen })
}

async function stored(table: Table, id = 't1'): Promise<StoredRecord | undefined> {
  return table.get(`TASK#demo/${id}`, 'TASK')
}

async function idsOf(pages: AsyncIterable<TaskRecord[]>): Promise<string[]> {
  const ids: string[] = []
  for await (const page of pages) ids.push(...page.map(({ arn }) => arn.slice(arn.lastIndexOf('/') + 1)))
  return ids
}

describe('the highest version wins', () => {
  test.each([
    ['a first one', [task({ version: 4 })], 'written', 4],
    ['a higher one', [task({ version: 4 }), task({ version: 5 })], 'written', 5],
    ['a lower one', [task({ version: 5 }), task({ version: 4 })], 'older', 5],
    ['the same again', [task({ version: 5 }), task({ version: 5 })], 'same', 5],
    ['a stop', [task({ version: 5 }), stopped({ version: 9 })], 'written', 9],
    ['a running one of a higher version than the stop', [stopped({ version: 9 }), task({ version: 10 })], 'older', 9],
    [
      'a deleted one after the stop',
      [stopped({ version: 9 }), stopped({ version: 10, lastStatus: 'DELETED' })],
      'older',
      9,
    ],
  ] as const)('%s', async (_, tasks, result, version) => {
    const table = memoryTable()
    const results: Written[] = []
    for (const each of tasks) results.push(await write(table, each))
    expect(results.at(-1)).toBe(result)
    expect((await readTask(table, arnOf('t1')))?.version).toBe(version)
  })

  test('also over what is written between the look at the record and the write', async () => {
    const table = memoryTable()
    await write(table, task({ version: 3 }))
    const [seen] = await readTasks(table, [arnOf('t1')])
    await write(table, stopped({ version: 9 }))
    expect(await writeTask(table, task({ version: 5 }), { config: targets, from: 'event', at, seen })).toBe('older')
    expect((await readTask(table, arnOf('t1')))?.lastStatus).toBe('STOPPED')
  })
})

test('a task that ended meanwhile does not reopen by a version that is higher still', async () => {
  const table = memoryTable()
  await write(table, task({ version: 3 }))
  const [seen] = await readTasks(table, [arnOf('t1')])
  await write(table, stopped({ version: 9 }))
  expect(await writeTask(table, task({ version: 10 }), { config: targets, from: 'event', at, seen })).toBe('older')
  expect((await readTask(table, arnOf('t1')))?.lastStatus).toBe('STOPPED')
})

test.each([
  ['a late event', task({ version: 3 })],
  ['a doubled one', task({ version: 5 })],
])('%s costs no write', async (_, of) => {
  const table = memoryTable()
  await write(table, task({ version: 5 }))
  const put = () => Promise.reject(new Error('nothing is to be written'))
  expect(await write({ ...table, put }, of)).not.toBe('written')
})

describe('whose a task is', () => {
  test.each([
    [
      'a copy of a target',
      { startedBy: 'fg/worker/k3v9qa0a' },
      { target: 'worker', deployment: { id: 'k3v9qa', attempt: 10 } },
    ],
    [
      'a copy of a target that is no more',
      { startedBy: 'fg/gone/k3v9qa01' },
      { deployment: { id: 'k3v9qa', attempt: 1 } },
    ],
    ['a copy by its tag', { tags: { 'farguard:target': 'worker' } }, { target: 'worker' }],
    [
      'a copy of that name in another cluster',
      { cluster: 'other', arn: arnOf('t1', 'other'), startedBy: 'fg/worker/k3v9qa01' },
      { deployment: { id: 'k3v9qa', attempt: 1 } },
    ],
    [
      "a service's",
      { group: 'service:web', startedBy: 'ecs-svc/48' },
      { target: 'web', service: 'web', serviceDeployment: 'ecs-svc/48' },
    ],
    [
      'another service',
      { group: 'service:else', startedBy: 'ecs-svc/49' },
      { service: 'else', serviceDeployment: 'ecs-svc/49' },
    ],
    ["somebody's", { group: 'family:x', startedBy: 'fg/worker' }, {}],
  ])('%s', async (_, of, belonging) => {
    const table = memoryTable()
    const told = task(of)
    await write(table, told)
    const record = await readTask(table, told.arn)
    const { target, deployment, service: of_, serviceDeployment } = record ?? {}
    expect(JSON.parse(JSON.stringify({ target, deployment, service: of_, serviceDeployment }))).toEqual(belonging)
  })
})

describe('what runs is listed', () => {
  test('by target, and without a target by cluster, oldest first', async () => {
    const table = memoryTable()
    const copy = (id: string, createdAt: string) => task({ arn: arnOf(id), createdAt, startedBy: 'fg/worker/k3v9qa01' })
    await write(table, copy('young', '2026-03-01T23:00:00.000Z'))
    await write(table, copy('old', '2026-03-01T21:00:00.000Z'))
    await write(table, task({ arn: arnOf('foreign') }))
    await write(table, stopped({ arn: arnOf('ended'), startedBy: 'fg/worker/k3v9qa01' }))
    expect(await idsOf(runningTasks(table, { target: 'worker' }))).toEqual(['old', 'young'])
    expect(await idsOf(runningTasks(table, { cluster: 'demo' }))).toEqual(['foreign'])
    expect(await idsOf(runningTasks(table, { target: 'nightly' }))).toEqual([])
  })

  test('without those that ended while the index lags behind', async () => {
    const table = memoryTable()
    await write(table, task({ arn: arnOf('ended') }))
    await write(table, task({ arn: arnOf('runs') }))
    const lagging = await table.query({ by: 'runningKey', equals: 'CLUSTER#demo' })
    await write(table, stopped({ arn: arnOf('ended') }))
    const behind: Table = { ...table, query: async () => lagging }
    expect(await idsOf(runningTasks(behind, { cluster: 'demo' }))).toEqual(['runs'])
  })

  test('page by page', async () => {
    const table = memoryTable()
    for (let nth = 0; nth < 7; nth++) await write(table, task({ arn: arnOf(`t${nth}`) }))
    const paged: Table = { ...table, query: query => table.query({ ...query, limit: 3 }) }
    const pages: number[] = []
    for await (const page of runningTasks(paged, { cluster: 'demo' })) pages.push(page.length)
    expect(pages).toEqual([3, 3, 1])
  })
})

describe('what ended is listed', () => {
  const inHour = (table: Table, hour: string, cluster = 'demo') => idsOf(endedTasks(table, cluster, hour))

  test('by its cluster and the hour of its end', async () => {
    const table = memoryTable()
    const at = (id: string, stoppedAt: string, cluster = 'demo') =>
      write(table, stopped({ arn: arnOf(id, cluster), cluster, stoppedAt }))
    await at('first', '2026-03-01T22:00:00.000Z')
    await at('last', '2026-03-01T22:59:59.999Z')
    await at('next', '2026-03-01T23:00:00.000Z')
    await at('elsewhere', '2026-03-01T22:30:00.000Z', 'other')
    await write(table, task({ arn: arnOf('runs') }))
    expect(await inHour(table, '2026-03-01T22')).toEqual(['first', 'last'])
    expect(await inHour(table, '2026-03-01T23')).toEqual(['next'])
    expect(await inHour(table, '2026-03-01T22', 'other')).toEqual(['elsewhere'])
  })

  test('by when it was missed, where nobody saw its end; until it is heard of again', async () => {
    const table = memoryTable()
    await write(table, task({ version: 5 }))
    await markLost(table, (await readTask(table, arnOf('t1'))) as TaskRecord, later(90))
    expect(await inHour(table, '2026-03-01T23')).toEqual(['t1'])
    await write(table, task({ version: 5 }), 'look')
    expect(await inHour(table, '2026-03-01T23')).toEqual([])
    await write(table, stopped({ version: 9 }))
    expect(await inHour(table, '2026-03-01T22')).toEqual(['t1'])
  })

  test('page by page, as it is on record', async () => {
    const table = memoryTable()
    for (let nth = 0; nth < 7; nth++) await write(table, stopped({ arn: arnOf(`t${nth}`) }))
    const paged: Table = { ...table, query: query => table.query({ ...query, limit: 3 }) }
    const pages: TaskRecord[][] = []
    for await (const page of endedTasks(paged, 'demo', '2026-03-01T22')) pages.push(page)
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1])
    expect(pages[0]?.[0]).toEqual(await readTask(table, arnOf('t0')))
  })
})

describe('what a look sees', () => {
  test('of its platform stays: no event tells it', async () => {
    const table = memoryTable()
    await write(table, task({ platformFamily: 'Windows Server 2022 Core' }), 'look')
    await write(table, stopped())
    expect(await readTask(table, arnOf('t1'))).toMatchObject({
      lastStatus: 'STOPPED',
      platformFamily: 'Windows Server 2022 Core',
    })
  })

  test('goes on record at the same version, once', async () => {
    const table = memoryTable()
    await write(table, task())
    const healthy = task({ health: 'HEALTHY', tags: { team: 'platform' } })
    expect(await write(table, healthy, 'look')).toBe('written')
    expect(await write(table, healthy, 'look')).toBe('same')
    expect(await write(table, task({ ...healthy, health: 'UNHEALTHY' }), 'look')).toBe('written')
    expect(await readTask(table, arnOf('t1'))).toMatchObject({ health: 'UNHEALTHY', tags: { team: 'platform' } })
  })

  test('stays through the events after it, and through what ECS no longer tells of a stopped task', async () => {
    const table = memoryTable()
    const health = 'UNHEALTHY'
    const containers = [{ name: 'app', health }]
    await write(table, task({ version: 4, health, tags: { team: 'platform' }, containers }), 'look')
    await write(table, task({ version: 5, containers: [container('app')] }))
    const end = stopped({ version: 9, stopCode: 'ServiceSchedulerInitiated', containers: [container('app', 143)] })
    await write(table, end)
    await write(table, { ...end, health: 'UNKNOWN', tags: {} }, 'look')
    const record = await readTask(table, arnOf('t1'))
    expect(record).toMatchObject({
      version: 9,
      health,
      tags: { team: 'platform' },
      stopped: { kind: 'health-check-failed' },
    })
    expect(record?.containers).toEqual([{ name: 'app', exitCode: 143, health }])
  })

  test('a tag that was taken away is gone', async () => {
    const table = memoryTable()
    await write(table, task({ tags: { team: 'platform' } }), 'look')
    await write(table, task({ tags: {} }), 'look')
    expect((await readTask(table, arnOf('t1')))?.tags).toEqual({})
  })

  test('is not undone by the event of that version', async () => {
    const table = memoryTable()
    await write(table, task({ health: 'HEALTHY' }), 'look')
    expect(await write(table, task())).toBe('same')
  })
})

describe('LOST', () => {
  const old = '2026-03-01T22:00:00.000Z'

  test.each([
    ['running, ten minutes old', task({ createdAt: old }), 10, true],
    ['running, younger', task({ createdAt: old }), 9.9, false],
    ['stopping', task({ createdAt: old, lastStatus: 'DEACTIVATING' }), 60, true],
    ['stopped', stopped({ createdAt: old }), 60, false],
  ])('%s', async (_, of, minutes, expected) => {
    const table = memoryTable()
    await write(table, of)
    const record = (await readTask(table, of.arn)) as TaskRecord
    expect(canBeLost(record, later(minutes))).toBe(expected)
    expect(await markLost(table, record, later(minutes))).toBe(expected)
    expect((await readTask(table, of.arn))?.lost).toEqual(expected ? { at: later(minutes).toISOString() } : undefined)
  })

  async function lost() {
    const table = memoryTable()
    await write(table, task({ version: 5 }))
    await markLost(table, (await readTask(table, arnOf('t1'))) as TaskRecord, later(30))
    return table
  }

  test('is said once, runs no more, and is not closed', async () => {
    const table = await lost()
    expect(await idsOf(runningTasks(table, { cluster: 'demo' }))).toEqual([])
    expect(await markLost(table, (await readTask(table, arnOf('t1'))) as TaskRecord, later(40))).toBe(false)
    const record = await stored(table)
    expect(record).not.toHaveProperty('isClosed')
    expect(record?.expiresAt).toBe(later(30).getTime() / 1000 + 400 * 86_400)
  })

  test('a later event counts', async () => {
    const table = await lost()
    expect(await write(table, stopped({ version: 9 }))).toBe('written')
    expect(await readTask(table, arnOf('t1'))).not.toHaveProperty('lost')
  })

  test('the same event again does not', async () => {
    const table = await lost()
    expect(await write(table, task({ version: 5 }))).toBe('same')
    expect(await readTask(table, arnOf('t1'))).toHaveProperty('lost')
  })

  test('a look that finds it does', async () => {
    const table = await lost()
    expect(await write(table, task({ version: 5 }), 'look')).toBe('written')
    expect(await idsOf(runningTasks(table, { cluster: 'demo' }))).toEqual(['t1'])
  })

  test('not when something was heard of it meanwhile', async () => {
    const table = memoryTable()
    await write(table, task({ version: 5 }))
    const record = (await readTask(table, arnOf('t1'))) as TaskRecord
    await write(table, task({ version: 6 }))
    expect(await markLost(table, record, later(30))).toBe(false)
  })
})

describe('how long a record is kept', () => {
  test.each([
    ['for ever while it runs', task(), undefined],
    ['400 days after it stopped', stopped({ stoppedAt: '2026-03-01T22:10:00.000Z' }), '2027-04-05T22:10:00.000Z'],
    ['400 days after it was heard, where ECS does not say when', { ...stopped(), stoppedAt: '' }, undefined],
  ])('%s', async (_, of, until) => {
    const table = memoryTable()
    const { stoppedAt, ...rest } = of
    await write(table, stoppedAt ? of : rest)
    const record = await stored(table)
    if (of.lastStatus === 'RUNNING') expect(record).not.toHaveProperty('expiresAt')
    else expect(record?.expiresAt).toBe(until ? Date.parse(until) / 1000 : Date.parse(at) / 1000 + 400 * 86_400)
  })
})

describe('size', () => {
  test.each([
    ['ten containers with reasons as long as a message', 10, 'x'.repeat(250_000)],
    ['of characters that take four bytes', 10, '😀'.repeat(60_000)],
    ['more containers than ECS has', 100, 'y'.repeat(10_000)],
  ])('%s', async (_, count, long) => {
    const table = memoryTable()
    const containers = Array.from({ length: count }, (_, nth) => ({
      ...container(`c${nth}`, 1, long),
      image: `registry.example/${'i'.repeat(400)}`,
    }))
    const tags = Object.fromEntries(
      Array.from({ length: 50 }, (_, nth) => [`k${nth}`.padEnd(128, 'k'), 'v'.repeat(256)]),
    )
    await write(table, stopped({ stopCode: 'EssentialContainerExited', stoppedReason: long, containers, tags }))
    const record = await stored(table)
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(200 * 1024)
    const { stoppedReason = '' } = record as unknown as TaskRecord
    expect(Buffer.byteLength(stoppedReason)).toBeLessThanOrEqual(4096)
    expect(stoppedReason).toMatch(/^(?:x+|y+|(?:😀)+)…$/u)
  })

  test('what fits is kept as it is', async () => {
    const table = memoryTable()
    const stoppedReason = 'ü'.repeat(2048)
    await write(table, stopped({ stoppedReason }))
    expect((await readTask(table, arnOf('t1')))?.stoppedReason).toBe(stoppedReason)
  })
})

test('a task of an older ARN, which names no cluster', async () => {
  const table = memoryTable()
  const arn = 'arn:aws:ecs:eu-central-1:123456789012:task/0b69d5c0-d655-4695-98cd-5d2d526d9d5a'
  await write(table, task({ arn }))
  expect(await readTask(table, arn)).toMatchObject({ arn, cluster: 'demo' })
})
