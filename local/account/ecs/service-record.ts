/** One service as the account keeps it, with its deployments, and how Describe shows it. */
import type { CreateServiceCommandInput, Service, ServiceEvent, Tag, TaskSet } from '@aws-sdk/client-ecs'
import type { Arns } from './arns.ts'
import {
  countsOf,
  type DeploymentRecord,
  deploymentAnswer,
  revisionSummary,
  runtimeAnswer,
} from './deployment-record.ts'
import { type ServiceDeploymentRecord, serviceDeploymentArn } from './service-deployment-record.ts'

export interface ServiceRecord {
  name: string
  arn: string
  cluster: string
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE'
  controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL'
  desiredCount: number
  /** Given at creation or by updates: kept, and given back by Describe. */
  kept: Pick<
    CreateServiceCommandInput,
    | 'availabilityZoneRebalancing'
    | 'deploymentConfiguration'
    | 'enableECSManagedTags'
    | 'enableExecuteCommand'
    | 'healthCheckGracePeriodSeconds'
    | 'placementConstraints'
    | 'placementStrategy'
    | 'propagateTags'
  >
  /** For idempotency: the request that made it. */
  createdBy: CreateServiceCommandInput
  /** The first one is PRIMARY. None with an EXTERNAL controller. */
  deployments: DeploymentRecord[]
  /** The newest one that came to its end well: what a rollback goes back to, even when none of its tasks is left. */
  lastCompleted?: DeploymentRecord
  /** Newest first; read through `historyOf`, which forgets what is older than 90 days. None but with an ECS controller. */
  history: ServiceDeploymentRecord[]
  /** Newest first, at most 100. */
  events: ServiceEvent[]
  tags: Tag[]
  createdAt: Date
  /** Told to be steady since the last change. */
  steady: boolean
  /** When the scheduler looks at it next. */
  nextLook?: Date
}

/** The service as DescribeServices shows it; tags only where they were asked for. */
export function serviceAnswer(service: ServiceRecord, arns: Arns, accountId: string, withTags = false): Service {
  const [primary] = service.deployments
  const [current] = service.history
  const rolling = service.controller === 'ECS'
  const counts = service.deployments.map(countsOf)
  const sum = (count: 'runningCount' | 'pendingCount') => counts.reduce((total, one) => total + one[count], 0)
  return structuredClone({
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: arns.cluster(service.cluster),
    ...service.kept,
    loadBalancers: primary?.runtime.loadBalancers ?? [],
    serviceRegistries: [],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: sum('runningCount'),
    pendingCount: sum('pendingCount'),
    ...(primary && { ...runtimeAnswer(primary), taskDefinition: primary.revision.arn }),
    ...(!rolling && { taskSets: service.deployments.map(one => taskSetAnswer(service, one, arns)) }),
    deployments: rolling ? service.deployments.map(one => deploymentAnswer(service, one)) : [],
    ...(current && { currentServiceDeployment: serviceDeploymentArn(service, current, arns) }),
    ...(rolling && { currentServiceRevisions: service.deployments.map(one => revisionSummary(service, one, arns)) }),
    roleArn: `arn:aws:iam::${accountId}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
    events: service.events,
    createdAt: service.createdAt,
    placementConstraints: service.kept.placementConstraints ?? [],
    placementStrategy: service.kept.placementStrategy ?? [],
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: service.controller },
    createdBy: `arn:aws:iam::${accountId}:root`,
    enableECSManagedTags: service.kept.enableECSManagedTags ?? false,
    propagateTags: service.kept.propagateTags ?? 'NONE',
    enableExecuteCommand: service.kept.enableExecuteCommand ?? false,
    ...(withTags && { tags: service.tags }),
  } satisfies Service)
}

/** What CODE_DEPLOY runs are task sets, not deployments. */
function taskSetAnswer(service: ServiceRecord, deployment: DeploymentRecord, arns: Arns): TaskSet {
  const { networkConfiguration, platformVersion, platformFamily, ...placement } = runtimeAnswer(deployment)
  return {
    id: deployment.id,
    taskSetArn: arns.taskSet(service.cluster, service.name, deployment.id),
    serviceArn: service.arn,
    clusterArn: arns.cluster(service.cluster),
    startedBy: service.controller,
    status: 'PRIMARY',
    taskDefinition: deployment.revision.arn,
    computedDesiredCount: service.desiredCount,
    ...countsOf(deployment),
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    ...placement,
    ...(platformVersion && { platformVersion, platformFamily }),
    ...(networkConfiguration && { networkConfiguration }),
    loadBalancers: deployment.runtime.loadBalancers ?? [],
    scale: { value: 100, unit: 'PERCENT' },
    stabilityStatus: deployment.rolloutState === 'COMPLETED' ? 'STEADY_STATE' : 'STABILIZING',
  }
}
