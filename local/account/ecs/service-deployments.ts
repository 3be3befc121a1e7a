/** The history of services: ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment. */
import type {
  DescribeServiceDeploymentsCommandInput,
  DescribeServiceRevisionsCommandInput,
  ListServiceDeploymentsCommandInput,
  StopServiceDeploymentCommandInput,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { SimulatedClock } from '../clock.ts'
import { type Arns, nameWithin } from './arns.ts'
import type { Clusters } from './clusters.ts'
import { type DeploymentRecord, serviceRevisionAnswer, serviceRevisionArn } from './deployment-record.ts'
import type { Deployments } from './deployments.ts'
import { serviceDeploymentMemory } from './durations.ts'
import { page, sortableNumber } from './paging.ts'
import { invalidParameter, notModelled, oneOf } from './refusals.ts'
import type { Scheduler } from './scheduler.ts'
import {
  briefAnswer,
  isOpen,
  type ServiceDeploymentRecord,
  serviceDeploymentAnswer,
  serviceDeploymentArn,
} from './service-deployment-record.ts'
import type { ServiceRecord } from './service-record.ts'
import type { ServiceStore } from './service-store.ts'

export interface ServiceDeploymentWorld {
  clock: SimulatedClock
  arns: Arns
  clusters: Clusters
  store: ServiceStore
  deployments: Deployments
  scheduler: Scheduler
}

const mostArns = 20

const statuses = [
  'PENDING',
  'SUCCESSFUL',
  'STOPPED',
  'STOP_REQUESTED',
  'IN_PROGRESS',
  'ROLLBACK_REQUESTED',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_SUCCESSFUL',
  'ROLLBACK_FAILED',
] as const

/** The service's deployments of the last 90 days, and whichever is still under way: newest first. */
export function historyOf(service: ServiceRecord, now: Date): ServiceDeploymentRecord[] {
  const since = now.getTime() - serviceDeploymentMemory
  service.history = service.history.filter(one => isOpen(one) || one.createdAt.getTime() > since)
  return service.history
}

export class ServiceDeployments {
  readonly #world: ServiceDeploymentWorld

  constructor(world: ServiceDeploymentWorld) {
    this.#world = world
  }

  operations() {
    return {
      ListServiceDeployments: (input: ListServiceDeploymentsCommandInput) => this.#list(input),
      DescribeServiceDeployments: (input: DescribeServiceDeploymentsCommandInput) => this.#describe(input),
      DescribeServiceRevisions: (input: DescribeServiceRevisionsCommandInput) => this.#describeRevisions(input),
      StopServiceDeployment: (input: StopServiceDeploymentCommandInput) => this.#stop(input),
    }
  }

  #list(input: ListServiceDeploymentsCommandInput) {
    const { clusters, store, arns } = this.#world
    for (const status of input.status ?? []) oneOf('status', status, statuses)
    const cluster = clusters.find(input.cluster)
    const service = store.find(cluster.name, nameWithin('service', input.service ?? '', cluster.name))
    if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.')
    const { before, after } = input.createdAt ?? {}
    const listed = this.#history(service)
      .filter(one => !input.status?.length || input.status.includes(one.status))
      .filter(one => (!before || one.createdAt < before) && (!after || one.createdAt > after))
    const { items, ...next } = page(listed, one => sortableNumber(one.sequence), input, { usual: 20, falling: true })
    return { serviceDeployments: items.map(one => briefAnswer(service, one, arns)), ...next }
  }

  #describe({ serviceDeploymentArns: asked }: DescribeServiceDeploymentsCommandInput) {
    const { found, failures } = this.#lookUp('serviceDeploymentArns', 'service-deployment', asked, arn =>
      this.#find(arn),
    )
    const { arns } = this.#world
    return {
      serviceDeployments: found.map(({ service, record }) => serviceDeploymentAnswer(service, record, arns)),
      failures,
    }
  }

  #describeRevisions({ serviceRevisionArns: asked }: DescribeServiceRevisionsCommandInput) {
    const { found, failures } = this.#lookUp('serviceRevisionArns', 'service-revision', asked, arn =>
      this.#findRevision(arn),
    )
    const { arns } = this.#world
    return {
      serviceRevisions: found.map(({ service, deployment }) => serviceRevisionAnswer(service, deployment, arns)),
      failures,
    }
  }

  /** ABORT leaves a service between two revisions for good: the account does not model that. */
  #stop({ serviceDeploymentArn: arn = '', stopType }: StopServiceDeploymentCommandInput) {
    oneOf('stopType', stopType, ['ABORT', 'ROLLBACK'])
    if (stopType === 'ABORT') throw notModelled('stopping a service deployment without a rollback (ABORT)')
    refuseOtherArn('service-deployment', arn)
    const found = this.#find(arn)
    if (!found) throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
    const { service, record } = found
    if (record.status !== 'PENDING' && record.status !== 'IN_PROGRESS')
      throw new AwsError('ConflictException', `The service deployment can't be stopped: it is ${record.status}.`)
    this.#world.deployments.requestRollback(record)
    this.#world.scheduler.lookAt(service)
    return { serviceDeploymentArn: arn }
  }

  #lookUp<Found>(
    member: string,
    kind: string,
    asked: readonly string[] = [],
    find: (arn: string) => Found | undefined,
  ): { found: Found[]; failures: { arn: string; reason: string }[] } {
    if (asked.length === 0) throw invalidParameter(`${member} cannot be empty.`)
    if (asked.length > mostArns) throw invalidParameter(`${member} cannot have more than ${mostArns} elements.`)
    for (const arn of asked) refuseOtherArn(kind, arn)
    const answers = asked.map(arn => ({ arn, found: find(arn) }))
    return {
      found: answers.flatMap(({ found }) => (found ? [found] : [])),
      failures: answers.flatMap(({ arn, found }) => (found ? [] : [{ arn, reason: 'MISSING' }])),
    }
  }

  #find(arn: string): { service: ServiceRecord; record: ServiceDeploymentRecord } | undefined {
    const service = this.#serviceOf(arn)
    const record = service && this.#history(service).find(one => this.#arnOf(service, one) === arn)
    return record && { service, record }
  }

  #findRevision(arn: string): { service: ServiceRecord; deployment: DeploymentRecord } | undefined {
    const service = this.#serviceOf(arn)
    if (!service) return undefined
    const known = [
      ...service.deployments,
      ...this.#history(service).flatMap(({ target, sources }) => [target, ...sources]),
    ]
    const deployment = known.find(one => serviceRevisionArn(service, one, this.#world.arns) === arn)
    return deployment && { service, deployment }
  }

  #serviceOf(arn: string): ServiceRecord | undefined {
    const [, cluster = '', name = ''] = arn.split('/')
    return this.#world.store.find(cluster, name)
  }

  #history(service: ServiceRecord): ServiceDeploymentRecord[] {
    return historyOf(service, this.#world.clock.now())
  }

  #arnOf(service: ServiceRecord, record: ServiceDeploymentRecord): string {
    return serviceDeploymentArn(service, record, this.#world.arns)
  }
}

/** Throws for what is no ARN of this kind: such a one is refused rather than not found. */
function refuseOtherArn(kind: string, arn: string): void {
  if (!new RegExp(`^arn:aws[a-z-]*:ecs:[^:/]+:\\d{12}:${kind}(/[^/]+){3}$`).test(arn))
    throw invalidParameter(`Invalid identifier: ${arn} is not the ARN of a ${kind}.`)
}
