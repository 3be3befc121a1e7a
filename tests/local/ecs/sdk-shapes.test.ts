import {
  ConflictException,
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTagsForResourceCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterSettingsCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { expect, test } from 'vitest'
import { localAccount } from '../wire/local-account.ts'
import { container, ecsAccount, fargate, network } from './ecs-account.ts'

const everything: ContainerDefinition = {
  logConfiguration: { logDriver: 'awslogs' },
  healthCheck: { command: ['CMD', 'true'] },
  portMappings: [{ containerPort: 80 }],
}

const targetGroups = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup'

/** The wire refuses, with a 500, an answer that has a member which the SDK's schema does not know. */
function client(account = ecsAccount()) {
  const { client: configuration, faults } = localAccount({ ecs: account.ecs.operations })
  return { account, faults, ecs: new ECSClient(configuration) }
}

test('every answer is of the shape that the SDK reads', async () => {
  const { account, ecs, faults } = client()
  const tags = [{ key: 'team', value: 'red' }]
  await ecs.send(new CreateClusterCommand({ clusterName: 'blue', tags }))
  await ecs.send(
    new PutClusterCapacityProvidersCommand({
      cluster: 'blue',
      capacityProviders: ['FARGATE'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
    }),
  )
  await ecs.send(
    new UpdateClusterSettingsCommand({ cluster: 'blue', settings: [{ name: 'containerInsights', value: 'enabled' }] }),
  )
  await ecs.send(
    new DescribeClustersCommand({
      clusters: ['blue', 'nope'],
      include: ['TAGS', 'SETTINGS', 'CONFIGURATIONS', 'STATISTICS'],
    }),
  )
  await ecs.send(new ListClustersCommand({}))
  const executionRoleArn = 'arn:aws:iam::123456789012:role/pull'
  const registered = await ecs.send(
    new RegisterTaskDefinitionCommand(
      fargate({ executionRoleArn, tags, containerDefinitions: [container(everything)] }),
    ),
  )
  expect(registered.taskDefinition?.registeredAt).toBeInstanceOf(Date)
  await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'web', include: ['TAGS'] }))
  await ecs.send(new ListTaskDefinitionsCommand({}))
  await ecs.send(new ListTaskDefinitionFamiliesCommand({}))
  const run = await ecs.send(
    new RunTaskCommand({ taskDefinition: 'web', launchType: 'FARGATE', networkConfiguration: network, tags, count: 2 }),
  )
  const [first, second] = (run.tasks ?? []).map(task => task.taskArn ?? '')
  await ecs.send(
    new CreateServiceCommand({
      serviceName: 's',
      taskDefinition: 'web',
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: network,
      loadBalancers: [
        { targetGroupArn: `${targetGroups}/web/6d0ecf831eec9f09`, containerName: 'web', containerPort: 80 },
      ],
      tags,
    }),
  )
  await ecs.send(
    new CreateServiceCommand({
      serviceName: 'cd',
      taskDefinition: 'web',
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: network,
      deploymentController: { type: 'CODE_DEPLOY' },
    }),
  )
  await account.advance(60)
  await ecs.send(new StopTaskCommand({ task: first }))
  await account.advance(120)
  await ecs.send(new UpdateServiceCommand({ service: 's', forceNewDeployment: true }))
  const described = await ecs.send(
    new DescribeTasksCommand({ tasks: [first ?? '', second ?? '', 'f'.repeat(32)], include: ['TAGS'] }),
  )
  expect(described.tasks?.map(task => [task.lastStatus, task.stoppedAt instanceof Date])).toEqual([
    ['STOPPED', true],
    ['RUNNING', false],
  ])
  const services = await ecs.send(new DescribeServicesCommand({ services: ['s', 'cd'], include: ['TAGS'] }))
  expect(services.services?.map(service => service.runningCount)).toEqual([1, 1])
  expect(services.services?.map(service => service.loadBalancers?.[0]?.containerPort)).toEqual([80, undefined])
  await ecs.send(new ListTasksCommand({ serviceName: 's' }))
  await ecs.send(new ListServicesCommand({}))
  await ecs.send(new TagResourceCommand({ resourceArn: second, tags }))
  await ecs.send(new ListTagsForResourceCommand({ resourceArn: second }))
  await ecs.send(new UntagResourceCommand({ resourceArn: second, tagKeys: ['team'] }))
  await ecs.send(new DeleteServiceCommand({ service: 's', force: true }))
  await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: 'web:1' }))
  expect(faults).toEqual([])
})

test('a conflict reaches the client as ConflictException with the tasks it names', async () => {
  const { ecs } = client()
  await ecs.send(new RegisterTaskDefinitionCommand(fargate()))
  const request = {
    taskDefinition: 'web',
    launchType: 'FARGATE',
    networkConfiguration: network,
    clientToken: 't1',
  } as const
  const first = await ecs.send(new RunTaskCommand(request))
  const conflict = await ecs.send(new RunTaskCommand({ ...request, count: 2 })).catch(error => error)
  expect(conflict).toBeInstanceOf(ConflictException)
  expect(conflict.resourceIds).toEqual(first.tasks?.map(task => task.taskArn))
})
