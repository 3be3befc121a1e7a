/** Whatever AWS does to events, reads and calls, the control plane ends in the same place. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import { readTasks } from '../../shared/status/task-record.ts'
import { listDeployments } from '../simulated-world.ts'
import { deployed, minute } from './control-plane.ts'

const bad = { 'local.behaviour': 'exits 1 after 5s' }

test.each([1, 2, 3])('events doubled, delayed and with holes (seed %i)', { timeout: 60_000 }, async seed => {
  const { clock, push, bus, imagesThatRun, table, ecs, target } = await deployed({ seed })
  bus.misbehave({ double: 0.3, delay: 0.5, upToMs: 4 * minute, drop: 0.3 })
  const web = push('acme/web', '1.0.0')
  const worker = push('acme/worker', 'live')
  push('acme/nightly', 'n1')
  await clock.advance(25 * minute)
  push('acme/worker', 'live', bad)
  push('acme/web', '1.1.0', bad)
  push('acme/nightly', 'n2', { 'local.behaviour': 'exits 2 after 5s' })
  await clock.advance(60 * minute)
  expect(imagesThatRun('acme/web')).toEqual([web])
  expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
  for (const name of ['web', 'worker'])
    expect((await target(name)).newest, name).toMatchObject({ number: 2, state: 'rolled-back' })
  expect((await target('nightly')).newest).toMatchObject({ number: 2, state: 'failed' })
  const tasks = ecs.tasks()
  const records = await readTasks(
    table,
    tasks.map(({ taskArn }) => taskArn ?? ''),
  )
  for (const task of tasks) {
    const record = records.find(({ arn }) => arn === task.taskArn)
    expect(record, `${task.group} ${task.lastStatus}`).toMatchObject({
      version: task.version,
      lastStatus: task.lastStatus,
    })
  }
})

describe('reads that lag five minutes', () => {
  test('make a rollout slower, and start nothing twice', async () => {
    const { clock, push, ecs, imagesThatRun, table } = await deployed()
    ecs.lagReads(5 * minute)
    push('acme/worker', 'live')
    await clock.advance(12 * minute)
    const second = push('acme/worker', 'live', { content: 'second' })
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([second, second])
    expect((await listDeployments(table, 'worker', 5)).map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
    expect(ecs.tasks().filter(({ startedBy }) => startedBy?.startsWith('fg/worker/'))).toHaveLength(4)
  })

  test('keep a bad image from nothing but its time', async () => {
    const { clock, push, ecs, imagesThatRun, target } = await deployed()
    const good = push('acme/worker', 'live')
    await clock.advance(5 * minute)
    ecs.lagReads(5 * minute)
    push('acme/worker', 'live', bad)
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([good, good])
    expect((await target('worker')).newest).toMatchObject({
      state: 'rolled-back',
      ended: { reason: 'application-exit' },
    })
  })

  test('let a job run once', async () => {
    const { clock, push, ecs, target } = await deployed()
    ecs.lagReads(5 * minute)
    push('acme/nightly', 'n1')
    await clock.advance(30 * minute)
    expect((await target('nightly')).newest).toMatchObject({ state: 'succeeded' })
    expect(ecs.tasks().filter(({ startedBy }) => startedBy?.startsWith('fg/nightly/')).length).toBeLessThanOrEqual(1)
  })
})

test('a control plane that throttles at every turn', async () => {
  const { clock, push, account, imagesThatRun, target } = await deployed()
  const good = push('acme/worker', 'live')
  await clock.advance(5 * minute)
  const throttled = { when: 'before' as const, error: new AwsError('ThrottlingException', 'Rate exceeded') }
  const late = { when: 'after' as const, error: new AwsError('ServerException', 'Try again', { status: 500 }) }
  for (const name of ['DescribeTasks', 'RunTask', 'StopTask', 'ListTasks', 'DescribeClusters'] as const)
    account.failNext(`ecs:${name}`, throttled, late, throttled, late)
  push('acme/worker', 'live', bad)
  await clock.advance(30 * minute)
  expect(imagesThatRun('acme/worker')).toEqual([good, good])
  expect((await target('worker')).newest).toMatchObject({ number: 2, state: 'rolled-back' })
})
