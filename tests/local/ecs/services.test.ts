import type { Service } from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { container, ecsAccount, refusal } from './ecs-account.ts'
import { create, live, named, update, withService } from './shop-service.ts'

const behindClassic = { loadBalancerName: 'old', containerName: 'web', containerPort: 80 }

describe('a service', () => {
  test('starts its tasks, completes its deployment and becomes steady', async () => {
    const account = withService()
    expect(account.service('shop')).toMatchObject({
      status: 'ACTIVE',
      launchType: 'FARGATE',
      platformVersion: 'LATEST',
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
      deployments: [{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS', desiredCount: 2 }],
    })
    await account.advance(60)
    const service = account.service('shop')
    const id = service.deployments?.[0]?.id ?? ''
    expect(id).toMatch(/^ecs-svc\/\d{19}$/)
    expect(service).toMatchObject({ runningCount: 2, pendingCount: 0, deployments: [{ rolloutState: 'COMPLETED' }] })
    expect(live(account)).toMatchObject([
      { group: 'service:shop', startedBy: id },
      { group: 'service:shop', startedBy: id },
    ])
    expect(account.listTasks({ serviceName: 'shop' })).toHaveLength(2)
    const told = account.events
      .filter(event => event['detail-type'] !== 'ECS Task State Change')
      .map(event => [event['detail-type'], event.detail.eventName, event.resources[0]])
    expect(told).toEqual([
      ['ECS Deployment State Change', 'SERVICE_DEPLOYMENT_IN_PROGRESS', service.serviceArn],
      ['ECS Deployment State Change', 'SERVICE_DEPLOYMENT_COMPLETED', service.serviceArn],
      ['ECS Service Action', 'SERVICE_STEADY_STATE', service.serviceArn],
    ])
    expect(named(account, 'SERVICE_DEPLOYMENT_COMPLETED')[0]?.detail).toMatchObject({
      eventType: 'INFO',
      deploymentId: id,
      reason: `ECS deployment ${id} completed.`,
    })
    expect(service.events?.[0]?.message).toBe('(service shop) has reached a steady state.')
  })

  test('replaces what is stopped', async () => {
    const account = withService()
    await account.advance(60)
    const [first] = live(account)
    account.call('StopTask', { task: first?.taskArn })
    await account.advance(60)
    expect(live(account)).toHaveLength(2)
    expect(live(account).map(task => task.taskArn)).not.toContain(first?.taskArn)
    expect(named(account, 'SERVICE_STEADY_STATE')).toHaveLength(2)
    expect(named(account, 'SERVICE_DEPLOYMENT_COMPLETED')).toHaveLength(1)
  })

  test('is parked at 0 and comes back', async () => {
    const account = withService()
    await account.advance(60)
    update(account, { desiredCount: 0 })
    await account.advance(120)
    expect(account.service('shop')).toMatchObject({
      desiredCount: 0,
      runningCount: 0,
      deployments: [{ rolloutState: 'COMPLETED' }],
    })
    expect(account.ecs.tasks().map(task => task.stopCode)).toEqual([
      'ServiceSchedulerInitiated',
      'ServiceSchedulerInitiated',
    ])
    update(account, { desiredCount: 1 })
    await account.advance(60)
    expect(account.service('shop').runningCount).toBe(1)
    expect(account.service('shop').deployments).toHaveLength(1)
  })

  test('takes a new revision while parked, without starting anything', async () => {
    const account = withService({}, { desiredCount: 0 })
    const revision = account.register()
    update(account, { taskDefinition: revision })
    await account.advance(120)
    expect(account.service('shop').deployments).toMatchObject([{ taskDefinition: revision, rolloutState: 'COMPLETED' }])
    expect(account.ecs.tasks()).toEqual([])
  })

  test('uses a strategy in place of a launch type', async () => {
    const account = withService(
      {},
      { launchType: undefined, capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] },
    )
    await account.advance(60)
    const service = account.service('shop')
    expect(service).not.toHaveProperty('launchType')
    expect(service.capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }])
    expect(live(account).map(task => task.capacityProviderName)).toEqual(['FARGATE_SPOT', 'FARGATE_SPOT'])
    expect(account.call('ListServices', { launchType: 'FARGATE' })).toEqual({ serviceArns: [service.serviceArn] })
  })

  test('keeps the shares of its strategy when it replaces a task', async () => {
    const strategy = [
      { capacityProvider: 'FARGATE', base: 1, weight: 0 },
      { capacityProvider: 'FARGATE_SPOT', weight: 1 },
    ]
    const account = withService({}, { launchType: undefined, capacityProviderStrategy: strategy })
    const providers = () =>
      live(account)
        .map(task => task.capacityProviderName)
        .sort()
    await account.advance(60)
    expect(providers()).toEqual(['FARGATE', 'FARGATE_SPOT'])
    const spot = live(account).find(task => task.capacityProviderName === 'FARGATE_SPOT')
    account.call('StopTask', { task: spot?.taskArn })
    await account.advance(60)
    expect(providers()).toEqual(['FARGATE', 'FARGATE_SPOT'])
  })

  test('passes tags on to its tasks', async () => {
    const account = withService(
      {},
      { propagateTags: 'SERVICE', enableECSManagedTags: true, tags: [{ key: 'team', value: 'red' }] },
    )
    await account.advance(5)
    expect(live(account)[0]?.tags).toEqual([
      { key: 'aws:ecs:clusterName', value: 'default' },
      { key: 'aws:ecs:serviceName', value: 'shop' },
      { key: 'team', value: 'red' },
    ])
  })
})

