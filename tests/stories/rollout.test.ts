/** Rollouts that finish or roll back, through the whole control plane. */
import { describe, expect, test } from 'vitest'
import type { Config, Target } from '../../shared/config/config.ts'
import { why } from '../../shared/deploy/why.ts'
import { readTasks } from '../../shared/status/task-record.ts'
import { listDeployments } from '../simulated-world.ts'
import { deployed, minute } from './control-plane.ts'

const bad = { 'local.behaviour': 'exits 1 after 5s' }
const changing =
  (name: string, change: (target: Target) => Target) =>
  (config: Config): Config => ({
    ...config,
    targets: config.targets.map(target => (target.name === name ? change(target) : target)),
  })

describe('a bad image', () => {
  test('of a task target fails, its copies are stopped, the good ones run on, and it stays away', async () => {
    const { clock, push, imagesThatRun, target, table } = await deployed()
    const good = push('acme/worker', 'live')
    await clock.advance(4 * minute)
    const worse = push('acme/worker', 'live', bad)
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([good, good])
    const { head, newest } = await target('worker')
    expect(newest).toMatchObject({
      state: 'rolled-back',
      ended: { reason: 'application-exit', quarantines: true },
      undone: { by: 'farguard', to: 1 },
    })
    expect(head?.quarantine).toMatchObject([{ digest: worse }])
    await clock.advance(30 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([good, good])
    expect(await listDeployments(table, 'worker', 10)).toHaveLength(2)
    const [story] = await why({ repository: 'acme/worker', digest: worse }, 5, table)
    expect(story?.since.map(({ what }) => what).join('\n')).toMatch(/failed: application-exit: .*\n.*rolled back/)
  })

  test.each([
    { label: 'exits 1 after 5s', reason: 'application-exit', quarantined: true },
    { label: 'out-of-memory after 5s', reason: 'out-of-memory', quarantined: true },
    { label: 'fails-to-start', reason: 'image-not-pulled', quarantined: true },
    { label: 'fails-to-start secrets', reason: 'surroundings', quarantined: false },
    { label: 'fails-to-start network', reason: 'surroundings', quarantined: false },
  ])('$label: $reason', async ({ label, reason, quarantined }) => {
    const { clock, push, imagesThatRun, target } = await deployed()
    const good = push('acme/worker', 'live')
    await clock.advance(4 * minute)
    push('acme/worker', 'live', { 'local.behaviour': label })
    await clock.advance(20 * minute)
    const { head, newest } = await target('worker')
    expect(newest).toMatchObject({ number: 2, state: 'rolled-back', ended: { reason } })
    expect(head?.quarantine).toHaveLength(quarantined ? 1 : 0)
    expect(imagesThatRun('acme/worker')).toEqual([good, good])
  })

  test('of a service that crashes again and again is taken back at our own deadline', async () => {
    const { clock, push, imagesThatRun, target, ecs } = await deployed()
    const good = push('acme/web', '1.0.0')
    await clock.advance(6 * minute)
    const before = ecs.services()[0]?.taskDefinition
    push('acme/web', '1.1.0', bad)
    await clock.advance(40 * minute)
    const { head, newest } = await target('web')
    expect(newest).toMatchObject({ state: 'rolled-back', ended: { reason: 'not-in-time' }, undone: { to: 1 } })
    expect(head?.quarantine).toHaveLength(1)
    expect(ecs.services()[0]?.taskDefinition).toBe(before)
    expect(imagesThatRun('acme/web')).toEqual([good])
  })

  test('of a service that ECS rolls back first is a failure, and is not rolled back twice', async () => {
    const { clock, push, imagesThatRun, target, account } = await deployed()
    await account.call(
      'ecs',
      'UpdateService',
      {
        cluster: 'demo',
        service: 'web',
        deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      },
      { accessKeyId: 'someone' },
    )
    const good = push('acme/web', '1.0.0')
    await clock.advance(6 * minute)
    const updates: unknown[] = []
    account.onCall(({ name, input }) => name === 'ecs:UpdateService' && updates.push(input))
    push('acme/web', '1.1.0', { 'local.behaviour': 'fails-to-start' })
    await clock.advance(14 * minute)
    const { newest, head } = await target('web')
    expect(newest).toMatchObject({
      state: 'rolled-back',
      ended: { reason: 'ecs-rolled-back' },
      undone: { by: 'ecs', to: 1 },
    })
    expect(head?.quarantine).toHaveLength(1)
    expect(updates).toHaveLength(1)
    expect(imagesThatRun('acme/web')).toEqual([good])
  })

  test('that is the first ever has nothing to go back to: it is stopped, and that is said', async () => {
    const { clock, push, imagesThatRun, target } = await deployed()
    push('acme/worker', 'live', bad)
    await clock.advance(10 * minute)
    expect((await target('worker')).newest).toMatchObject({
      state: 'failed',
      undone: { what: 'its copies were stopped; there is nothing to go back to' },
    })
    expect(imagesThatRun('acme/worker')).toEqual([])
  })

  test('of a service is answered with what it ran before Farguard came', async () => {
    const { clock, push, target, ecs } = await deployed()
    await clock.advance(2 * minute)
    const before = ecs.services()[0]?.taskDefinition
    push('acme/web', '1.1.0', bad)
    await clock.advance(40 * minute)
    expect((await target('web')).newest).toMatchObject({ state: 'rolled-back' })
    expect(ecs.services()[0]?.taskDefinition).toBe(before)
  })

  test('does not come back by a rollback either: a rollback never goes to another failed digest', async () => {
    const { clock, push, imagesThatRun, ask } = await deployed()
    const first = push('acme/worker', 'live')
    await clock.advance(4 * minute)
    push('acme/worker', 'live', bad)
    await clock.advance(6 * minute)
    const third = push('acme/worker', 'live', { third: 'yes' })
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([third, third])
    const outcome = await ask({ do: 'rollback', target: 'worker' })
    expect(outcome).toMatchObject({ state: 'done', deployments: [{ target: 'worker', number: 4 }] })
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([first, first])
    await clock.advance(30 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([first, first])
  })
})

describe('a job', () => {
  test.each([
    { label: 'exits 0 after 20s', state: 'succeeded' },
    { label: 'exits 3 after 20s', state: 'failed', reason: 'application-exit' },
    { label: 'out-of-memory after 20s', state: 'failed', reason: 'out-of-memory' },
    { label: 'hangs', state: 'failed', reason: 'timed-out' },
  ])('that $label: $state', async ({ label, state, reason }) => {
    const quick = changing('nightly', target =>
      target.run.kind === 'job' ? { ...target, run: { ...target.run, timeoutMs: 10 * minute } } : target,
    )
    const { clock, push, target, ecs } = await deployed({ config: quick })
    push('acme/nightly', 'n1', { 'local.behaviour': label })
    await clock.advance(20 * minute)
    expect((await target('nightly')).newest).toMatchObject({ state, ...(reason && { ended: { reason } }) })
    expect(ecs.tasks().filter(task => task.lastStatus === 'RUNNING' && task.group === 'family:nightly')).toEqual([])
  })

  test('is never killed by a newer push, which waits; of several that wait the newest goes, once', async () => {
    const { clock, push, ecs, table } = await deployed()
    push('acme/nightly', 'n1', { 'local.behaviour': 'exits 0 after 10m' })
    await clock.advance(minute)
    for (const tag of ['n2', 'n3', 'n4']) {
      push('acme/nightly', tag)
      await clock.advance(5_000)
    }
    await clock.advance(2 * minute)
    const jobs = () => ecs.tasks().filter(task => task.group === 'family:nightly')
    expect(jobs()).toMatchObject([{ lastStatus: 'RUNNING' }])
    await clock.advance(15 * minute)
    expect(jobs().map(task => task.containers?.[0]?.exitCode)).toEqual([0, 0])
    const states = (await listDeployments(table, 'nightly', 10)).map(({ image, state }) => `${image.tag} ${state}`)
    expect(states).toEqual(['n4 succeeded', 'n3 superseded', 'n2 superseded', 'n1 succeeded'])
  })

  test('that a person stops is stopped, not failed, and does not run again by itself', async () => {
    const { clock, push, ecs, target, account } = await deployed()
    push('acme/nightly', 'n1', { 'local.behaviour': 'hangs' })
    await clock.advance(minute)
    const task = ecs.tasks().find(({ group }) => group === 'family:nightly')
    await account.call(
      'ecs',
      'StopTask',
      { cluster: 'demo', task: task?.taskArn, reason: 'not now' },
      { accessKeyId: 'ada' },
    )
    await clock.advance(30 * minute)
    const { newest, head } = await target('nightly')
    expect(newest).toMatchObject({ number: 1, state: 'stopped' })
    expect(head?.quarantine).toEqual([])
    expect(ecs.tasks().filter(({ group }) => group === 'family:nightly').length).toBeLessThanOrEqual(1)
  })

  test('that Spot interrupts is started again', async () => {
    const spot = changing('nightly', target =>
      target.run.kind === 'job' ? { ...target, run: { ...target.run, capacity: 'spot' } } : target,
    )
    const { clock, push, ecs, target } = await deployed({ config: spot })
    push('acme/nightly', 'n1', { 'local.behaviour': 'exits 0 after 4m' })
    await clock.advance(90_000)
    const task = ecs.tasks().find(({ group }) => group === 'family:nightly')
    ecs.interrupt(task?.taskArn ?? '')
    await clock.advance(20 * minute)
    expect((await target('nightly')).newest).toMatchObject({
      number: 1,
      state: 'succeeded',
      gone: [{ isNobodysFault: false }],
    })
  })
})

describe('a before task', () => {
  const migrating = changing('worker', target => ({
    ...target,
    before: { command: ['migrate'], timeoutMs: 10 * minute },
  }))

  test('runs first, and the copies start after it has exited with 0', async () => {
    const { clock, push, ecs, target, imagesThatRun } = await deployed({ config: migrating })
    const digest = push('acme/worker', 'live')
    await clock.advance(20_000)
    expect(ecs.tasks().filter(({ startedBy }) => startedBy?.startsWith('fg/'))).toHaveLength(1)
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([digest, digest])
    const { newest } = await target('worker')
    expect(newest).toMatchObject({ state: 'succeeded', attempts: [{ purpose: 'before' }, {}] })
    const before = ecs.tasks().find(task => task.taskArn === newest?.attempts[0]?.outcome?.tasks?.[0])
    expect(before?.overrides?.containerOverrides).toMatchObject([{ command: ['migrate'] }])
  })

  test('that fails keeps everything as it was, and quarantines the image', async () => {
    const { clock, push, imagesThatRun, target } = await deployed({ config: migrating })
    const good = push('acme/worker', 'live')
    await clock.advance(6 * minute)
    push('acme/worker', 'live', { 'local.before': 'exits 1' })
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([good, good])
    const { newest, head } = await target('worker')
    expect(newest).toMatchObject({ state: 'failed', ended: { reason: 'application-exit' } })
    expect(newest?.attempts).toHaveLength(1)
    expect(head?.quarantine).toHaveLength(1)
  })

  test('of a service runs in its network before the service is touched', async () => {
    const service = changing('web', target => ({ ...target, before: { command: ['migrate'], timeoutMs: 10 * minute } }))
    const { clock, push, imagesThatRun, target } = await deployed({ config: service })
    const digest = push('acme/web', '1.0.0')
    await clock.advance(10 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
    expect((await target('web')).newest).toMatchObject({ state: 'succeeded', preparedAt: expect.any(String) })
  })

  test('is not killed by a newer push, which waits for it and then goes instead', async () => {
    const { clock, push, imagesThatRun, table, ecs } = await deployed({ config: migrating })
    push('acme/worker', 'live', { 'local.before': 'exits 0 after 5m' })
    await clock.advance(minute)
    const newer = push('acme/worker', 'live', { newer: 'yes' })
    await clock.advance(2 * minute)
    expect(
      ecs
        .tasks()
        .filter(({ lastStatus }) => lastStatus === 'RUNNING')
        .filter(({ startedBy }) => startedBy?.startsWith('fg/')),
    ).toHaveLength(1)
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([newer, newer])
    expect((await listDeployments(table, 'worker', 5)).map(({ state }) => state)).toEqual(['succeeded', 'superseded'])
  })
})

describe('overtaking', () => {
  test('three pushes within a second end on the newest, and nothing of the others runs on', async () => {
    const { clock, push, imagesThatRun, table } = await deployed()
    await clock.advance(minute)
    for (const tag of ['1.0.0', '1.1.0', '1.2.0']) push('acme/web', tag)
    for (const content of ['a', 'b', 'c']) push('acme/worker', 'live', { content })
    const web = push('acme/web', '1.3.0')
    const worker = push('acme/worker', 'live', { content: 'd' })
    await clock.advance(15 * minute)
    expect(imagesThatRun('acme/web')).toEqual([web])
    expect(imagesThatRun('acme/worker')).toEqual([worker, worker])
    for (const name of ['web', 'worker']) {
      const [newest, ...others] = await listDeployments(table, name, 10)
      expect(newest?.state).toBe('succeeded')
      expect(others.every(({ state }) => state === 'superseded')).toBe(true)
    }
  })

  test('a rollout under way is superseded, and its copies are stopped; the older ones run until the newest has succeeded', async () => {
    const { clock, push, imagesThatRun, table } = await deployed()
    const first = push('acme/worker', 'live')
    await clock.advance(4 * minute)
    const second = push('acme/worker', 'live', { content: 'second' })
    await clock.advance(35_000)
    expect(imagesThatRun('acme/worker')).toEqual([first, first, second, second])
    const third = push('acme/worker', 'live', { content: 'third' })
    await clock.advance(10 * minute)
    expect(imagesThatRun('acme/worker')).toEqual([third, third])
    expect((await listDeployments(table, 'worker', 5)).map(({ state }) => state)).toEqual([
      'succeeded',
      'superseded',
      'succeeded',
    ])
  })
})

test('the status of every task is on record, with why it stopped', async () => {
  const { clock, push, ecs, table } = await deployed()
  push('acme/nightly', 'n1', { 'local.behaviour': 'exits 3 after 20s' })
  push('acme/web', '1.0.0')
  await clock.advance(5 * minute)
  const tasks = ecs.tasks()
  const records = await readTasks(
    table,
    tasks.map(({ taskArn }) => taskArn ?? ''),
  )
  expect(records).toHaveLength(tasks.length)
  for (const task of tasks) {
    const record = records.find(({ arn }) => arn === task.taskArn)
    expect(record).toMatchObject({ version: task.version, lastStatus: task.lastStatus })
  }
  expect(records.find(({ group }) => group === 'family:nightly')).toMatchObject({
    target: 'nightly',
    stopped: { kind: 'application-error', exitCode: 3 },
  })
})
