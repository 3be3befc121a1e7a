import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EcsTaskStateChange } from '../../events/ecs-task-state-change.ts'
import { memoryTable } from '../../local/memory-table.ts'
import type { Outcome } from '../../shared/outcome.ts'
import { RefusedError, RetryableError, type Table, type World } from '../../shared/ports.ts'
import type { Advance } from '../../shared/status/advance-each.ts'
import { recordTasks } from '../../shared/status/record-tasks.ts'
import { readTask } from '../../shared/status/task-record.ts'
import { config, job, service, task as taskTarget } from '../deploy/targets.ts'
import { simulatedWorld } from '../simulated-world.ts'
import { arnOf, taskEvent } from './tasks.ts'

const targets = config(service(), taskTarget(), job())

const done: Advance = async () => ({ kind: 'done', what: 'advanced' })

/** A table in memory, what is done to it, and the rollouts that were advanced. */
function recording({ advance = done, table = memoryTable() }: { advance?: Advance; table?: Table } = {}) {
  const advanced: string[] = []
  const log: World['log'] = { info() {}, warn() {}, error() {} }
  const world: World = { ...simulatedWorld().world, table, log }
  const noting: Advance = (target, of) => {
    advanced.push(target.name)
    return advance(target, of)
  }
  const run = (events: readonly EcsTaskStateChange[], hasTime = () => true) =>
    recordTasks(events, { config: targets, world, advance: noting, hasTime })
  return { run, advanced, table, versionOf: async (id: string) => (await readTask(table, arnOf(id)))?.version }
}

const copy = (id: string, version: number, detail = {}) =>
  taskEvent({ id, version }, { startedBy: 'fg/worker/k3v9qa01', ...detail })
const kinds = (outcomes: readonly Outcome[]) => outcomes.map(({ kind }) => kind)

describe('of a batch', () => {
  test('only the highest version of each task is written', async () => {
    const written: string[] = []
    const inner = memoryTable()
    const table: Table = {
      ...inner,
      put: (record, onlyIf) => {
        written.push(`${record.pk} ${record.version}`)
        return inner.put(record, onlyIf)
      },
    }
    const { run } = recording({ table })
    const events = [copy('a', 3), copy('b', 2), copy('a', 5), copy('a', 4), copy('b', 2), copy('a', 5)]
    expect(kinds(await run(events))).toEqual(Array(6).fill('done'))
    expect(written.sort()).toEqual(['TASK#demo/a 5', 'TASK#demo/b 2'])
  })

  test('each target is advanced once', async () => {
    const { run, advanced } = recording()
    const ofService = (id: string) => taskEvent({ id }, { group: 'service:web', startedBy: 'ecs-svc/48' })
    await run([copy('a', 3), copy('b', 3), copy('a', 4), ofService('c'), ofService('d'), taskEvent({ id: 'nobodys' })])
    expect(advanced.sort()).toEqual(['web', 'worker'])
  })

  test('at most ten writes are under way at a time', async () => {
    const inner = memoryTable()
    let [now, most] = [0, 0]
    const table: Table = {
      ...inner,
      async put(record, onlyIf) {
        most = Math.max(most, ++now)
        await new Promise(setImmediate)
        now--
        return inner.put(record, onlyIf)
      },
    }
    const { run } = recording({ table })
    await run(Array.from({ length: 60 }, (_, nth) => copy(`t${nth}`, 1)))
    expect(most).toBe(10)
  })
})

describe('what is not ours is skipped, and nothing of it kept', () => {
  test.each([
    ['EC2', { launchType: 'EC2' }, {}, 'not-fargate'],
    ['a launch type that is new', { launchType: 'MOON' }, {}, 'not-fargate'],
    ['nothing that says Fargate', { launchType: undefined }, {}, 'not-fargate'],
    ['a capacity provider of instances', { launchType: undefined, capacityProviderName: 'my-asg' }, {}, 'not-fargate'],
    ['another cluster', {}, { cluster: 'elsewhere' }, 'other-cluster'],
    ['a cluster whose name ends alike', {}, { cluster: 'my-demo' }, 'other-cluster'],
  ])('%s', async (_, detail, of, reason) => {
    const { run, table, advanced } = recording()
    const event = taskEvent({ id: 'x', ...of }, { startedBy: 'fg/worker/k3v9qa01', ...detail })
    expect(await run([event, copy('a', 1)])).toEqual([
      { kind: 'skipped', reason },
      expect.objectContaining({ kind: 'done' }),
    ])
    expect(await readTask(table, event.detail.taskArn)).toBeUndefined()
    expect(advanced).toEqual(['worker'])
  })

  test.each(['FARGATE', 'FARGATE_SPOT'])('but %s is, by its capacity provider alone', async capacityProviderName => {
    const { run, versionOf } = recording()
    await run([copy('a', 3, { launchType: undefined, capacityProviderName })])
    expect(await versionOf('a')).toBe(3)
  })
})