describe('a rollout', () => {
  test('brings the new revision up before it takes the old one down', async () => {
    const account = withService()
    await account.advance(60)
    const revision = account.register()
    expect(update(account, { taskDefinition: revision }).deployments).toMatchObject([
      { status: 'PRIMARY', taskDefinition: revision, rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', rolloutState: 'COMPLETED' },
    ])
    for (let second = 0; second < 150; second += 1) {
      await account.advance(1)
      expect(account.service('shop').runningCount).toBeGreaterThanOrEqual(2)
      expect(live(account).length).toBeLessThanOrEqual(4)
    }
    expect(account.service('shop')).toMatchObject({
      taskDefinition: revision,
      deployments: [{ status: 'PRIMARY', taskDefinition: revision, rolloutState: 'COMPLETED', runningCount: 2 }],
    })
    expect(account.service('shop').deployments).toHaveLength(1)
    expect(live(account).map(task => task.taskDefinitionArn)).toEqual([revision, revision])
  })

  test('takes old ones down first where it may not exceed the count', async () => {
    const account = withService({}, { deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 100 } })
    await account.advance(60)
    const revision = account.register()
    update(account, { taskDefinition: revision })
    for (let second = 0; second < 300; second += 1) {
      await account.advance(1)
      expect(account.service('shop').runningCount).toBeGreaterThanOrEqual(1)
      expect(live(account).length).toBeLessThanOrEqual(2)
    }
    expect(live(account).map(task => task.taskDefinitionArn)).toEqual([revision, revision])
  })

  test('says that it is stuck where the percentages leave no room', async () => {
    const account = withService(
      {},
      { desiredCount: 1, deploymentConfiguration: { minimumHealthyPercent: 60, maximumPercent: 150 } },
    )
    await account.advance(60)
    const revision = account.register()
    update(account, { taskDefinition: revision })
    await account.advance(300)
    expect(account.service('shop').events?.[0]?.message).toMatch(/unable to stop or start tasks during a deployment/)
    expect(account.service('shop').runningCount).toBe(1)
  })

  test('waits for health where the new tasks have a health check', async () => {
    const account = withService()
    await account.advance(60)
    const healthCheck = { command: ['CMD', 'true'], interval: 60 }
    update(account, { taskDefinition: account.register({ containerDefinitions: [container({ healthCheck })] }) })
    await account.advance(50)
    expect(account.service('shop').runningCount).toBe(4)
    await account.advance(60)
    expect(account.service('shop').runningCount).toBe(2)
  })

  test('starts for forceNewDeployment, and not for the same task definition', async () => {
    const account = withService()
    await account.advance(60)
    const before = account.service('shop').deployments?.[0]?.id
    expect(update(account, { taskDefinition: 'web:1', desiredCount: 2 }).deployments).toMatchObject([{ id: before }])
    expect(update(account, { forceNewDeployment: true }).deployments).toHaveLength(2)
    await account.advance(150)
    expect(account.service('shop').deployments).toHaveLength(1)
    expect(account.service('shop').deployments?.[0]?.id).not.toBe(before)
  })

  test('of an image that is not there keeps the old tasks, and tries less and less often', async () => {
    const account = withService({ imageExists: image => !image.includes('broken') })
    await account.advance(60)
    update(account, {
      taskDefinition: account.register({ containerDefinitions: [container({ image: 'acme/broken:1' })] }),
    })
    await account.advance(3600)
    const failed = account.ecs.tasks().filter(task => task.stopCode === 'TaskFailedToStart')
    expect(account.service('shop')).toMatchObject({
      runningCount: 2,
      deployments: [{ rolloutState: 'IN_PROGRESS' }, {}],
    })
    expect(account.service('shop').deployments?.[0]?.failedTasks).toBeGreaterThan(4)
    expect(failed.length).toBeGreaterThan(4)
    expect(failed.length).toBeLessThan(24)
    expect(named(account, 'SERVICE_TASK_START_IMPAIRED')).toHaveLength(1)
    await account.advance(3600)
    const later = account.ecs.tasks().filter(task => task.stopCode === 'TaskFailedToStart')
    expect(later.length).toBeLessThanOrEqual(8)
  })
})

