/** How a service's deployments begin and end: in progress, completed, failed, rolled back. What they run is the scheduler's. */
import type { AccountContext } from '../context.ts'
import { type Arns, arnsOf } from './arns.ts'
import { isTripped } from './circuit-breaker.ts'
import type { DeploymentRecord, DeploymentRuntime } from './deployment-record.ts'
import { breakerOf, isOpen, type ServiceDeploymentRecord, sidesOf } from './service-deployment-record.ts'
import type { ServiceEvents } from './service-events.ts'
import type { ServiceRecord } from './service-record.ts'
import type { RevisionRecord } from './task-definitions.ts'

/** Why a service deployment ended as it did: ECS's words but for the three of `stopped…` and `onRequest`. */
export const statusReasons = {
  trippedBack: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
  noCandidate: 'No rollback candidate was found to run the rollback.',
  onRequest: 'Service deployment rolled back because StopServiceDeployment was called.',
  stoppedTripped: 'Service deployment stopped because the circuit breaker threshold was exceeded.',
  stoppedOvertaken: 'Service deployment stopped because a newer service deployment began.',
  stoppedDeleted: 'Service deployment stopped because the service was deleted.',
} as const

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export class Deployments {
  readonly #context: AccountContext
  readonly #arns: Arns
  readonly #events: ServiceEvents

  constructor(context: AccountContext, events: ServiceEvents) {
    this.#context = context
    this.#arns = arnsOf(context)
    this.#events = events
  }

  /** Makes a new deployment the service's primary one, in place of whichever is under way. */
  begin(service: ServiceRecord, revision: RevisionRecord, runtime: DeploymentRuntime): void {
    const now = this.#context.clock.now()
    const id = `ecs-svc/${this.#characters(19, '0123456789')}`
    const deployment: DeploymentRecord = {
      id,
      revision,
      runtime,
      createdAt: now,
      updatedAt: now,
      rolloutState: 'IN_PROGRESS',
      rolloutStateReason: `ECS deployment ${id} in progress.`,
      tasks: new Set(),
      served: new WeakSet(),
      failedTasks: 0,
      pauses: 0,
      retryAt: now,
    }
    // What CODE_DEPLOY runs are task sets: they have no service deployments.
    if (service.controller === 'ECS') this.#open(service, deployment)
    service.deployments.unshift(deployment)
    service.steady = false
    this.#events.deploymentInProgress(service, deployment)
  }

  /** Takes the service deployment under way a step on: it starts, or has to be given up. */
  advance(service: ServiceRecord): void {
    const [primary] = service.deployments
    const record = service.history.find(isOpen)
    if (!primary || !record) return
    if (record.status === 'PENDING') this.#enter(record, 'IN_PROGRESS', { startedAt: this.#context.clock.now() })
    if (record.status === 'ROLLBACK_REQUESTED') this.#rollBackOnRequest(service, primary, record)
    else if (isTripped(service.kept.deploymentConfiguration, service.desiredCount, primary.failedTasks))
      this.#trip(service, primary, record)
  }

  /** The primary deployment serves alone. */
  complete(service: ServiceRecord, primary: DeploymentRecord): void {
    this.#roll(primary, 'COMPLETED', `ECS deployment ${primary.id} completed.`)
    service.lastCompleted = primary
    this.#events.deploymentCompleted(service, primary)
    const record = service.history.find(isOpen)
    if (record) this.#finish(service, record, record.rollback ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL')
  }

  /** Ends what is under way, for a service that is deleted. */
  abandon(service: ServiceRecord): void {
    const record = service.history.find(isOpen)
    if (record) this.#finish(service, record, 'STOPPED', statusReasons.stoppedDeleted)
  }

  /** Asks for the rollback of a service deployment that is PENDING or IN_PROGRESS; `advance` carries it out. */
  requestRollback(record: ServiceDeploymentRecord): void {
    this.#enter(record, 'ROLLBACK_REQUESTED', { statusReason: statusReasons.onRequest })
  }

  #open(service: ServiceRecord, target: DeploymentRecord): void {
    const overtaken = service.history.find(isOpen)
    if (overtaken) this.#finish(service, overtaken, 'STOPPED', statusReasons.stoppedOvertaken)
    service.history.unshift({
      id: this.#characters(21, alphabet),
      sequence: (service.history[0]?.sequence ?? 0) + 1,
      target,
      sources: [...service.deployments],
      configuration: structuredClone(service.kept.deploymentConfiguration ?? {}),
      status: 'PENDING',
      createdAt: target.createdAt,
      updatedAt: target.createdAt,
    })
  }

  /** Without a rollback, or without anything to go back to, the deployment stalls: FAILED, and nothing starts any more. */
  #trip(service: ServiceRecord, primary: DeploymentRecord, record: ServiceDeploymentRecord): void {
    record.breaker ??= breakerOf(service, record, 'TRIGGERED')
    this.#roll(primary, 'FAILED', 'ECS deployment circuit breaker: tasks failed to start.')
    this.#events.deploymentFailed(service, primary)
    if (record.rollback) this.#finish(service, record, 'ROLLBACK_FAILED', statusReasons.trippedBack)
    else if (service.kept.deploymentConfiguration?.deploymentCircuitBreaker?.rollback)
      this.#rollBack(service, record, statusReasons.trippedBack, 'ECS deployment circuit breaker: rolling back')
    else this.#finish(service, record, 'STOPPED', statusReasons.stoppedTripped)
  }

  #rollBackOnRequest(service: ServiceRecord, primary: DeploymentRecord, record: ServiceDeploymentRecord): void {
    if (this.#rollBack(service, record, statusReasons.onRequest, 'ECS deployment: rolling back')) return
    this.#roll(primary, 'FAILED', statusReasons.noCandidate)
  }

  /**
   * Back to the last deployment that completed, which is made the primary one again under its own id, as ECS does. While it
   * is in progress once more it is no candidate for a further rollback. False when there is none to go back to.
   */
  #rollBack(service: ServiceRecord, record: ServiceDeploymentRecord, reason: string, said: string): boolean {
    const now = this.#context.clock.now()
    const to = service.lastCompleted?.rolloutState === 'COMPLETED' ? service.lastCompleted : undefined
    record.rollback = { reason, startedAt: now, ...(to && { to }) }
    if (!to) {
      this.#finish(service, record, 'ROLLBACK_FAILED', statusReasons.noCandidate)
      return false
    }
    this.#enter(record, 'ROLLBACK_IN_PROGRESS', { statusReason: reason })
    this.#roll(to, 'IN_PROGRESS', `${said} to deploymentId ${to.id}.`)
    Object.assign(to, { failedTasks: 0, pauses: 0, retryAt: now })
    service.deployments = [to, ...service.deployments.filter(one => one !== to)]
    service.steady = false
    this.#events.rollingBack(service, to)
    return true
  }

  #finish(
    service: ServiceRecord,
    record: ServiceDeploymentRecord,
    status: ServiceDeploymentRecord['status'],
    statusReason?: string,
  ): void {
    const finishedAt = this.#context.clock.now()
    record.breaker ??= breakerOf(service, record, 'MONITORING_COMPLETE')
    record.final = sidesOf(service, record, this.#arns)
    this.#enter(record, status, {
      finishedAt,
      ...(status === 'STOPPED' && { stoppedAt: finishedAt }),
      ...(statusReason !== undefined && { statusReason }),
    })
  }

  #enter(
    record: ServiceDeploymentRecord,
    status: ServiceDeploymentRecord['status'],
    change: Partial<ServiceDeploymentRecord>,
  ): void {
    Object.assign(record, change, { status, updatedAt: this.#context.clock.now() })
  }

  #roll(deployment: DeploymentRecord, rolloutState: DeploymentRecord['rolloutState'], reason: string): void {
    deployment.rolloutState = rolloutState
    deployment.rolloutStateReason = reason
    deployment.updatedAt = this.#context.clock.now()
  }

  #characters(count: number, from: string): string {
    const { random } = this.#context
    return Array.from({ length: count }, () => from[Math.floor(random.next() * from.length)]).join('')
  }
}