describe('a write that fails', () => {
  /** A table that fails each write of task `id`, once `version` is reached. */
  function failing(id: string, version: number, error: Error): Table {
    const inner = memoryTable()
    const put: Table['put'] = async (record, onlyIf) => {
      if (record.pk.endsWith(`/${id}`) && record.version >= version) throw error
      return inner.put(record, onlyIf)
    }
    return { ...inner, put }
  }

  test('comes back with all messages of its task, and no others', async () => {
    const { run, versionOf } = recording({ table: failing('a', 0, new RetryableError('dynamodb: throttled')) })
    const outcomes = await run([copy('a', 3), copy('b', 1), copy('a', 5), copy('a', 4)])
    expect(kinds(outcomes)).toEqual(['retryable', 'done', 'retryable', 'retryable'])
    expect(await versionOf('b')).toBe(1)
  })

  test('advances nothing that only it concerns', async () => {
    const { run, advanced } = recording({ table: failing('a', 0, new RetryableError('dynamodb: throttled')) })
    await run([copy('a', 3)])
    expect(advanced).toEqual([])
  })

  test('for good: goes aside, and an older version comes back to be tried by itself', async () => {
    const table = failing('a', 5, new RefusedError('ValidationException', 'Item size has exceeded'))
    const { run, versionOf } = recording({ table })
    const events = [copy('a', 4), copy('a', 5)]
    expect(kinds(await run(events))).toEqual(['retryable', 'permanent'])
    expect(kinds(await run(events.slice(0, 1)))).toEqual(['done'])
    expect(await versionOf('a')).toBe(4)
  })

  test('by a defect of ours: comes back, and is logged', async () => {
    const { run } = recording({ table: failing('a', 0, new TypeError('a defect')) })
    expect(await run([copy('a', 3)])).toMatchObject([
      { kind: 'retryable', detail: expect.stringContaining('a defect') },
    ])
  })

  test('because nothing can be read: comes back', async () => {
    const getMany = () => Promise.reject(new RetryableError('dynamodb: throttled'))
    const { run } = recording({ table: { ...memoryTable(), getMany } })
    // Only of tasks that end, what a look saw is read: it can't be seen again.
    const ends = { desiredStatus: 'STOPPED' }
    expect(kinds(await run([copy('a', 3, ends), copy('b', 3, ends)]))).toEqual(['retryable', 'retryable'])
    expect(kinds(await run([copy('a', 3), copy('b', 3)]))).toEqual(['done', 'done'])
  })
})

describe('advancing', () => {
  test('happens also when the event was nothing new: who wrote it may have died before', async () => {
    let isDead = true
    const advance: Advance = async () => {
      if (isDead) throw new Error('the function was ended here')
      return { kind: 'done', what: 'advanced' }
    }
    const { run, advanced, versionOf } = recording({ advance })
    expect(kinds(await run([copy('a', 3)]))).toEqual(['retryable'])
    expect(await versionOf('a')).toBe(3)
    isDead = false
    expect(kinds(await run([copy('a', 3)]))).toEqual(['skipped'])
    expect(advanced).toEqual(['worker', 'worker'])
  })

  test.each([
    ['that is to be tried again', { kind: 'retryable', reason: 'aws-unavailable', detail: '' }, 'retryable'],
    ['that failed for good', { kind: 'permanent', reason: 'service-missing', detail: '' }, 'done'],
    ['with nothing to do', { kind: 'skipped', reason: 'nothing-under-way' }, 'done'],
  ] as const)('%s', async (_, outcome, expected) => {
    const { run } = recording({ advance: async () => outcome })
    const outcomes = await run([copy('a', 3), copy('a', 4), taskEvent({ id: 'nobodys' })])
    expect(kinds(outcomes)).toEqual([expected, expected, 'done'])
  })

  test('one target that fails keeps no other from its turn', async () => {
    const advance: Advance = async ({ name }) => {
      if (name === 'web') throw new Error('web is broken')
      return { kind: 'done', what: '' }
    }
    const { run, advanced } = recording({ advance })
    const ofService = taskEvent({ id: 's' }, { group: 'service:web' })
    expect(kinds(await run([ofService, copy('a', 1)]))).toEqual(['retryable', 'done'])
    expect(advanced).toContain('worker')
  })
})

