/** ECS as one service of the local account: Fargate tasks and services, simulated on the account's clock. */
import type { Cluster, Service, Task } from '@aws-sdk/client-ecs'
import type { AccountContext, AccountService } from '../context.ts'
import { arnsOf } from './arns.ts'
import type { ContainerWorld } from './behaviour.ts'
import { Capacity, type Refusal } from './capacity.ts'
import { ClientTokens } from './client-tokens.ts'
import { type ClusterStatus, Clusters } from './clusters.ts'
import { Deployments } from './deployments.ts'
import { Launcher } from './launch.ts'
import { runTaskOperation } from './run-task.ts'
import { Scheduler } from './scheduler.ts'
import { historyOf, ServiceDeployments } from './service-deployments.ts'
import { ServiceEvents } from './service-events.ts'
import { serviceAnswer } from './service-record.ts'
import { ServiceStore } from './service-store.ts'
import { Services } from './services.ts'
import { type Tagged, tagOperations } from './tags.ts'
import { TaskDefinitions } from './task-definitions.ts'
import { type TaskFaults, taskFaults } from './task-faults.ts'
import { TaskLifecycle } from './task-lifecycle.ts'
import { taskProtectionOperations } from './task-protection.ts'
import type { TaskRecord } from './task-record.ts'
import { TaskStore } from './task-store.ts'
import { Tasks, taskAnswer } from './tasks.ts'
import { tellRuns } from './telemetry.ts'

export type { Activity } from './activity.ts'
export type { Behaviour, ContainerWorld } from './behaviour.ts'
export type { Refusal } from './capacity.ts'

/** What containers find, and what is there from the start. */
export interface EcsDependencies extends ContainerWorld {
  seed?: {
    clusters?: { name: string; status?: ClusterStatus; capacityProviders?: string[] }[]
  }
}

/** ECS, with what tests and the console may see and do beyond its API. */
export interface Ecs extends AccountService, TaskFaults {
  /** Puts a cluster into a state that AWS would bring it to by itself; throws when there is no such cluster. */
  setClusterStatus(name: string, status: ClusterStatus): void
  /** For so many copies, or until a moment, there is no capacity of this kind. */
  refuseCapacity(refusal: Refusal): void
  /** Reads do not see tasks that were started less than this ago; 0 ends it. */
  lagReads(ms: number): void
  /** Hears of each change of a task, after it was told on the bus. */
  watchTasks(watcher: (record: TaskRecord) => void): void
  /** Everything as it is now, tags included, whatever reads lag: copies. */
  tasks(): Task[]
  services(): Service[]
  clusters(): Cluster[]
}

export function createEcs(context: AccountContext, dependencies: EcsDependencies): Ecs {
  const arns = arnsOf(context)
  const clusters = new Clusters(context, dependencies.telemetry)
  for (const { name, ...cluster } of dependencies.seed?.clusters ?? [])
    clusters.create({ clusterName: name, ...cluster })
  const definitions = new TaskDefinitions(context)
  const capacity = new Capacity(context.clock)
  const taskStore = new TaskStore(context.clock)
  const serviceStore = new ServiceStore()
  const lifecycle = new TaskLifecycle(context, dependencies, taskStore)
  if (dependencies.telemetry)
    tellRuns(lifecycle, dependencies.telemetry, {
      clock: context.clock,
      ...(dependencies.activity && { activity: dependencies.activity }),
      deploymentOf: ({ cluster, service }) =>
        serviceStore
          .find(cluster, service?.name ?? '')
          ?.deployments.find(deployment => deployment.id === service?.deploymentId),
    })
  const launcher = new Launcher(context, capacity, taskStore, lifecycle)
  const tokens = new ClientTokens(context.clock, taskStore)
  const events = new ServiceEvents(context)
  const deployments = new Deployments(context, events)
  const scheduler = new Scheduler({
    context,
    clusters,
    launcher,
    lifecycle,
    events,
    deployments,
    serviceOf: task => serviceStore.find(task.cluster, task.service?.name ?? ''),
  })
  const services = new Services({ context, arns, clusters, definitions, store: serviceStore, deployments, scheduler })
  const history = new ServiceDeployments({
    clock: context.clock,
    arns,
    clusters,
    store: serviceStore,
    deployments,
    scheduler,
  })
  const tasks = new Tasks({
    clock: context.clock,
    arns,
    clusters,
    store: taskStore,
    lifecycle,
    hasService: (cluster, name) => serviceStore.find(cluster, name) !== undefined,
  })
  const clusterOperations = clusters.operations(cluster => ({
    ...taskStore.counts(cluster),
    activeServicesCount: serviceStore.of(cluster).filter(service => service.status === 'ACTIVE').length,
  }))

  function tagged(arn: string): Tagged | undefined {
    const task = taskStore.byArn(arn)
    // A stopped task is still described, but its tags are gone and take no more.
    if (task) return task.state.lastStatus === 'STOPPED' ? undefined : task
    return clusters.byArn(arn) ?? serviceStore.byArn(arn) ?? definitions.byArn(arn)
  }

  return {
    operations: {
      ...clusterOperations,
      ...definitions.operations(),
      RunTask: runTaskOperation({ clusters, definitions, launcher, tokens }, record => taskAnswer(record, true)),
      ...tasks.operations(),
      ...taskProtectionOperations({ clock: context.clock, arns, clusters, store: taskStore, lifecycle }),
      ...services.operations(),
      ...history.operations(),
      ...tagOperations(tagged),
    },
    setClusterStatus(name, status) {
      clusters.find(name).status = status
    },
    ...taskFaults(taskStore, lifecycle),
    refuseCapacity: refusal => capacity.refuse(refusal),
    lagReads: ms => tasks.lagReads(ms),
    watchTasks: watcher => lifecycle.watch(watcher),
    tasks: () => taskStore.all().map(record => taskAnswer(record, true)),
    services: () =>
      serviceStore.all().map(service => {
        historyOf(service, context.clock.now())
        return serviceAnswer(service, arns, context.accountId, true)
      }),
    clusters: () =>
      clusters.names().length === 0
        ? []
        : clusterOperations.DescribeClusters({ clusters: clusters.names(), include: ['TAGS', 'SETTINGS'] }).clusters,
  }
}