describe('a service whose tasks cannot stay', () => {
  test('is throttled in a crash loop', async () => {
    const account = withService({ behaviour: () => ({ kind: 'exits', code: 1, afterMs: 500 }) }, { desiredCount: 1 })
    await account.advance(3500)
    expect(account.ecs.tasks().length).toBeLessThan(12)
    expect(account.ecs.tasks()[0]).toMatchObject({ stopCode: 'EssentialContainerExited' })
  })

  test('says that there is no capacity, and starts once there is', async () => {
    const account = ecsAccount()
    account.register()
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', until: new Date('2026-03-01T22:10:00Z') })
    create(account)
    await account.advance(500)
    expect(account.ecs.tasks()).toEqual([])
    expect(named(account, 'SERVICE_TASK_PLACEMENT_FAILURE')[0]?.detail).toMatchObject({
      eventType: 'ERROR',
      reason: 'RESOURCE:FARGATE',
    })
    expect(named(account, 'SERVICE_TASK_PLACEMENT_FAILURE').length).toBeLessThan(10)
    await account.advance(1200)
    expect(account.service('shop').runningCount).toBe(2)
  })

  test('begins with short pauses again after a good while', async () => {
    const account = withService({}, { desiredCount: 1 })
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 6 })
    await account.advance(4 * 3600)
    expect(account.service('shop').runningCount).toBe(1)
    account.ecs.refuseCapacity({ capacityProvider: 'FARGATE', times: 1 })
    account.call('StopTask', { task: live(account)[0]?.taskArn })
    await account.advance(60)
    expect(account.service('shop').runningCount).toBe(1)
  })

  test('on instances says that there are none, and starts nothing', async () => {
    const account = withService({}, { launchType: 'EC2' })
    await account.advance(300)
    expect(account.service('shop')).toMatchObject({ launchType: 'EC2', runningCount: 0 })
    expect(account.service('shop').events).toHaveLength(1)
    expect(account.service('shop').events?.[0]?.message).toMatch(/No Container Instances were found/)
  })
})

