/** What holds a deployment back, and what goes when it opens: through the whole control plane. */
import { describe, expect, test } from 'vitest'
import type { Config, Gates } from '../../shared/config/config.ts'
import { why } from '../../shared/deploy/why.ts'
import { listDeployments } from '../simulated-world.ts'
import { deployed, minute } from './control-plane.ts'

const gated =
  (gates: Partial<Gates>) =>
  (config: Config): Config => ({
    ...config,
    targets: config.targets.map(target =>
      target.name === 'web' ? { ...target, gates: { ...target.gates, ...gates } } : target,
    ),
  })

const weekend = {
  label: 'Fri 16:00 - Mon 08:00 Europe/Berlin',
  timeZone: 'Europe/Berlin',
  kind: 'weekly' as const,
  from: { day: 5, minute: 16 * 60 },
  to: { day: 1, minute: 8 * 60 },
}

describe('a freeze window', () => {
  test('holds what is pushed in it; when it ends the newest goes, once', async () => {
    // 2026-03-01 is a Sunday; the window ends on Monday at 07:00 UTC.
    const { clock, push, imagesThatRun, table, target } = await deployed({ config: gated({ freeze: [weekend] }) })
    push('acme/web', '1.0.0')
    await clock.advance(minute)
    const newest = push('acme/web', '1.2.0')
    push('acme/web', '1.1.0')
    await clock.advance(60 * minute)
    const { gate, head } = await target('web')
    expect(head).toBeUndefined()
    expect(gate?.parked).toMatchObject({ image: { tag: '1.2.0' }, reason: 'frozen', until: '2026-03-02T07:00:00.000Z' })
    const [story] = await why({ repository: 'acme/web', tag: '1.2.0' }, 5, table)
    expect(story).toMatchObject({ verdict: 'hold', reason: 'frozen' })
    await clock.advanceTo(Date.parse('2026-03-02T06:59:00Z'))
    expect(imagesThatRun('acme/web')).toEqual([])
    await clock.advance(12 * minute)
    expect(imagesThatRun('acme/web')).toEqual([newest])
    expect(await listDeployments(table, 'web', 5)).toMatchObject([{ image: { tag: '1.2.0' }, state: 'succeeded' }])
    expect((await target('web')).gate?.parked).toBeUndefined()
  })

  test('is no obstacle to what an operator deploys by name', async () => {
    const { clock, push, imagesThatRun, ask } = await deployed({ config: gated({ freeze: [weekend] }) })
    const digest = push('acme/web', '1.0.0')
    await clock.advance(minute)
    expect(await ask({ do: 'deploy', repository: 'acme/web', tag: '1.0.0' })).toMatchObject({
      state: 'done',
      deployments: [{ target: 'web', number: 1 }],
    })
    await clock.advance(5 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
  })
})

test('a minimum age holds an image until it has it, to the minute', async () => {
  const { clock, push, imagesThatRun } = await deployed({ config: gated({ minimumAgeMs: 10 * minute }) })
  const digest = push('acme/web', '1.0.0')
  await clock.advance(9.5 * minute)
  expect(imagesThatRun('acme/web')).toEqual([])
  await clock.advance(2 * minute)
  expect(imagesThatRun('acme/web')).toEqual([digest])
})

describe('a scan', () => {
  const scan = { severity: 'HIGH' as const, withinMs: 15 * minute, otherwise: 'hold' as const }

  test.each([
    { case: 'that finds nothing lets it through', labels: {}, runs: true },
    { case: 'that comes later lets it through then', labels: { 'local.scan': 'after 4m' }, runs: true },
    { case: 'with findings below the severity lets it through', labels: { 'local.findings': 'MEDIUM=7' }, runs: true },
    {
      case: 'with findings holds it',
      labels: { 'local.findings': 'CRITICAL=1' },
      runs: false,
      reason: 'scan-findings',
    },
    { case: 'that fails holds it', labels: { 'local.scan': 'fails' }, runs: false, reason: 'scan-missing' },
  ])('$case', async ({ labels, runs, reason }) => {
    const { clock, push, imagesThatRun, target } = await deployed({ config: gated({ scan }) })
    const digest = push('acme/web', '1.0.0', labels as unknown as Record<string, string>)
    await clock.advance(25 * minute)
    expect(imagesThatRun('acme/web')).toEqual(runs ? [digest] : [])
    const { gate } = await target('web')
    if (reason) expect(gate?.parked).toMatchObject({ reason })
    else expect(gate?.parked).toBeUndefined()
  })

  test('that never comes is waited for until its deadline, and then it deploys if that is asked for', async () => {
    const lenient = { ...scan, otherwise: 'deploy' as const }
    const { clock, push, imagesThatRun } = await deployed({ config: gated({ scan: lenient }) })
    const digest = push('acme/web', '1.0.0', { 'local.scan': 'after 10h' })
    await clock.advance(14 * minute)
    expect(imagesThatRun('acme/web')).toEqual([])
    await clock.advance(6 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
  })
})

describe('operators', () => {
  test('approve what goes', async () => {
    const { clock, push, imagesThatRun, ask } = await deployed({ config: gated({ needsApproval: true }) })
    const first = push('acme/web', '1.0.0')
    await clock.advance(10 * minute)
    expect(imagesThatRun('acme/web')).toEqual([])
    expect(await ask({ do: 'approve', target: 'web', tag: '1.0.0' })).toMatchObject({
      state: 'done',
      deployments: [{ number: 1 }],
    })
    await clock.advance(5 * minute)
    expect(imagesThatRun('acme/web')).toEqual([first])
    push('acme/web', '1.1.0')
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/web')).toEqual([first])
  })

  test('hold a target, and release it: the newest goes', async () => {
    const { clock, push, imagesThatRun, ask } = await deployed()
    const first = push('acme/web', '1.0.0')
    await clock.advance(5 * minute)
    await ask({ do: 'hold', target: 'web', because: 'an incident' })
    push('acme/web', '1.1.0')
    const newest = push('acme/web', '1.2.0')
    await clock.advance(20 * minute)
    expect(imagesThatRun('acme/web')).toEqual([first])
    expect(await ask({ do: 'release', target: 'web' })).toMatchObject({ state: 'done', deployments: [{ number: 2 }] })
    await clock.advance(5 * minute)
    expect(imagesThatRun('acme/web')).toEqual([newest])
  })

  test('roll back; only what is newer than what they left goes on', async () => {
    const { clock, push, imagesThatRun, ask } = await deployed()
    const first = push('acme/web', '1.0.0')
    await clock.advance(5 * minute)
    push('acme/web', '1.1.0')
    await clock.advance(5 * minute)
    push('acme/web', '1.2.0')
    await clock.advance(5 * minute)
    expect(await ask({ do: 'rollback', target: 'web', to: '1.0.0' })).toMatchObject({
      state: 'done',
      deployments: [{ number: 4 }],
    })
    await clock.advance(30 * minute)
    expect(imagesThatRun('acme/web')).toEqual([first])
    const newer = push('acme/web', '1.2.1')
    await clock.advance(5 * minute)
    expect(imagesThatRun('acme/web')).toEqual([newer])
  })

  test('deploy anew what runs already', async () => {
    const { clock, push, imagesThatRun, ask, ecs } = await deployed()
    const digest = push('acme/web', '1.0.0')
    await clock.advance(5 * minute)
    const before = ecs
      .tasks()
      .filter(({ lastStatus }) => lastStatus === 'RUNNING')
      .map(({ taskArn }) => taskArn)
    await ask({ do: 'deploy', repository: 'acme/web', tag: '1.0.0' })
    await clock.advance(6 * minute)
    const after = ecs.tasks().filter(({ lastStatus, group }) => lastStatus === 'RUNNING' && group === 'service:web')
    expect(imagesThatRun('acme/web')).toEqual([digest])
    expect(after.map(({ taskArn }) => taskArn)).not.toEqual(before)
  })

  test('are refused what can not be, with the reason', async () => {
    const { clock, push, ask, target } = await deployed()
    const refusals = [
      await ask({ do: 'rollback', target: 'web' }),
      await ask({ do: 'rollback', target: 'nothing' }),
      await ask({ do: 'deploy', repository: 'acme/web', tag: 'never' }),
      await ask({ do: 'deploy', repository: 'acme/unknown', tag: '1' }),
      await ask({ do: 'approve', target: 'web', tag: 'never' }),
      await ask({ do: 'stop-task', cluster: 'other', task: 'x' }),
      await ask({ do: 'stop-service', cluster: 'demo', service: 'none' }),
    ]
    expect(refusals.map(({ state, reason }) => `${state} ${reason}`)).toEqual([
      'refused nothing-to-go-back-to',
      'refused no-such-target',
      'refused image-gone',
      'refused no-such-target',
      'refused image-gone',
      'refused cluster-not-ours',
      'refused no-such-service',
    ])
    push('acme/worker', 'live', { 'local.behaviour': 'exits 1 after 5s' })
    await clock.advance(6 * minute)
    expect((await target('worker')).head?.quarantine).toHaveLength(1)
    expect(await ask({ do: 'deploy', repository: 'acme/worker', tag: 'live' })).toMatchObject({ state: 'refused' })
    expect(await ask({ do: 'release', target: 'worker' })).toMatchObject({
      state: 'done',
      deployments: [{ number: 2 }],
    })
  })

  test('stop a service, and it stays at zero; a push to it is verified when it wakes', async () => {
    const { clock, push, ask, ecs, target, account, imagesThatRun } = await deployed()
    push('acme/web', '1.0.0')
    await clock.advance(5 * minute)
    expect(await ask({ do: 'stop-service', cluster: 'demo', service: 'web' })).toMatchObject({ state: 'done' })
    await clock.advance(5 * minute)
    expect(ecs.services()[0]).toMatchObject({ desiredCount: 0, runningCount: 0 })
    const digest = push('acme/web', '1.1.0')
    await clock.advance(60 * minute)
    expect((await target('web')).newest).toMatchObject({ state: 'started', isParked: true })
    expect(ecs.services()[0]).toMatchObject({ desiredCount: 0 })
    await account.call(
      'ecs',
      'UpdateService',
      { cluster: 'demo', service: 'web', desiredCount: 1 },
      { accessKeyId: 'ada' },
    )
    await clock.advance(12 * minute)
    expect(imagesThatRun('acme/web')).toEqual([digest])
    expect((await target('web')).newest).toMatchObject({ state: 'succeeded' })
  })
})

describe('an image in use', () => {
  test('that is deleted or archived is on record at once, with what would fail', async () => {
    const { clock, push, account, table, target } = await deployed()
    const caller = { accessKeyId: 'ada' }
    const first = push('acme/web', '1.0.0')
    await clock.advance(5 * minute)
    const second = push('acme/web', '1.1.0')
    await clock.advance(5 * minute)
    const imageIds = [{ imageDigest: second }]
    await account.call('ecr', 'BatchDeleteImage', { repositoryName: 'acme/web', imageIds }, caller)
    await account.call(
      'ecr',
      'UpdateImageStorageClass',
      { repositoryName: 'acme/web', imageId: { imageDigest: first }, targetStorageClass: 'ARCHIVE' },
      caller,
    )
    await clock.advance(minute)
    const { gate } = await target('web')
    expect(gate?.gone).toMatchObject([
      { digest: first, how: 'archived', what: expect.stringContaining('gone back to') },
      { digest: second, how: 'deleted', what: expect.stringContaining('start anew') },
    ])
    const [story] = await why({ repository: 'acme/web', digest: second }, 1, table)
    expect(story).toMatchObject({ verdict: 'warn', reason: 'image-deleted' })
  })
})
