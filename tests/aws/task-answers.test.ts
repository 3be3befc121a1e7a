/** What ECS may answer of tasks, and the local account does not. */
import {
  DescribeTasksCommand,
  type DescribeTasksCommandInput,
  ECSClient,
  type Task as EcsTask,
  GetTaskProtectionCommand,
  type GetTaskProtectionCommandInput,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, test } from 'vitest'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { RefusedError, RetryableError, type Task } from '../../shared/ports.ts'
import { everyPage } from './every-page.ts'

const arnOf = (id: string) => `arn:aws:ecs:eu-central-1:123456789012:task/demo/${id}`

describe('tasks', () => {
  const ecs = mockClient(ECSClient)
  const fleet = ecsFleet({ region: 'eu-central-1' })
  afterEach(() => {
    ecs.reset()
  })

  async function described(task: EcsTask): Promise<Task[]> {
    ecs.on(DescribeTasksCommand).resolves({ tasks: [task] })
    return fleet.describeTasks('demo', [arnOf('a')])
  }

  test('a task of which next to nothing is said: nothing is made up', async () => {
    expect(await described({ taskArn: arnOf('a') })).toStrictEqual([
      { arn: arnOf('a'), cluster: 'demo', version: 0, lastStatus: 'UNKNOWN', containers: [] },
    ])
    expect(await described({ lastStatus: 'RUNNING' })).toEqual([])
  })

  test('an exit code of 0 is kept, a missing one is not 0', async () => {
    const [task] = await described({ taskArn: arnOf('a'), containers: [{ name: 'app', exitCode: 0 }, { name: 'log' }] })
    expect(task?.containers).toStrictEqual([{ name: 'app', exitCode: 0 }, { name: 'log' }])
  })

  test.each<[string, EcsTask, Partial<Task>]>([
    [
      'statuses and codes that we never heard of',
      { lastStatus: 'DELETED', stopCode: 'New' as never },
      { lastStatus: 'DELETED', stopCode: 'New' },
    ],
    ['a task on Spot', { capacityProviderName: 'FARGATE_SPOT' }, { capacityProvider: 'FARGATE_SPOT' }],
    ['an ARM task', { attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }] }, { architecture: 'arm64' }],
    ['storage', { ephemeralStorage: { sizeInGiB: 50 } }, { ephemeralStorageGib: 50 }],
    [
      'storage of its own kind',
      { fargateEphemeralStorage: { sizeInGiB: 60, kmsKeyId: 'k' } },
      { ephemeralStorageGib: 60 },
    ],
    [
      'the cluster by the ARN',
      { clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/other' },
      { cluster: 'other' },
    ],
    ['a tag without a value', { tags: [{ key: 'a' }, { key: 'b', value: 'c' }] }, { tags: { a: '', b: 'c' } }],
  ])('%s', async (_, said, expected) => {
    expect(await described({ taskArn: arnOf('a'), ...said })).toMatchObject([expected])
  })

  test('a size that is no whole number of units is not known', async () => {
    const [task] = await described({ taskArn: arnOf('a'), cpu: '1 vCPU', memory: '' })
    expect(task).not.toHaveProperty('cpu')
    expect(task).not.toHaveProperty('memoryMib')
  })

  test('tags that were not answered are not known, which is something else than none', async () => {
    expect((await described({ taskArn: arnOf('a') }))[0]).not.toHaveProperty('tags')
    expect((await described({ taskArn: arnOf('a'), tags: [] }))[0]).toHaveProperty('tags', {})
  })

  test('a failure of another kind than MISSING is no absence: nobody knows, so it is to be asked again', async () => {
    const failures = [
      { arn: arnOf('b'), reason: 'MISSING' },
      { arn: arnOf('c'), reason: 'ACCESS_DENIED', detail: 'not yours' },
    ]
    ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: arnOf('a') }], failures })
    const asked = fleet.describeTasks('demo', [arnOf('a'), arnOf('b'), arnOf('c')])
    await expect(asked).rejects.toThrow(RetryableError)
    await expect(asked).rejects.toThrow(`ECS did not tell of 1: ${arnOf('c')} ACCESS_DENIED not yours`)
  })

  test('one batch of several that is throttled fails the whole: half a truth is none', async () => {
    const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata: {} })
    ecs.on(DescribeTasksCommand).callsFake(({ tasks = [] }: DescribeTasksCommandInput) => {
      if (tasks.includes(arnOf('150'))) throw throttled
      return { tasks: tasks.map(taskArn => ({ taskArn })) }
    })
    const arns = Array.from({ length: 300 }, (_, nth) => arnOf(String(nth)))
    await expect(fleet.describeTasks('demo', arns)).rejects.toThrow(RetryableError)
  })

  test('pages until there is no further token; an empty page, or an empty token, ends nothing too early or too late', async () => {
    const pages: Record<string, { taskArns?: string[]; nextToken: string }> = {
      first: { taskArns: ['a', 'b'], nextToken: '2' },
      2: { taskArns: [], nextToken: '3' },
      3: { nextToken: '4' },
      4: { taskArns: ['c'], nextToken: '' },
    }
    ecs.on(ListTasksCommand).callsFake(({ nextToken = 'first' }) => pages[nextToken])
    expect(await everyPage(fleet.listTasks('demo', 'stopped'))).toEqual([['a', 'b'], [], [], ['c']])
    expect(ecs.commandCalls(ListTasksCommand)).toHaveLength(4)
  })

  test('a listing that times out is said once, and can be tried again', async () => {
    ecs.on(ListTasksCommand).rejects(Object.assign(new Error('too slow'), { name: 'TimeoutError' }))
    const asked = fleet.tasksStartedBy('demo', 'farguard/web/1')
    await expect(asked).rejects.toThrow(RetryableError)
    await expect(asked).rejects.toThrow(/^ecs:ListTasks in demo: TimeoutError: too slow$/)
  })

  test('protection: 100 a call; none of those that are not, or can not be', async () => {
    const until = new Date('2026-03-01T23:00:00Z')
    ecs.on(GetTaskProtectionCommand).callsFake(({ tasks = [] }: GetTaskProtectionCommandInput) => ({
      protectedTasks: tasks.map((taskArn, nth) => ({
        taskArn,
        protectionEnabled: nth % 2 === 0,
        ...(nth % 2 === 0 && { expirationDate: until }),
      })),
      failures: [
        { arn: 'x', reason: 'TASK_NOT_VALID' },
        { arn: 'y', reason: 'MISSING' },
      ],
    }))
    const arns = Array.from({ length: 150 }, (_, nth) => arnOf(String(nth)))
    const found = await fleet.taskProtection('demo', arns)
    expect(found).toEqual(new Map(arns.flatMap((arn, nth) => (nth % 2 === 0 ? [[arn, until]] : []))))
    const sizes = ecs.commandCalls(GetTaskProtectionCommand).map(call => call.args[0].input.tasks?.length)
    expect(sizes).toEqual([100, 50])
  })

  test('protection without an end goes on; of a task that ECS says nothing of, nobody knows', async () => {
    ecs.on(GetTaskProtectionCommand).resolves({ protectedTasks: [{ taskArn: arnOf('a'), protectionEnabled: true }] })
    const until = (await fleet.taskProtection('demo', [arnOf('a')])).get(arnOf('a'))
    expect(until?.getUTCFullYear()).toBeGreaterThan(9999)
    ecs.on(GetTaskProtectionCommand).resolves({ failures: [{ arn: arnOf('a'), reason: 'INTERNAL' }] })
    await expect(fleet.taskProtection('demo', [arnOf('a')])).rejects.toThrow(RetryableError)
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } })
    ecs.on(GetTaskProtectionCommand).rejects(denied)
    await expect(fleet.taskProtection('demo', [arnOf('a')])).rejects.toThrow(RefusedError)
  })
})
