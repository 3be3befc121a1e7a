/** Clusters, services, task definitions and tasks, in ECS. */
import {
  ClusterNotFoundException,
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  type ECSClientConfig,
  type Service as EcsService,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  RunTaskCommand,
  ServiceNotFoundException,
  StopTaskCommand,
  type Task,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import type {
  Cluster,
  Fleet,
  RunAnswer,
  RunRequest,
  Service,
  StartedTask,
  TaskDefinition,
  TaskDefinitionRevision,
} from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { portError } from './sdk-error.ts'

/** DescribeTasks takes this many at most. */
const tasksPerCall = 100

/** `options`: for a client other than the environment's. */
export function ecsFleet(options: ECSClientConfig = {}): Fleet {
  const client = new ECSClient({ ...clientConfig, ...options })
  return {
    describeCluster: cluster => describeCluster(client, cluster),
    describeService: (cluster, service) => describeService(client, cluster, service),
    describeTaskDefinition: id => describeTaskDefinition(client, id),
    registerTaskDefinition: definition => registerTaskDefinition(client, definition),
    updateService: change => updateService(client, change),
    runTask: request => runTask(client, request),
    tasksStartedBy: (cluster, startedBy) => tasksStartedBy(client, cluster, startedBy),
    stopTask: (cluster, task, reason) => stopTask(client, cluster, task, reason),
  }
}

async function describeCluster(client: ECSClient, name: string): Promise<Cluster | undefined> {
  return saying(`ecs:DescribeClusters of ${name}`, async () => {
    const answer = await client.send(new DescribeClustersCommand({ clusters: [name] }))
    const found = answer.clusters?.[0]
    if (!found) return undefined
    return {
      name: found.clusterName ?? name,
      arn: found.clusterArn ?? '',
      status: found.status ?? 'UNKNOWN',
      capacityProviders: found.capacityProviders ?? [],
    }
  })
}

async function describeService(client: ECSClient, cluster: string, name: string): Promise<Service | undefined> {
  return saying(`ecs:DescribeServices of ${name} in ${cluster}`, async () => {
    try {
      const answer = await client.send(new DescribeServicesCommand({ cluster, services: [name] }))
      const found = answer.services?.[0]
      return found && asService(found, name)
    } catch (error) {
      if (error instanceof ClusterNotFoundException || error instanceof ServiceNotFoundException) return undefined
      throw error
    }
  })
}

function asService(service: EcsService, name: string): Service {
  return {
    name: service.serviceName ?? name,
    arn: service.serviceArn ?? '',
    status: service.status ?? 'UNKNOWN',
    ...(service.launchType && { launchType: service.launchType }),
    capacityProviders: (service.capacityProviderStrategy ?? []).map(each => each.capacityProvider ?? ''),
    controller: service.deploymentController?.type ?? 'ECS',
    revision: service.taskDefinition ?? '',
    desiredCount: service.desiredCount ?? 0,
    ...(service.createdAt && { createdAt: service.createdAt }),
    deployments: (service.deployments ?? []).map(each => ({
      id: each.id ?? '',
      status: each.status ?? 'UNKNOWN',
      revision: each.taskDefinition ?? '',
      ...(each.createdAt && { createdAt: each.createdAt }),
    })),
  }
}

/** What DescribeTaskDefinition answers beyond what RegisterTaskDefinition takes. */
const answeredOnly = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
] as const

async function describeTaskDefinition(client: ECSClient, id: string): Promise<TaskDefinitionRevision | undefined> {
  return saying(`ecs:DescribeTaskDefinition of ${id}`, async () => {
    try {
      const input = { taskDefinition: id, include: ['TAGS' as const] }
      const { taskDefinition, tags } = await client.send(new DescribeTaskDefinitionCommand(input))
      if (!taskDefinition?.taskDefinitionArn) return undefined
      const definition: Record<string, unknown> = { ...taskDefinition }
      for (const member of answeredOnly) delete definition[member]
      const kept = (tags ?? []).filter(tag => !tag.key?.startsWith('aws:'))
      return {
        arn: taskDefinition.taskDefinitionArn,
        status: taskDefinition.status ?? 'UNKNOWN',
        // The members that we touch are required of every task definition that ECS has.
        definition: { ...definition, ...(kept.length > 0 && { tags: kept }) } as TaskDefinition,
      }
    } catch (error) {
      if (isUnknownTaskDefinition(error)) return undefined
      throw error
    }
  })
}

