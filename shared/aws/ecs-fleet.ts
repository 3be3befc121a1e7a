/** Clusters, services, task definitions and tasks, in ECS. */
import { DescribeClustersCommand, ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs'
import type { Cluster, Fleet } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { serviceRollout } from './ecs-rollouts.ts'
import { describeServices, listServices, setDesiredCount, updateService } from './ecs-services.ts'
import { describeTaskDefinition, registerTaskDefinition } from './ecs-task-definitions.ts'
import { describeTasks, listTasks, runTask, stopTask, taskProtection, tasksStartedBy } from './ecs-tasks.ts'
import { saying } from './sdk-error.ts'

/** `options`: for a client other than the environment's. */
export function ecsFleet(options: ECSClientConfig = {}): Fleet {
  const client = new ECSClient({ ...clientConfig, ...options })
  return {
    describeCluster: cluster => describeCluster(client, cluster),
    describeService: async (cluster, service) => (await describeServices(client, cluster, [service]))[0],
    describeServices: (cluster, services) => describeServices(client, cluster, services),
    listServices: cluster => listServices(client, cluster),
    serviceRollout: (cluster, service, revision, since) => serviceRollout(client, cluster, service, revision, since),
    updateService: change => updateService(client, change),
    setDesiredCount: (cluster, service, desiredCount) => setDesiredCount(client, cluster, service, desiredCount),
    describeTaskDefinition: id => describeTaskDefinition(client, id),
    registerTaskDefinition: definition => registerTaskDefinition(client, definition),
    runTask: request => runTask(client, request),
    tasksStartedBy: (cluster, startedBy) => tasksStartedBy(client, cluster, startedBy),
    stopTask: (cluster, task, reason) => stopTask(client, cluster, task, reason),
    listTasks: (cluster, desired) => listTasks(client, cluster, desired),
    describeTasks: (cluster, arns) => describeTasks(client, cluster, arns),
    taskProtection: (cluster, arns) => taskProtection(client, cluster, arns),
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
