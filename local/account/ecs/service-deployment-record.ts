/** The history of a service: each of its service deployments, and how Describe and List show it. */
import type {
  DeploymentConfiguration,
  ServiceDeployment,
  ServiceDeploymentBrief,
  ServiceDeploymentCircuitBreaker,
  ServiceDeploymentStatus,
} from '@aws-sdk/client-ecs'
import type { Arns } from './arns.ts'
import { failureThreshold } from './circuit-breaker.ts'
import { type DeploymentRecord, revisionSummary, serviceRevisionArn } from './deployment-record.ts'
import type { ServiceRecord } from './service-record.ts'

export interface ServiceDeploymentRecord {
  id: string
  /** Rises within the service: the order of lists and pages. */
  sequence: number
  target: DeploymentRecord
  /** What ran when it began. */
  sources: DeploymentRecord[]
  /** As the service had it when it began. */
  configuration: DeploymentConfiguration
  /** STOP_REQUESTED is what ABORT asks for, which the account does not model. */
  status: Exclude<ServiceDeploymentStatus, 'STOP_REQUESTED'>
  statusReason?: string
  createdAt: Date
  updatedAt: Date
  startedAt?: Date
  finishedAt?: Date
  stoppedAt?: Date
  /** `to` is missing where there was nothing to go back to. */
  rollback?: { reason: string; startedAt: Date; to?: DeploymentRecord }
  /** From the moment it tripped or ended on, whatever becomes of the tasks later. */
  breaker?: ServiceDeploymentCircuitBreaker
  /** How many tasks there were when it ended. */
  final?: Pick<ServiceDeployment, 'sourceServiceRevisions' | 'targetServiceRevision'>
}

/** The stages that ECS's guide calls pending and ongoing. */
export const isOpen = ({ finishedAt }: ServiceDeploymentRecord) => finishedAt === undefined

/** How many tasks each side has now. */
export const sidesOf = (service: ServiceRecord, { sources, target }: ServiceDeploymentRecord, arns: Arns) => ({
  sourceServiceRevisions: sources.map(source => revisionSummary(service, source, arns)),
  targetServiceRevision: revisionSummary(service, target, arns),
})

/** What the circuit breaker says of the deployment now. */
export function breakerOf(
  { desiredCount, kept }: ServiceRecord,
  { target }: ServiceDeploymentRecord,
  status: 'MONITORING' | 'MONITORING_COMPLETE' | 'TRIGGERED',
): ServiceDeploymentCircuitBreaker {
  const isOn = kept.deploymentConfiguration?.deploymentCircuitBreaker?.enable ?? false
  return {
    status: isOn ? status : 'DISABLED',
    failureCount: isOn ? target.failedTasks : 0,
    threshold: failureThreshold(kept.deploymentConfiguration, desiredCount),
  }
}

/** The service deployment as ListServiceDeployments shows it. */
export function briefAnswer(
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
  arns: Arns,
): ServiceDeploymentBrief {
  return {
    ...identityOf(service, record, arns),
    targetServiceRevisionArn: serviceRevisionArn(service, record.target, arns),
    ...progressOf(record),
  }
}

/** The service deployment as DescribeServiceDeployments shows it. */
export function serviceDeploymentAnswer(
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
  arns: Arns,
): ServiceDeployment {
  const { rollback, stoppedAt } = record
  return structuredClone({
    ...identityOf(service, record, arns),
    ...progressOf(record),
    ...(stoppedAt && { stoppedAt }),
    updatedAt: record.updatedAt,
    ...(record.final ?? sidesOf(service, record, arns)),
    deploymentConfiguration: record.configuration,
    ...(rollback && {
      rollback: {
        reason: rollback.reason,
        startedAt: rollback.startedAt,
        ...(rollback.to && { serviceRevisionArn: serviceRevisionArn(service, rollback.to, arns) }),
      },
    }),
    deploymentCircuitBreaker: record.breaker ?? breakerOf(service, record, 'MONITORING'),
    alarms: { status: 'DISABLED' as const },
  })
}

/** The ARN of one of the service's deployments. */
export const serviceDeploymentArn = ({ cluster, name }: ServiceRecord, { id }: ServiceDeploymentRecord, arns: Arns) =>
  arns.serviceDeployment(cluster, name, id)

const identityOf = (service: ServiceRecord, record: ServiceDeploymentRecord, arns: Arns) => ({
  serviceDeploymentArn: serviceDeploymentArn(service, record, arns),
  serviceArn: service.arn,
  clusterArn: arns.cluster(service.cluster),
})

const progressOf = ({ status, statusReason, createdAt, startedAt, finishedAt }: ServiceDeploymentRecord) => ({
  status,
  ...(statusReason !== undefined && { statusReason }),
  createdAt,
  ...(startedAt && { startedAt }),
  ...(finishedAt && { finishedAt }),
})
