import type { ListTasksResponse, RunTaskRequest } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import type { AwsError } from '../../../local/account/aws-error.ts'
import { arnOf, arnsOf, container, containerOf, ecsAccount, network, refusal } from './ecs-account.ts'

const noRoom = 'Capacity is unavailable at this time. Please try again later or in a different availability zone'
const spot = { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }

describe('RunTask', () => {
  test.each<{ case: string; input: Partial<RunTaskRequest>; refused: RegExp }>([
    { case: 'no copies', input: { count: 0 }, refused: /^InvalidParameterException: count/ },
    { case: 'more than 10 copies', input: { count: 11 }, refused: /^InvalidParameterException: count/ },
    {
      case: 'a cluster that is missing',
      input: { cluster: 'nope' },
      refused: /^ClusterNotFoundException: Cluster not found/,
    },
    {
      case: 'a family that is missing',
      input: { taskDefinition: 'nope' },
      refused: /^ClientException: TaskDefinition not found/,
    },
    {
      case: 'a revision that is missing',
      input: { taskDefinition: 'web:9' },
      refused: /^ClientException: TaskDefinition not found/,
    },
    {
      case: 'no network',
      input: { networkConfiguration: undefined },
      refused:
        /^InvalidParameterException: Network Configuration must be provided when networkMode 'awsvpc' is specified/,
    },
    {
      case: 'no subnets',
      input: { networkConfiguration: { awsvpcConfiguration: { subnets: [] } } },
      refused: /subnets can not be empty/,
    },
    {
      case: 'a subnet that is none',
      input: { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d', 'subnet-0a1b2c3'] } } },
      refused: /^InvalidParameterException: .*Invalid id: "subnet-0a1b2c3" .*InvalidSubnetID.Malformed/,
    },
    {
      case: 'a security group that is none',
      input: {
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['default'] } },
      },
      refused: /^InvalidParameterException: .*Invalid id: "default" .*InvalidGroupId.Malformed/,
    },
    {
      case: 'ECS Exec without a task role',
      input: { enableExecuteCommand: true },
      refused: /^InvalidParameterException: The execute command failed because a valid task role is not being used/,
    },
    {
      case: 'a launch type beside a strategy',
      input: { ...spot, launchType: 'FARGATE' },
      refused: /^InvalidParameterException: Specifying both a launch type and capacity provider/,
    },
    {
      case: 'neither of both',
      input: { launchType: undefined },
      refused: /^InvalidParameterException: No Container Instances were found/,
    },
    {
      case: 'a launch type that is none',
      input: { launchType: 'MOON' as 'EC2' },
      refused: /launchType should be one of/,
    },
    {
      case: 'managed instances',
      input: { launchType: 'MANAGED_INSTANCES' },
      refused: /^UnsupportedFeatureException: .*MANAGED_INSTANCES/,
    },
    { case: 'an unknown platform', input: { platformVersion: '9.9.9' }, refused: /^PlatformUnknownException/ },
    { case: 'a startedBy with a blank', input: { startedBy: 'a b' }, refused: /^InvalidParameterException: startedBy/ },
    {
      case: 'a startedBy of 129 characters',
      input: { startedBy: 'x'.repeat(129) },
      refused: /^InvalidParameterException: startedBy/,
    },
    { case: 'the group of a service', input: { group: 'service:web' }, refused: /namespace for group/ },
    { case: 'tags from a service', input: { propagateTags: 'SERVICE' }, refused: /^InvalidParameterException/ },
    {
      case: '51 tags',
      input: { tags: Array.from({ length: 51 }, (_, n) => ({ key: `k${n}`, value: '' })) },
      refused: /maximum number of tags is 50/,
    },
    {
      case: 'a tag twice',
      input: {
        tags: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
      refused: /Duplicate keys/,
    },
    { case: 'a reserved tag', input: { tags: [{ key: 'aws:mine', value: '1' }] }, refused: /reserved/ },
    {
      case: 'an override for no container',
      input: { overrides: { containerOverrides: [{ name: 'db' }] } },
      refused: /container named db is not a container in the TaskDefinition/,
    },
    {
      case: 'overrides of more than 8,192 characters',
      input: { overrides: { containerOverrides: [{ name: 'web', command: ['x'.repeat(8192)] }] } },
      refused: /Overrides length must be at most 8192/,
    },
    {
      case: 'a size that Fargate has not',
      input: { overrides: { cpu: '256', memory: '8192' } },
      refused: /No Fargate configuration exists for given values: 256 CPU, 8192 memory/,
    },
    { case: 'a token with a blank', input: { clientToken: 'a b' }, refused: /clientToken/ },
    { case: 'a token of 65 characters', input: { clientToken: 'x'.repeat(65) }, refused: /clientToken/ },
    {
      case: 'volumes at launch',
      input: { volumeConfigurations: [{ name: 'data' }] },
      refused: /^UnsupportedFeatureException/,
    },
  ])('refuses $case, and starts nothing', ({ input, refused }) => {
    const account = ecsAccount()
    account.register()
    expect(refusal(() => account.run(input))).toMatch(refused)
    expect(account.ecs.tasks()).toEqual([])
    expect(account.events).toEqual([])
  })

  test.each([
    { status: 'INACTIVE', refused: 'ClusterNotFoundException: The referenced cluster was inactive.' },
    { status: 'PROVISIONING', refused: 'ClientException: The cluster default is PROVISIONING. It has to be ACTIVE.' },
    { status: 'FAILED', refused: 'ClientException: The cluster default is FAILED. It has to be ACTIVE.' },
  ] as const)('refuses a cluster that is $status', ({ status, refused }) => {
    const account = ecsAccount({ seed: { clusters: [{ name: 'default', status }] } })
    account.register()
    expect(refusal(() => account.run())).toBe(refused)
    account.ecs.setClusterStatus('default', 'ACTIVE')
    expect(arnsOf(account.run())).toHaveLength(1)
  })

  test('takes ids of the long form too, and a task role of its own for ECS Exec', () => {
    const account = ecsAccount()
    account.register()
    const awsvpcConfiguration = { subnets: ['subnet-0a1b2c3d4e5f67890'], securityGroups: ['sg-0a1b2c3d4e5f67890'] }
    const overrides = { taskRoleArn: 'arn:aws:iam::123456789012:role/exec' }
    const input = { networkConfiguration: { awsvpcConfiguration }, enableExecuteCommand: true, overrides }
    expect(account.run(input).tasks).toMatchObject([{ enableExecuteCommand: true, overrides }])
  })

  test('refuses Spot on a cluster that does not have the provider, until it has', () => {
    const account = ecsAccount({ seed: { clusters: [{ name: 'default', capacityProviders: ['FARGATE'] }] } })
    account.register()
    expect(refusal(() => account.run(spot))).toMatch(
      /^InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is not associated/,
    )
    account.call('PutClusterCapacityProviders', {
      cluster: 'default',
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [],
    })
    expect(account.run(spot).tasks?.[0]).toMatchObject({ capacityProviderName: 'FARGATE_SPOT', launchType: 'FARGATE' })
  })

  test('spreads copies over a strategy: the base first, then by weight', () => {
    const account = ecsAccount()
    account.register()
    const answer = account.run({
      launchType: undefined,
      count: 10,
      capacityProviderStrategy: [
        { capacityProvider: 'FARGATE', base: 2, weight: 1 },
        { capacityProvider: 'FARGATE_SPOT', weight: 3 },
      ],
    })
    const spots = answer.tasks?.filter(task => task.capacityProviderName === 'FARGATE_SPOT')
    expect([answer.tasks?.length, spots?.length]).toEqual([10, 6])
  })

  test('keeps what it is given: overrides, tags of the definition and its own, group, startedBy', () => {
    const account = ecsAccount()
    account.register({
      taskRoleArn: 'arn:aws:iam::123456789012:role/web',
      tags: [
        { key: 'team', value: 'red' },
        { key: 'env', value: 'test' },
      ],
    })
    const arn = arnOf(
      account.run({
        startedBy: 'fg/web/12',
        group: 'nightly',
        enableExecuteCommand: true,
        propagateTags: 'TASK_DEFINITION',
        tags: [{ key: 'env', value: 'prod' }],
        overrides: { cpu: '512', memory: '1024', containerOverrides: [{ name: 'web', command: ['migrate'] }] },
      }),
    )
    expect(account.task(arn)).toMatchObject({
      startedBy: 'fg/web/12',
      group: 'nightly',
      enableExecuteCommand: true,
      cpu: '512',
      memory: '1024',
      overrides: { containerOverrides: [{ name: 'web', command: ['migrate'] }] },
      tags: [
        { key: 'team', value: 'red' },
        { key: 'env', value: 'prod' },
      ],
    })
  })

  test('answers 200 with what started and what found no capacity', () => {
    const account = ecsAccount()
    account.register()
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE_SPOT', times: 2 })
    const answer = account.run({ ...spot, count: 3 })
    expect(answer.tasks).toHaveLength(1)
    expect(answer.failures).toEqual([{ reason: noRoom }, { reason: noRoom }])
    expect(account.run({ ...spot, count: 3 }).tasks).toHaveLength(3)
  })

  test('has no capacity until a moment, of that kind only', async () => {
    const account = ecsAccount()
    account.register()
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', until: new Date('2026-03-01T22:05:00Z') })
    expect(account.run({ count: 2 })).toEqual({ tasks: [], failures: [{ reason: noRoom }, { reason: noRoom }] })
    expect(account.run(spot).tasks).toHaveLength(1)
    await account.advance(300)
    expect(account.run().failures).toEqual([])
  })

  test('does not start an INACTIVE revision, and finds the latest ACTIVE one by family', () => {
    const account = ecsAccount()
    const [first, second] = [account.register(), account.register()]
    account.call('DeregisterTaskDefinition', { taskDefinition: second })
    expect(refusal(() => account.run({ taskDefinition: second }))).toBe('ClientException: TaskDefinition is inactive')
    expect(account.run().tasks?.[0]?.taskDefinitionArn).toBe(first)
  })

  test('pins what it pulled: the digest of the reference, or what the tag was at the pull', async () => {
    const digest = `sha256:${'a1'.repeat(32)}`
    const account = ecsAccount({
      imageDigest: image => (image === 'acme/tagged:1' ? `sha256:${'b2'.repeat(32)}` : undefined),
    })
    account.register({
      containerDefinitions: [
        container({ image: `acme/web@${digest}` }),
        container({ name: 'tagged', image: 'acme/tagged:1' }),
        container({ name: 'foreign', image: 'elsewhere/x:1' }),
      ],
    })
    const arn = arnOf(account.run())
    await account.advance(25)
    const digestOf = (name: string) => containerOf(account.task(arn), name).imageDigest
    expect([digestOf('web'), digestOf('tagged'), digestOf('foreign')]).toEqual([
      digest,
      `sha256:${'b2'.repeat(32)}`,
      undefined,
    ])
  })
})