describe('requests', () => {
  test.each([
    {
      case: 'a service that is missing',
      input: { service: 'nope' },
      refused: 'ServiceNotFoundException: Service not found.',
    },
    {
      case: 'a cluster that is missing',
      input: { cluster: 'nope' },
      refused: 'ClusterNotFoundException: Cluster not found.',
    },
    {
      case: 'a definition that is missing',
      input: { taskDefinition: 'nope:3' },
      refused: 'ClientException: TaskDefinition not found.',
    },
    {
      case: 'a negative count',
      input: { desiredCount: -1 },
      refused: 'InvalidParameterException: desiredCount should be 0 or more, but was -1.',
    },
    {
      case: 'blue/green',
      input: { deploymentConfiguration: { strategy: 'BLUE_GREEN' } },
      refused: 'UnsupportedFeatureException: The local account does not model the deployment strategy BLUE_GREEN.',
    },
    {
      case: 'a threshold of no failures',
      input: {
        deploymentConfiguration: {
          deploymentCircuitBreaker: {
            enable: true,
            rollback: true,
            thresholdConfiguration: { type: 'COUNT', value: 0 },
          },
        },
      },
      refused: 'InvalidParameterException: thresholdConfiguration.value should be a whole number above 0, but was 0.',
    },
    {
      case: 'alarms',
      input: { deploymentConfiguration: { alarms: { enable: true, rollback: true, alarmNames: ['errors'] } } },
      refused:
        'UnsupportedFeatureException: The local account does not model deployment alarms (deploymentConfiguration.alarms).',
    },
    {
      case: 'Classic Load Balancers',
      input: { loadBalancers: [behindClassic] },
      refused:
        'UnsupportedFeatureException: The local account does not model Classic Load Balancers (loadBalancers.loadBalancerName).',
    },
    {
      case: 'ECS Exec without a task role',
      input: { enableExecuteCommand: true },
      refused:
        "InvalidParameterException: The service couldn't be updated because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
    },
  ])('UpdateService refuses $case, and changes nothing', async ({ input, refused }) => {
    const account = withService()
    await account.advance(60)
    const before = account.service('shop')
    expect(refusal(() => update(account, { forceNewDeployment: true, ...input }))).toBe(refused)
    expect(account.service('shop')).toEqual(before)
  })

  test.each<{ case: string; input: object; refused: string }>([
    {
      case: 'early success',
      input: { deploymentConfiguration: { earlySuccessCriteria: {} } },
      refused:
        'UnsupportedFeatureException: The local account does not model early success of deployments (deploymentConfiguration.earlySuccessCriteria).',
    },
    {
      case: 'Classic Load Balancers',
      input: { loadBalancers: [behindClassic] },
      refused:
        'UnsupportedFeatureException: The local account does not model Classic Load Balancers (loadBalancers.loadBalancerName).',
    },
    {
      case: 'service discovery',
      input: {
        serviceRegistries: [{ registryArn: 'arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1' }],
      },
      refused: 'UnsupportedFeatureException: The local account does not model service discovery (serviceRegistries).',
    },
    {
      case: 'a subnet that is none',
      input: { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-x'] } } },
      refused:
        'InvalidParameterException: Error retrieving subnet information for [subnet-x]: Invalid id: "subnet-x" (expecting "subnet-...") (ErrorCode: InvalidSubnetID.Malformed)',
    },
    {
      case: 'ECS Exec without a task role',
      input: { enableExecuteCommand: true },
      refused:
        "InvalidParameterException: The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
    },
    {
      case: 'a task definition beside an EXTERNAL controller',
      input: { deploymentController: { type: 'EXTERNAL' } },
      refused: 'InvalidParameterException: TaskDefinition must be blank.',
    },
  ])('CreateService refuses $case, and makes nothing', ({ input, refused }) => {
    const account = ecsAccount()
    account.register()
    expect(refusal(() => create(account, input))).toBe(refused)
    expect(account.ecs.services()).toEqual([])
    expect(account.events).toEqual([])
  })

  test('keep ECS Exec on only while the task definition has a role', async () => {
    const account = ecsAccount()
    account.register({ taskRoleArn: 'arn:aws:iam::123456789012:role/web' })
    create(account, { enableExecuteCommand: true })
    await account.advance(60)
    expect(live(account).map(task => task.enableExecuteCommand)).toEqual([true, true])
    const without = account.register()
    expect(refusal(() => update(account, { taskDefinition: without }))).toMatch(/valid taskRoleArn is not being used/)
    expect(update(account, { taskDefinition: without, enableExecuteCommand: false }).taskDefinition).toBe(without)
  })

  test('take a circuit breaker that is off', () => {
    const off = { deploymentConfiguration: { deploymentCircuitBreaker: { enable: false, rollback: false } } }
    const account = withService({}, off)
    expect(update(account, off).deploymentConfiguration).toMatchObject(off.deploymentConfiguration)
  })

  test.each([
    {
      controller: 'CODE_DEPLOY',
      refused: /Unable to update task definition on services with a CODE_DEPLOY deployment controller/,
    },
    {
      controller: 'EXTERNAL',
      refused: /Unable to update task definition on services with an EXTERNAL deployment controller/,
    },
  ])('leave the deployments of $controller to it', async ({ controller, refused }) => {
    const account = withService(
      {},
      {
        deploymentController: { type: controller },
        ...(controller === 'EXTERNAL' && { taskDefinition: undefined }),
      },
    )
    await account.advance(60)
    const service = account.service('shop')
    expect(service).toMatchObject({ deploymentController: { type: controller }, deployments: [] })
    expect(service.taskSets?.length).toBe(controller === 'CODE_DEPLOY' ? 1 : 0)
    expect(refusal(() => update(account, { taskDefinition: 'web:1' }))).toMatch(refused)
  })

  test('DeleteService wants 0 or force, drains, and leaves an INACTIVE service', async () => {
    const account = withService()
    await account.advance(60)
    const remove = (input: object = {}) =>
      account.call<{ service: Service }>('DeleteService', { service: 'shop', ...input }).service
    expect(refusal(remove)).toBe('InvalidParameterException: The service cannot be stopped while it is scaled above 0.')
    expect(remove({ force: true }).status).toBe('DRAINING')
    expect(refusal(() => update(account, { desiredCount: 1 }))).toMatch(/^ServiceNotActiveException/)
    expect(refusal(() => create(account))).toMatch(/still Draining/)
    await account.advance(120)
    expect(account.service('shop')).toMatchObject({ status: 'INACTIVE', runningCount: 0, deployments: [] })
    expect(account.call('ListServices')).toEqual({ serviceArns: [] })
    expect(refusal(() => update(account, { desiredCount: 1 }))).toMatch(/^ServiceNotActiveException/)
    expect(refusal(remove)).toMatch(/^ServiceNotFoundException/)
    expect(create(account).status).toBe('ACTIVE')
  })

  test('CreateService is idempotent for the same token and parameters only', () => {
    const account = ecsAccount()
    account.register()
    const { serviceArn } = create(account, { clientToken: 'one' })
    expect(create(account, { clientToken: 'one' }).serviceArn).toBe(serviceArn)
    expect(refusal(() => create(account, { clientToken: 'one', desiredCount: 3 }))).toMatch(/not idempotent/)
    expect(refusal(() => create(account))).toMatch(/not idempotent/)
    expect(account.ecs.services()).toHaveLength(1)
  })

  test('DescribeServices takes 10, names what is MISSING, and gives tags when asked', () => {
    const account = withService({}, { tags: [{ key: 'team', value: 'red' }] })
    const describe = (input: object) =>
      account.call<{ services: Service[]; failures: object[] }>('DescribeServices', input)
    const answer = describe({ services: ['shop', 'nope'] })
    expect(answer.services[0]).not.toHaveProperty('tags')
    expect(answer.failures).toEqual([
      { arn: 'arn:aws:ecs:eu-central-1:123456789012:service/default/nope', reason: 'MISSING' },
    ])
    expect(account.service('shop').tags).toEqual([{ key: 'team', value: 'red' }])
    expect(refusal(() => describe({ services: Array(11).fill('shop') }))).toMatch(/^InvalidParameterException/)
    expect(refusal(() => describe({ services: [] }))).toMatch(/^InvalidParameterException/)
  })

  test('ListServices pages by 10 unless asked for more', () => {
    const account = ecsAccount()
    account.register()
    for (let n = 0; n < 12; n += 1) create(account, { serviceName: `s${n}`, desiredCount: 0 })
    const first = account.call<{ serviceArns: string[]; nextToken: string }>('ListServices')
    expect(first.serviceArns).toHaveLength(10)
    expect(
      account.call<{ serviceArns: string[] }>('ListServices', { nextToken: first.nextToken }).serviceArns,
    ).toHaveLength(2)
    expect(account.call<{ serviceArns: string[] }>('ListServices', { maxResults: 100 }).serviceArns).toHaveLength(12)
  })
})