/** ECS has no error of its own for this: a ClientException whose text says so. */
function isUnknownTaskDefinition(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ClientException' &&
    /unable to describe task definition/i.test(error.message)
  )
}

async function registerTaskDefinition(client: ECSClient, definition: TaskDefinition): Promise<string> {
  return saying(`ecs:RegisterTaskDefinition of ${definition.family}`, async () => {
    const input = definition as unknown as RegisterTaskDefinitionCommandInput
    const { taskDefinition } = await client.send(new RegisterTaskDefinitionCommand(input))
    if (!taskDefinition?.taskDefinitionArn) throw new Error('ECS registered a task definition and did not name it')
    return taskDefinition.taskDefinitionArn
  })
}

async function updateService(
  client: ECSClient,
  change: { cluster: string; service: string; revision: string },
): Promise<Service> {
  const { cluster, service, revision } = change
  return saying(`ecs:UpdateService of ${service} in ${cluster}`, async () => {
    const answer = await client.send(new UpdateServiceCommand({ cluster, service, taskDefinition: revision }))
    return asService(answer.service ?? {}, service)
  })
}

async function runTask(client: ECSClient, request: RunRequest): Promise<RunAnswer> {
  const { cluster, revision, count, capacity, network, startedBy, clientToken, tags } = request
  return saying(`ecs:RunTask of ${revision} in ${cluster}`, async () => {
    const answer = await client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: revision,
        count,
        // The two exclude each other; Spot is to be had through a strategy only.
        ...(capacity === 'spot'
          ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }
          : { launchType: 'FARGATE' as const }),
        ...(network && {
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: network.subnets,
              securityGroups: network.securityGroups,
              assignPublicIp: network.publicIp ? ('ENABLED' as const) : ('DISABLED' as const),
            },
          },
        }),
        startedBy,
        clientToken,
        tags,
        propagateTags: 'TASK_DEFINITION',
        enableECSManagedTags: true,
      }),
    )
    return {
      tasks: (answer.tasks ?? []).flatMap(asStarted),
      failures: (answer.failures ?? []).map(failure => ({
        reason: failure.reason ?? 'no reason given',
        ...(failure.detail && { detail: failure.detail }),
      })),
    }
  })
}

async function tasksStartedBy(client: ECSClient, cluster: string, startedBy: string): Promise<StartedTask[]> {
  return saying(`ecs:ListTasks started by ${startedBy} in ${cluster}`, async () => {
    const arns = new Set<string>()
    for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
      let nextToken: string | undefined
      do {
        const from = nextToken === undefined ? {} : { nextToken }
        const page = await client.send(new ListTasksCommand({ cluster, startedBy, desiredStatus, ...from }))
        for (const arn of page.taskArns ?? []) arns.add(arn)
        nextToken = page.nextToken
      } while (nextToken !== undefined)
    }
    const all = [...arns]
    const tasks: StartedTask[] = []
    for (let from = 0; from < all.length; from += tasksPerCall) {
      const some = all.slice(from, from + tasksPerCall)
      const answer = await client.send(new DescribeTasksCommand({ cluster, tasks: some }))
      tasks.push(...(answer.tasks ?? []).flatMap(asStarted))
    }
    return tasks
  })
}

async function stopTask(client: ECSClient, cluster: string, task: string, reason: string): Promise<void> {
  await saying(`ecs:StopTask of ${task}`, () => client.send(new StopTaskCommand({ cluster, task, reason })))
}

function asStarted(task: Task): StartedTask[] {
  return task.taskArn === undefined ? [] : [{ arn: task.taskArn, lastStatus: task.lastStatus ?? 'UNKNOWN' }]
}

async function saying<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw portError(error, doing)
  }
}
