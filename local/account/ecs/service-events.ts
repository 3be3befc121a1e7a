/** What a service says: its messages in Describe, and its events on the bus. */
import type { AccountContext } from '../context.ts'
import { type Arns, arnsOf } from './arns.ts'
import { capacityUnavailable } from './capacity.ts'
import type { DeploymentRecord } from './deployment-record.ts'
import type { ServiceRecord } from './service-record.ts'
import type { TaskRecord } from './task-record.ts'

/** DescribeServices gives the last 100. */
const keptMessages = 100
/** ECS names only so many tasks in one message. */
const namedTasks = 10

export class ServiceEvents {
  readonly #context: AccountContext
  readonly #arns: Arns

  constructor(context: AccountContext) {
    this.#context = context
    this.#arns = arnsOf(context)
  }

  started(service: ServiceRecord, tasks: readonly TaskRecord[]): void {
    this.#say(service, `has started ${tasks.length} tasks: ${named(tasks)}.`)
  }

  stopped(service: ServiceRecord, tasks: readonly TaskRecord[]): void {
    this.#say(service, `has stopped ${tasks.length} running tasks: ${named(tasks)}.`)
  }

  failedHealthChecks(service: ServiceRecord, task: TaskRecord): void {
    this.#say(service, `${named([task])} failed container health checks.`)
  }

  noInstances(service: ServiceRecord): void {
    this.#say(
      service,
      'was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.',
    )
  }

  noCapacity(service: ServiceRecord): void {
    this.#say(service, `was unable to place a task. Reason: ${capacityUnavailable}.`)
    this.#act(service, 'ERROR', 'SERVICE_TASK_PLACEMENT_FAILURE', { reason: 'RESOURCE:FARGATE' })
  }

  startImpaired(service: ServiceRecord): void {
    this.#say(service, 'is unable to consistently start tasks successfully.')
    this.#act(service, 'WARN', 'SERVICE_TASK_START_IMPAIRED')
  }

  stuck(service: ServiceRecord): void {
    this.#say(
      service,
      'was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
    )
  }

  steady(service: ServiceRecord): void {
    this.#say(service, 'has reached a steady state.')
    this.#act(service, 'INFO', 'SERVICE_STEADY_STATE')
  }

  deploymentInProgress(service: ServiceRecord, deployment: DeploymentRecord): void {
    this.#tellDeployment(service, deployment, 'SERVICE_DEPLOYMENT_IN_PROGRESS')
  }

  deploymentCompleted(service: ServiceRecord, deployment: DeploymentRecord): void {
    if (service.controller === 'ECS') this.#say(service, `(deployment ${deployment.id}) deployment completed.`)
    this.#tellDeployment(service, deployment, 'SERVICE_DEPLOYMENT_COMPLETED')
  }

  /** Only the circuit breaker fails a deployment: without it ECS tries on for ever, and sends no such event. */
  deploymentFailed(service: ServiceRecord, deployment: DeploymentRecord): void {
    this.#say(service, `(deployment ${deployment.id}) deployment failed: tasks failed to start.`)
    this.#tellDeployment(service, deployment, 'SERVICE_DEPLOYMENT_FAILED', 'ERROR')
  }

  /** On the bus a rollback is one more deployment in progress, of the deployment that is gone back to. */
  rollingBack(service: ServiceRecord, to: DeploymentRecord): void {
    this.#say(service, `rolling back to deployment ${to.id}.`)
    this.deploymentInProgress(service, to)
  }

  #say(service: ServiceRecord, message: string): void {
    const { random, clock } = this.#context
    service.events.unshift({
      id: random.uuid(),
      createdAt: clock.now(),
      message: `(service ${service.name}) ${message}`,
    })
    service.events.splice(keptMessages)
  }

  #act(service: ServiceRecord, eventType: string, eventName: string, more: Record<string, unknown> = {}): void {
    this.#emit(service, 'ECS Service Action', {
      eventType,
      eventName,
      clusterArn: this.#arns.cluster(service.cluster),
      ...more,
      createdAt: this.#context.clock.now().toISOString(),
    })
  }

  /** Only rolling deployments are told: a task set's progress is its controller's matter. */
  #tellDeployment(service: ServiceRecord, deployment: DeploymentRecord, eventName: string, eventType = 'INFO'): void {
    if (service.controller !== 'ECS') return
    this.#emit(service, 'ECS Deployment State Change', {
      eventType,
      eventName,
      deploymentId: deployment.id,
      updatedAt: deployment.updatedAt.toISOString(),
      reason: deployment.rolloutStateReason,
    })
  }

  #emit(service: ServiceRecord, detailType: string, detail: Record<string, unknown>): void {
    this.#context.emit({ source: 'aws.ecs', 'detail-type': detailType, resources: [service.arn], detail })
  }
}

const named = (tasks: readonly TaskRecord[]) =>
  tasks
    .slice(0, namedTasks)
    .map(task => `(task ${task.id})`)
    .join(' ')