describe('clientToken', () => {
  test('gives the first tasks again, as they are now, for the same parameters in any order', async () => {
    const account = ecsAccount()
    account.register()
    const first = account.run({ count: 2, clientToken: 't1', startedBy: 'me' })
    await account.advance(25)
    const again = account.call<typeof first>('RunTask', {
      startedBy: 'me',
      networkConfiguration: { awsvpcConfiguration: { securityGroups: ['sg-0a1b2c3d'], subnets: ['subnet-0a1b2c3d'] } },
      clientToken: 't1',
      launchType: 'FARGATE',
      taskDefinition: 'web',
      count: 2,
    })
    expect(arnsOf(again)).toEqual(arnsOf(first))
    expect(again.tasks?.[0]?.lastStatus).toBe('RUNNING')
    expect(account.ecs.tasks()).toHaveLength(2)
  })

  test('refuses other parameters, and names the tasks', () => {
    const account = ecsAccount()
    account.register()
    const first = account.run({ clientToken: 't1' })
    let error: AwsError | undefined
    try {
      account.run({ clientToken: 't1', count: 2 })
    } catch (caught) {
      error = caught as AwsError
    }
    expect(error?.code).toBe('ConflictException')
    expect(error?.members).toEqual({ resourceIds: arnsOf(first) })
    expect(account.ecs.tasks()).toHaveLength(1)
  })

  test('is one for each cluster', () => {
    const account = ecsAccount({ seed: { clusters: [{ name: 'default' }, { name: 'blue' }] } })
    account.register()
    account.run({ clientToken: 't1' })
    account.run({ clientToken: 't1', cluster: 'blue', count: 2 })
    expect(account.ecs.tasks()).toHaveLength(3)
  })

  test('is forgotten after 24 hours while the task runs', async () => {
    const account = ecsAccount()
    account.register()
    const first = account.run({ clientToken: 't1' })
    await account.advance(24 * 3600 - 1)
    expect(arnsOf(account.run({ clientToken: 't1' }))).toEqual(arnsOf(first))
    await account.advance(1)
    expect(arnsOf(account.run({ clientToken: 't1' }))).not.toEqual(arnsOf(first))
  })

  test('is forgotten an hour after its task ended', async () => {
    const account = ecsAccount({ behaviour: () => ({ kind: 'exits', code: 0, afterMs: 1000 }) })
    account.register()
    const first = account.run({ clientToken: 't1' })
    await account.advance(60)
    expect(account.run({ clientToken: 't1' }).tasks?.[0]).toMatchObject({
      taskArn: arnOf(first),
      lastStatus: 'STOPPED',
    })
    await account.advance(3600)
    const [second, ...more] = arnsOf(account.run({ clientToken: 't1' }))
    expect(more).toEqual([])
    expect(second).toMatch(/^arn:/)
    expect(second).not.toBe(arnOf(first))
  })

  test('of a request that started nothing may be used again', () => {
    const account = ecsAccount()
    account.register()
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
    expect(account.run({ clientToken: 't1' }).tasks).toEqual([])
    expect(account.run({ clientToken: 't1' }).tasks).toHaveLength(1)
  })
})