test('when the time runs out, what was not begun comes back', async () => {
  const inner = memoryTable()
  let writes = 0
  const table: Table = {
    ...inner,
    put(record, onlyIf) {
      writes++
      return inner.put(record, onlyIf)
    },
  }
  const { run, advanced } = recording({ table })
  const events = Array.from({ length: 30 }, (_, nth) => copy(`t${nth}`, 1))
  const outcomes = await run(events, () => writes < 12)
  expect(writes).toBe(12)
  // Those that are on record come back too: their rollout was not advanced.
  expect(kinds(outcomes)).toEqual(Array(30).fill('retryable'))
  expect(advanced).toEqual([])
})

/** The lives of a few tasks, as ECS tells them: every version once, the last one STOPPED where the task ended. */
const lives = fc.array(
  fc.record({ versions: fc.integer({ min: 1, max: 9 }), hasEnded: fc.boolean(), isNobodys: fc.boolean() }),
  { minLength: 1, maxLength: 6 },
)

function eventsOf(life: { versions: number; hasEnded: boolean; isNobodys: boolean }, nth: number) {
  return Array.from({ length: life.versions }, (_, index) => {
    const version = index + 1
    const isEnd = life.hasEnded && version === life.versions
    const end = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'UserInitiated' }
    const detail = { ...(isEnd && end), ...(!life.isNobodys && { startedBy: 'fg/worker/k3v9qa01' }) }
    return taskEvent({ id: `t${nth}`, version }, detail)
  })
}

describe('in whatever order, however often and with whatever holes events come', () => {
  test('the record is of the highest version that came', async () => {
    const streams = lives.chain(all => {
      const events = all.flatMap(eventsOf)
      const doubled = fc.array(fc.constantFrom(...events), { minLength: 1, maxLength: 40 })
      return fc.tuple(
        fc.constant(all),
        doubled,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 40, maxLength: 40 }),
      )
    })
    await fc.assert(
      fc.asyncProperty(streams, async ([all, events, sizes]) => {
        const { run, table } = recording()
        const rest = [...events]
        for (const size of sizes) {
          const batch = rest.splice(0, size)
          if (batch.length > 0) for (const { kind } of await run(batch)) expect(['done', 'skipped']).toContain(kind)
        }
        for (const [nth, life] of all.entries()) {
          const came = events
            .filter(({ detail }) => detail.taskArn === arnOf(`t${nth}`))
            .map(({ detail }) => detail.version)
          const record = await readTask(table, arnOf(`t${nth}`))
          expect(record?.version).toBe(came.length > 0 ? Math.max(...came) : undefined)
          if (life.hasEnded && came.includes(life.versions)) expect(record?.lastStatus).toBe('STOPPED')
        }
      }),
      { numRuns: 200 },
    )
  })

  test('two functions at once end at the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1 }),
        fc.scheduler(),
        async (versions, s) => {
          const inner = memoryTable()
          const put = s.scheduleFunction(inner.put)
          const getMany = s.scheduleFunction(inner.getMany)
          const { run, versionOf } = recording({ table: { ...inner, put, getMany } })
          const all = Promise.all(versions.map(version => run([copy('a', version)])))
          await s.waitFor(all)
          expect(await versionOf('a')).toBe(Math.max(...versions))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a thousand events of a hundred tasks, in batches', async () => {
    const { run, table } = recording()
    const all = Array.from({ length: 100 }, (_, nth) =>
      eventsOf({ versions: 10, hasEnded: nth % 2 === 0, isNobodys: nth % 3 === 0 }, nth),
    ).flat()
    const shuffled = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), { numRuns: 1, seed: 7 })[0] ?? []
    expect(shuffled).toHaveLength(1000)
    for (let from = 0; from < shuffled.length; from += 100) await run(shuffled.slice(from, from + 100))
    for (let nth = 0; nth < 100; nth++) {
      const lastStatus = nth % 2 === 0 ? 'STOPPED' : 'RUNNING'
      expect(await readTask(table, arnOf(`t${nth}`))).toMatchObject({ version: 10, lastStatus })
    }
  })
})
