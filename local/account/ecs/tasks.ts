/** StopTask, DescribeTasks, ListTasks. */
import type { DescribeTasksCommandInput, ListTasksCommandInput, StopTaskCommandInput, Task } from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { SimulatedClock } from '../clock.ts'
import { type Arns, nameWithin, taskIdWithin } from './arns.ts'
import type { Clusters } from './clusters.ts'
import { page, sortableNumber } from './paging.ts'
import { includesTags, invalidParameter, oneOf } from './refusals.ts'
import type { TaskLifecycle } from './task-lifecycle.ts'
import type { TaskRecord } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

/** A copy of the task as the API shows it; tags only where they were asked for. */
export function taskAnswer(record: TaskRecord, withTags = false): Task {
  return { ...structuredClone(record.state), tags: withTags ? structuredClone(record.tags) : [] }
}

export interface TaskWorld {
  clock: SimulatedClock
  arns: Arns
  clusters: Clusters
  store: TaskStore
  lifecycle: TaskLifecycle
  hasService(cluster: string, name: string): boolean
}

export class Tasks {
  readonly #world: TaskWorld
  #lagMs = 0

  constructor(world: TaskWorld) {
    this.#world = world
  }

  /** From now on, reads do not see tasks that were started less than this ago. */
  lagReads(ms: number): void {
    this.#lagMs = ms
  }

  operations() {
    return {
      StopTask: (input: StopTaskCommandInput) => this.#stop(input),
      DescribeTasks: (input: DescribeTasksCommandInput) => this.#describe(input),
      ListTasks: (input: ListTasksCommandInput) => this.#list(input),
    }
  }

  #stop(input: StopTaskCommandInput) {
    const cluster = this.#world.clusters.find(input.cluster)
    const record = this.#world.store.find(cluster.name, taskIdWithin(input.task ?? '', cluster.name))
    if (!record) throw invalidParameter('The referenced task was not found.')
    this.#world.lifecycle.stop(record, { code: 'UserInitiated', reason: input.reason ?? 'Task stopped by user' })
    return { task: taskAnswer(record) }
  }

  #describe(input: DescribeTasksCommandInput) {
    const withTags = includesTags(input.include)
    const cluster = this.#world.clusters.find(input.cluster)
    const asked = input.tasks ?? []
    if (asked.length === 0) throw invalidParameter('Tasks cannot be empty.')
    if (asked.length > 100) throw invalidParameter('Tasks cannot have more than 100 elements.')
    const answers = asked.map(identifier => ({ identifier, record: this.#seen(cluster.name, identifier) }))
    return {
      tasks: answers.flatMap(({ record }) => (record ? [taskAnswer(record, withTags)] : [])),
      failures: answers.flatMap(({ identifier, record }) =>
        record ? [] : [{ arn: this.#arnOf(cluster.name, identifier), reason: 'MISSING' }],
      ),
    }
  }

  #list(input: ListTasksCommandInput) {
    const cluster = this.#world.clusters.find(input.cluster)
    const { family, serviceName, startedBy, launchType, containerInstance } = input
    oneOf('desiredStatus', input.desiredStatus, ['RUNNING', 'PENDING', 'STOPPED'])
    oneOf('launchType', launchType, ['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'])
    // ECS takes desiredStatus beside startedBy, though its reference calls startedBy the only filter.
    if (startedBy !== undefined && (family ?? serviceName ?? launchType ?? containerInstance) !== undefined)
      throw invalidParameter('cannot specify startedBy with other arguments')
    const service = serviceName === undefined ? undefined : nameWithin('service', serviceName, cluster.name)
    if (service !== undefined && !this.#world.hasService(cluster.name, service))
      throw new AwsError('ServiceNotFoundException', 'Service not found.')
    const filters = {
      ...(family !== undefined && { family }),
      ...(service !== undefined && { service }),
      ...(startedBy !== undefined && { startedBy }),
    }
    const desired = input.desiredStatus ?? 'RUNNING'
    // Fargate tasks run on no instance of ours, so a filter for one leaves nothing.
    const none = containerInstance !== undefined || (launchType !== undefined && launchType !== 'FARGATE')
    const listed = none ? [] : this.#world.store.list(cluster.name, filters)
    const chosen = where(listed, record => record.state.desiredStatus === desired && this.#isVisible(record))
    const { items, ...next } = page(chosen, record => sortableNumber(record.sequence), input)
    return { taskArns: items.map(record => record.state.taskArn), ...next }
  }

  #seen(cluster: string, identifier: string): TaskRecord | undefined {
    const record = this.#world.store.find(cluster, taskIdWithin(identifier, cluster))
    return record && this.#isVisible(record) ? record : undefined
  }

  #isVisible(record: TaskRecord): boolean {
    return this.#world.clock.now().getTime() - record.state.createdAt.getTime() >= this.#lagMs
  }

  #arnOf(cluster: string, identifier: string): string {
    return identifier.startsWith('arn:') ? identifier : this.#world.arns.task(cluster, identifier)
  }
}

function* where<Item>(items: Iterable<Item>, holds: (item: Item) => boolean): Iterable<Item> {
  for (const item of items) if (holds(item)) yield item
}