describe('reads', () => {
  test('lag behind starts for as long as told', async () => {
    const account = ecsAccount()
    account.register()
    account.ecs.lagReads(60_000)
    const arn = arnOf(account.run({ startedBy: 'me' }))
    expect(account.call('DescribeTasks', { tasks: [arn] })).toEqual({
      tasks: [],
      failures: [{ arn, reason: 'MISSING' }],
    })
    expect(account.listTasks({ startedBy: 'me' })).toEqual([])
    expect(account.ecs.tasks()).toHaveLength(1)
    await account.advance(60)
    expect(account.listTasks({ startedBy: 'me' })).toEqual([arn])
    expect(account.task(arn).taskArn).toBe(arn)
  })

  test('list by each filter', async () => {
    const account = ecsAccount()
    account.register()
    account.register({ family: 'job' })
    const web = arnOf(account.run({ startedBy: 'a' }))
    const job = arnOf(account.run({ taskDefinition: 'job', startedBy: 'b' }))
    const stopped = arnOf(account.run({ startedBy: 'a' }))
    account.call('StopTask', { task: stopped })
    expect(account.listTasks()).toEqual([web, job])
    expect(account.listTasks({ family: 'job' })).toEqual([job])
    expect(account.listTasks({ startedBy: 'a' })).toEqual([web])
    expect(account.listTasks({ startedBy: 'a', desiredStatus: 'STOPPED' })).toEqual([stopped])
    expect(account.listTasks({ launchType: 'FARGATE' })).toEqual([web, job])
    expect(account.listTasks({ launchType: 'EC2' })).toEqual([])
    expect(account.listTasks({ desiredStatus: 'PENDING' })).toEqual([])
    expect(refusal(() => account.listTasks({ startedBy: 'a', family: 'web' }))).toBe(
      'InvalidParameterException: cannot specify startedBy with other arguments',
    )
    expect(refusal(() => account.listTasks({ serviceName: 'nope' }))).toMatch(/^ServiceNotFoundException/)
    expect(refusal(() => account.listTasks({ cluster: 'nope' }))).toMatch(/^ClusterNotFoundException/)
  })

  test('page through a list that shrinks and grows meanwhile, skipping and doubling nothing', async () => {
    const account = ecsAccount({ behaviour: () => ({ kind: 'exits', code: 0, afterMs: 1 }) })
    account.register()
    const arns = Array.from({ length: 25 }, () => arnsOf(account.run({ count: 10 }))).flat()
    await account.advance(100)
    const first = account.call<ListTasksResponse>('ListTasks', { desiredStatus: 'STOPPED' })
    expect(first.taskArns).toEqual(arns.slice(0, 100))
    account.run({ count: 10 })
    const second = account.call<ListTasksResponse>('ListTasks', {
      desiredStatus: 'STOPPED',
      nextToken: first.nextToken,
      maxResults: 90,
    })
    expect(second.taskArns).toEqual(arns.slice(100, 190))
    const last = account.call<ListTasksResponse>('ListTasks', { desiredStatus: 'STOPPED', nextToken: second.nextToken })
    expect(last).toEqual({ taskArns: arns.slice(190) })
    expect(refusal(() => account.listTasks({ nextToken: 'made-up' }))).toBe('InvalidParameterException: Invalid token')
    expect(refusal(() => account.listTasks({ maxResults: 101 }))).toMatch(/^InvalidParameterException: maxResults/)
  })

  test('describe at most 100, by id or ARN, and refuse an ARN of another cluster', () => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run())
    expect(account.task(arn.split('/')[2] ?? '').taskArn).toBe(arn)
    expect(refusal(() => account.call('DescribeTasks', { tasks: [] }))).toBe(
      'InvalidParameterException: Tasks cannot be empty.',
    )
    expect(refusal(() => account.call('DescribeTasks', { tasks: Array(101).fill(arn) }))).toMatch(
      /^InvalidParameterException/,
    )
    account.call('CreateCluster', { clusterName: 'blue' })
    expect(refusal(() => account.call('DescribeTasks', { cluster: 'blue', tasks: [arn] }))).toBe(
      'InvalidParameterException: Invalid identifier: Identifier is for cluster default. Your cluster is blue',
    )
    expect(refusal(() => account.call('StopTask', { task: 'f'.repeat(32) }))).toBe(
      'InvalidParameterException: The referenced task was not found.',
    )
  })

  const taskArn = (id: string) => `arn:aws:ecs:eu-central-1:123456789012:task/default/${id}`
  test.each([
    { task: 'web', refused: 'taskId length should be one of [32,36]' },
    { task: '', refused: 'taskId length should be one of [32,36]' },
    { task: taskArn('f'.repeat(31)), refused: 'taskId length should be one of [32,36]' },
    { task: 'g'.repeat(32), refused: `taskId should be hex digits, but was ${'g'.repeat(32)}` },
    {
      task: 'arn:aws:ecs:eu-central-1:123456789012:service/default/web',
      refused: 'Unsupported resource type: service',
    },
  ])('refuse an id that can be no task: "$task"', ({ task, refused }) => {
    const account = ecsAccount()
    const said = `InvalidParameterException: ${refused}`
    expect(refusal(() => account.call('StopTask', { task }))).toBe(said)
    expect(refusal(() => account.call('DescribeTasks', { tasks: ['f'.repeat(32), task] }))).toBe(said)
  })

  test.each(['f'.repeat(32), '0f8fad5b-d9cb-469f-a165-70867728950e'])('say that a task is missing: %s', id => {
    const missing = { tasks: [], failures: [{ arn: taskArn(id), reason: 'MISSING' }] }
    expect(ecsAccount().call('DescribeTasks', { tasks: [id] })).toEqual(missing)
  })

  test('hand out copies: a caller that changes one changes nothing', () => {
    const account = ecsAccount()
    account.register()
    const arn = arnOf(account.run({ networkConfiguration: network }))
    const task = account.task(arn)
    task.lastStatus = 'STOPPED'
    if (task.containers?.[0]) task.containers[0].name = 'changed'
    expect(account.task(arn)).toMatchObject({ lastStatus: 'PROVISIONING', containers: [{ name: 'web' }] })
  })
})
