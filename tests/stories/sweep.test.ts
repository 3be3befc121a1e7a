/** What events miss, the sweep finds: through the whole control plane. */
import { describe, expect, test } from 'vitest'
import type { GuardWorld, StoredRecord } from '../../shared/ports.ts'
import { readTask, readTasks } from '../../shared/status/task-record.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { listDeployments } from '../simulated-world.ts'
import { deployed, minute } from './control-plane.ts'

/** The world with its table's writes counted. */
function countingPuts() {
  const puts: StoredRecord[] = []
  const world = (of: GuardWorld): GuardWorld => ({
    ...of,
    table: {
      ...of.table,
      put(record, onlyIf) {
        puts.push(record)
        return of.table.put(record, onlyIf)
      },
    },
  })
  return { puts, world }
}

/** Operations that change something of the account. */
const changes = /^ecs:(Run|Stop|Update|Register|Create|Delete|Deregister|Tag)|^sqs:SendMessage$/

describe('with every event of ECR lost', () => {
  test('each target runs what its policy takes of what the repository holds', async () => {
    const { clock, push, bus, imagesThatRun, table } = await deployed()
    bus.misbehave({ drop: 1 })
    push('acme/web', '1.0.0')
    const web = push('acme/web', '1.2.0')
    push('acme/web', '1.1.0')
    push('acme/web', '2.0.0')
    const worker = push('acme/worker', 'live')
    push('acme/nightly', 'n1')
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/web')).toEqual([web])
    expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
    expect((await listDeployments(table, 'nightly', 5)).map(({ image, state }) => `${image.tag} ${state}`)).toEqual([
      'n1 succeeded',
    ])
    for (const name of ['web', 'worker'])
      expect(await listDeployments(table, name, 5)).toMatchObject([{ state: 'succeeded' }])
  })

  test('a tag that moves there and back ends where it is', async () => {
    const { clock, push, bus, imagesThatRun, table } = await deployed()
    const first = push('acme/worker', 'live', { content: 'a' })
    await clock.advance(10 * minute)
    bus.misbehave({ drop: 1 })
    push('acme/worker', 'live', { content: 'b' })
    await clock.advance(minute)
    push('acme/worker', 'live', { content: 'a' })
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([first, first])
    expect(await listDeployments(table, 'worker', 5)).toHaveLength(1)
    const second = push('acme/worker', 'live', { content: 'b' })
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([second, second])
    push('acme/worker', 'live', { content: 'a' })
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([first, first])
  })

  test('a bad image fails all the same, and the next best one runs', async () => {
    const { clock, push, bus, imagesThatRun, target } = await deployed()
    bus.misbehave({ drop: 1 })
    const good = push('acme/web', '1.0.0')
    push('acme/web', '1.1.0', { 'local.behaviour': 'exits 1 after 5s' })
    await clock.advance(60 * minute)
    expect((await target('web')).head?.quarantine).toHaveLength(1)
    expect(imagesThatRun('acme/web')).toEqual([good])
  })
})

test('a quiet account is left as it is: the second sweep writes nothing and changes nothing', async () => {
  const { puts, world } = countingPuts()
  const { clock, push, sweep, account } = await deployed({ world })
  push('acme/web', '1.0.0')
  push('acme/worker', 'live')
  push('acme/nightly', 'n1')
  await clock.advance(30 * minute)
  await sweep()
  puts.length = 0
  const calls: string[] = []
  account.onCall(({ name }) => calls.push(name))
  expect(await sweep()).toEqual({ repaired: [], failed: [], left: [] })
  expect(puts).toEqual([])
  expect(calls.filter(name => changes.test(name))).toEqual([])
  expect(calls.filter(name => name === 'ecr:DescribeImages')).toHaveLength(3)
})

