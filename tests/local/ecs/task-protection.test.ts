import type { GetTaskProtectionResponse } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { arnOf, container, type EcsAccount, ecsAccount, network, refusal } from './ecs-account.ts'

const running = (account: EcsAccount) =>
  account.listTasks({ serviceName: 'shop' }).filter(arn => account.task(arn).lastStatus === 'RUNNING')

/** A service with so many running copies. */
async function shop(desiredCount = 2): Promise<EcsAccount> {
  const account = ecsAccount()
  account.register()
  const input = { serviceName: 'shop', taskDefinition: 'web', desiredCount, launchType: 'FARGATE' }
  account.call('CreateService', { ...input, networkConfiguration: network })
  await account.advance(60)
  expect(running(account)).toHaveLength(desiredCount)
  return account
}

const protect = (account: EcsAccount, tasks: string[], more: object = {}) =>
  account.call<GetTaskProtectionResponse>('UpdateTaskProtection', {
    cluster: 'default',
    tasks,
    protectionEnabled: true,
    ...more,
  })
const protection = (account: EcsAccount, tasks: string[]) =>
  account.call<GetTaskProtectionResponse>('GetTaskProtection', { cluster: 'default', tasks })

describe('task protection', () => {
  test.each([
    { minutes: undefined, until: '2026-03-02T00:01:00Z' },
    { minutes: 1, until: '2026-03-01T22:02:00Z' },
    { minutes: 2880, until: '2026-03-03T22:01:00Z' },
  ])('lasts $minutes minutes', async ({ minutes, until }) => {
    const account = await shop(1)
    const [taskArn = ''] = running(account)
    expect(protection(account, [taskArn]).protectedTasks).toEqual([{ taskArn, protectionEnabled: false }])
    const told = account.events.length
    const on = { taskArn, protectionEnabled: true, expirationDate: new Date(until) }
    expect(protect(account, [taskArn], { expiresInMinutes: minutes }).protectedTasks).toEqual([on])
    await account.clock.advanceTo(Date.parse(until) - 1)
    expect(protection(account, [taskArn])).toEqual({ protectedTasks: [on], failures: [] })
    await account.clock.advance(1)
    expect(protection(account, [taskArn]).protectedTasks).toEqual([{ taskArn, protectionEnabled: false }])
    expect(account.events).toHaveLength(told)
  })

  test('is prolonged by a later call, and ended by one', async () => {
    const account = await shop(1)
    const [task = ''] = running(account)
    protect(account, [task], { expiresInMinutes: 10 })
    await account.advance(300)
    protect(account, [task], { expiresInMinutes: 10 })
    await account.advance(400)
    expect(protection(account, [task]).protectedTasks).toMatchObject([{ protectionEnabled: true }])
    expect(protect(account, [task], { protectionEnabled: false }).protectedTasks).toEqual([
      { taskArn: task, protectionEnabled: false },
    ])
  })

  test('says which tasks it is not for', async () => {
    const account = await shop(1)
    const standalone = arnOf(account.run())
    const [stopped = ''] = running(account)
    await account.advance(60)
    account.call('StopTask', { task: stopped })
    await account.advance(120)
    const missing = 'f'.repeat(32)
    const failures = [
      { arn: standalone, reason: 'TASK_NOT_VALID' },
      { arn: stopped, reason: 'TASK_NOT_VALID' },
      { arn: `arn:aws:ecs:eu-central-1:123456789012:task/default/${missing}`, reason: 'MISSING' },
    ]
    expect(protect(account, [standalone, stopped, missing])).toEqual({ protectedTasks: [], failures })
    expect(protection(account, [standalone, stopped, missing])).toEqual({ protectedTasks: [], failures })
  })

  test.each([
    { case: 'no minutes', more: { expiresInMinutes: 0 }, refused: /expiresInMinutes/ },
    { case: 'more than 48 hours', more: { expiresInMinutes: 2881 }, refused: /expiresInMinutes/ },
    { case: 'no tasks', more: { tasks: [] }, refused: /^InvalidParameterException: Tasks cannot be empty/ },
    { case: '11 tasks', more: { tasks: Array(11).fill('f'.repeat(32)) }, refused: /more than 10/ },
    { case: 'a cluster that is missing', more: { cluster: 'nope' }, refused: /^ClusterNotFoundException/ },
  ])('refuses $case', async ({ more, refused }) => {
    const account = await shop(1)
    expect(refusal(() => protect(account, running(account), more))).toMatch(refused)
    expect(protection(account, running(account)).protectedTasks).toMatchObject([{ protectionEnabled: false }])
  })

  test('spares the newest copy at scale-in, which would have gone first', async () => {
    const account = await shop(3)
    const [oldest, middle, newest = ''] = running(account)
    protect(account, [newest])
    account.call('UpdateService', { service: 'shop', desiredCount: 2 })
    await account.advance(120)
    expect(running(account)).toEqual([oldest, newest])
    account.call('UpdateService', { service: 'shop', desiredCount: 0 })
    await account.advance(120)
    expect(running(account)).toEqual([newest])
    expect(account.task(middle ?? '').lastStatus).toBe('STOPPED')
    await account.advance(2 * 3600)
    expect(running(account)).toEqual([])
  })

  test('holds a deployment open until it ends', async () => {
    const account = await shop(2)
    const [first = '', second] = running(account)
    protect(account, [first])
    account.register({ containerDefinitions: [container({ image: 'registry.test/acme/web:2' })] })
    account.call('UpdateService', { service: 'shop', taskDefinition: 'web' })
    await account.advance(600)
    expect(running(account)).toHaveLength(3)
    expect(running(account)).toContain(first)
    expect(running(account)).not.toContain(second)
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'IN_PROGRESS' }, { runningCount: 1 }])
    protect(account, [first], { protectionEnabled: false })
    await account.advance(120)
    expect(running(account)).toHaveLength(2)
    expect(account.service('shop').deployments).toMatchObject([{ rolloutState: 'COMPLETED' }])
  })

  test('counts against the maximum: no copy is started beside it where there is no room', async () => {
    const account = await shop(2)
    const both = running(account)
    protect(account, both)
    const deploymentConfiguration = { minimumHealthyPercent: 0, maximumPercent: 100 }
    account.call('UpdateService', { service: 'shop', forceNewDeployment: true, deploymentConfiguration })
    await account.advance(600)
    expect(account.listTasks({ serviceName: 'shop' })).toEqual(both)
  })

  test('keeps nobody from StopTask, nor from deleting the service', async () => {
    const account = await shop(2)
    const [first = '', second = ''] = running(account)
    protect(account, [first, second])
    account.call('StopTask', { task: first })
    account.call('DeleteService', { service: 'shop', force: true })
    await account.advance(180)
    expect([first, second].map(arn => account.task(arn).lastStatus)).toEqual(['STOPPED', 'STOPPED'])
  })
})
