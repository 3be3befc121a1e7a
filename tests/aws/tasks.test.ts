/** Tasks through the SDK, on the local account. */
import { describe, expect, test } from 'vitest'
import type { RunRequest } from '../../shared/ports.ts'
import { accountId, registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'
import { everyPage } from './every-page.ts'

const arnOf = (id: string) => `arn:aws:ecs:eu-central-1:${accountId}:task/demo/${id}`

describe('tasks', () => {
  /** Copies of one task definition, `count` of them. */
  async function running(count: number, more: Partial<RunRequest> = {}) {
    const simulated = simulatedWorld()
    const { world, push, call, clock } = simulated
    const digest = push('acme/worker', '1.0.0').detail['image-digest']
    const image = `${registryHost}/acme/worker@${digest}`
    await call('ecs', 'RegisterTaskDefinition', taskDefinition('worker', image))
    const arns: string[] = []
    for (let started = 0; started < count; started += 10) {
      const answer = await world.fleet.runTask({
        cluster: 'demo',
        revision: 'worker:1',
        count: Math.min(10, count - started),
        capacity: 'on-demand',
        network: { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: false },
        startedBy: 'farguard/worker/1',
        clientToken: `token-${started}`,
        tags: [{ key: 'farguard:target', value: 'worker' }],
        ...more,
      })
      arns.push(...answer.tasks.map(({ arn }) => arn))
    }
    await clock.advance(5 * 60_000)
    simulated.calls.length = 0
    return { ...simulated, fleet: world.fleet, arns, digest, image }
  }

  test('a running task with all that ECS tells of it', async () => {
    const { fleet, arns, digest, image } = await running(1)
    const [task] = await fleet.describeTasks('demo', arns)
    expect(task).toEqual({
      arn: arns[0],
      cluster: 'demo',
      version: expect.any(Number),
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      group: 'family:worker',
      startedBy: 'farguard/worker/1',
      revision: `arn:aws:ecs:eu-central-1:${accountId}:task-definition/worker:1`,
      launchType: 'FARGATE',
      cpu: 256,
      memoryMib: 512,
      ephemeralStorageGib: 20,
      architecture: 'x86_64',
      platformFamily: 'Linux',
      health: 'UNKNOWN',
      createdAt: '2026-03-01T22:00:00.000Z',
      pullStartedAt: expect.stringMatching(/^2026-03-01T22:0/),
      pullStoppedAt: expect.stringMatching(/^2026-03-01T22:0/),
      startedAt: expect.stringMatching(/^2026-03-01T22:0/),
      connectivityAt: expect.stringMatching(/^2026-03-01T22:0/),
      containers: [{ name: 'app', image, digest, lastStatus: 'RUNNING', health: 'UNKNOWN' }],
      tags: expect.objectContaining({ 'farguard:target': 'worker', team: 'platform' }),
    })
  })

  test('a stopped one with its end, and without the tags that are gone', async () => {
    const { fleet, arns, clock } = await running(1)
    await fleet.stopTask('demo', arns[0] ?? '', 'no more of it')
    await clock.advance(2 * 60_000)
    const [task] = await fleet.describeTasks('demo', arns)
    expect(task).toMatchObject({
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'no more of it',
      stoppingAt: expect.any(String),
      stoppedAt: expect.any(String),
      containers: [{ exitCode: expect.any(Number) }],
      tags: {},
    })
  })

  test('250 of them: three calls to list, three to describe, each once', async () => {
    const { fleet, arns, calls } = await running(250)
    const pages = await everyPage(fleet.listTasks('demo', 'running'))
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 50])
    expect(new Set(pages.flat())).toEqual(new Set(arns))
    const tasks = await fleet.describeTasks('demo', [...arns, ...arns.slice(0, 20)])
    expect(tasks.map(({ arn }) => arn)).toEqual(arns)
    expect(calls).toEqual([...Array(3).fill('ecs:ListTasks'), ...Array(3).fill('ecs:DescribeTasks')])
    calls.length = 0
    expect(await fleet.tasksStartedBy('demo', 'farguard/worker/1')).toHaveLength(250)
    expect(calls.filter(name => name === 'ecs:DescribeTasks')).toHaveLength(3)
  })

  test('those that stopped are listed apart, and those that ECS does not know are absent', async () => {
    const { fleet, arns } = await running(3)
    await fleet.stopTask('demo', arns[1] ?? '', 'enough')
    expect((await everyPage(fleet.listTasks('demo', 'stopped'))).flat()).toEqual([arns[1]])
    expect((await everyPage(fleet.listTasks('demo', 'running'))).flat().toSorted()).toEqual(
      [arns[0], arns[2]].toSorted(),
    )
    const found = await fleet.describeTasks('demo', [arnOf('0'.repeat(32)), ...arns])
    expect(found.map(({ arn }) => arn)).toEqual(arns)
    expect(await fleet.describeTasks('demo', [])).toEqual([])
  })

  test('a cluster that does not exist is refused, not empty', async () => {
    const { fleet, arns } = await running(1)
    for (const asked of [everyPage(fleet.listTasks('none', 'running')), fleet.describeTasks('none', arns)])
      await expect(asked).rejects.toMatchObject({ name: 'RefusedError', code: 'ClusterNotFoundException' })
  })

  test('another command for one container reaches ECS', async () => {
    const { ecs } = await running(1, { override: { container: 'app', command: ['npm', 'run', 'migrate'] } })
    expect(ecs.tasks()[0]?.overrides?.containerOverrides).toMatchObject([
      { name: 'app', command: ['npm', 'run', 'migrate'] },
    ])
  })

  test('protection: of the service tasks that have it, until when; a standalone task and one that is gone are absent', async () => {
    const { fleet, arns, ecs, createService, call, clock } = await running(1)
    await createService('demo', 'web', `${registryHost}/acme/worker:1.0.0`, { desiredCount: 2 })
    await clock.advance(5 * 60_000)
    const ofService = ecs.tasks().flatMap(task => (task.group === 'service:web' ? (task.taskArn ?? []) : []))
    const [first = '', second = ''] = ofService
    const input = { cluster: 'demo', tasks: [first], protectionEnabled: true, expiresInMinutes: 30 }
    await call('ecs', 'UpdateTaskProtection', input)
    const until = new Date(clock.now().getTime() + 30 * 60_000)
    const asked = [first, second, ...arns, arnOf('0'.repeat(32))]
    const protection = await fleet.taskProtection('demo', asked)
    expect([...protection.keys()]).toEqual([first])
    expect(protection.get(first)).toEqual(until)
    await clock.advance(31 * 60_000)
    expect(await fleet.taskProtection('demo', asked)).toEqual(new Map())
    expect(await fleet.taskProtection('demo', [])).toEqual(new Map())
  })
})