describe('copies', () => {
  test('that ended are started again, and no more than that', async () => {
    const { clock, push, ecs, imagesThatRun, table } = await deployed()
    const digest = push('acme/worker', 'live')
    await clock.advance(20 * minute)
    const [copy] = ecs
      .tasks()
      .filter(({ startedBy, lastStatus }) => startedBy?.startsWith('fg/worker/') && lastStatus === 'RUNNING')
    ecs.fail(copy?.taskArn ?? '', { exitCode: 1 })
    await clock.advance(2 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([digest])
    await clock.advance(12 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([digest, digest])
    await clock.advance(60 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([digest, digest])
    expect(await listDeployments(table, 'worker', 5)).toMatchObject([{ state: 'succeeded', number: 1 }])
  })

  test('that crash all the time leave a record of bounded size', async () => {
    const { clock, push, ecs, table } = await deployed()
    push('acme/worker', 'live')
    await clock.advance(10 * minute)
    for (let times = 0; times < 14; times++) {
      for (const { taskArn, startedBy, lastStatus } of ecs.tasks())
        if (startedBy?.startsWith('fg/worker/') && lastStatus === 'RUNNING') ecs.fail(taskArn ?? '', { exitCode: 1 })
      await clock.advance(15 * minute)
    }
    const [newest] = await listDeployments(table, 'worker', 1)
    expect(newest?.attempts.length).toBeLessThan(20)
    expect(newest?.gone?.length ?? 0).toBeLessThan(40)
  })
})

describe('tasks', () => {
  test('whose events were lost are on record as ECS has them; those that ECS forgot are lost, and a later event still counts', async () => {
    const { clock, push, bus, ecs, table } = await deployed()
    push('acme/web', '1.0.0')
    await clock.advance(10 * minute)
    const running = ecs.tasks().find(({ lastStatus, group }) => lastStatus === 'RUNNING' && group === 'service:web')
    const arn = running?.taskArn ?? ''
    bus.misbehave({ drop: 1 })
    push('acme/nightly', 'n1')
    await clock.advance(12 * minute)
    const arns = ecs.tasks().map(({ taskArn }) => taskArn ?? '')
    const records = await readTasks(table, arns)
    expect(records.map(({ arn: of }) => of).sort()).toEqual([...arns].sort())
    for (const task of ecs.tasks())
      expect(records.find(({ arn: of }) => of === task.taskArn)).toMatchObject({
        version: task.version,
        lastStatus: task.lastStatus,
      })
    expect(await readTask(table, arn)).toMatchObject({ lastStatus: 'RUNNING' })
  })

  test('that nobody saw end, and that ECS has forgotten, are lost and said so', async () => {
    let isDown = false
    const { clock, push, bus, ecs, table, sweep } = await deployed({
      world: of => ({
        ...of,
        fleet: {
          ...of.fleet,
          describeTasks: (cluster, arns) =>
            isDown ? Promise.reject(new Error('down')) : of.fleet.describeTasks(cluster, arns),
        },
      }),
    })
    push('acme/web', '1.0.0')
    await clock.advance(10 * minute)
    const arn =
      ecs.tasks().find(({ lastStatus, group }) => lastStatus === 'RUNNING' && group === 'service:web')?.taskArn ?? ''
    bus.misbehave({ drop: 1 })
    isDown = true
    ecs.fail(arn, { exitCode: 1 })
    await clock.advance(80 * minute)
    isDown = false
    const report = await sweep()
    expect(report.repaired.join('\n')).toContain('lost')
    expect(await readTask(table, arn)).toMatchObject({ lastStatus: 'RUNNING', lost: { at: expect.any(String) } })
    expect((await sweep()).repaired.join('\n')).not.toContain('lost')
  })
})

test('what one sweep has no time for, the next begins with', async () => {
  const { clock, push, config, world, imagesThatRun, stop, bus } = await deployed()
  bus.misbehave({ drop: 1 })
  stop()
  const web = push('acme/web', '1.0.0')
  const worker = push('acme/worker', 'live')
  const seen: string[][] = []
  for (let run = 0; run < 12; run++) {
    let begun = 0
    seen.push((await sweep(config, world, () => begun++ < 2)).left)
    await clock.advance(5 * minute)
  }
  expect(seen[0]).toHaveLength(5)
  expect(imagesThatRun('acme/web')).toEqual([web])
  expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
})
