/** One service as the account keeps it, with its deployments, and how Describe shows it. */
import type {
  CapacityProviderStrategyItem,
  CreateServiceCommandInput,
  Deployment,
  LaunchType,
  NetworkConfiguration,
  Service,
  ServiceEvent,
  Tag,
  TaskSet,
} from '@aws-sdk/client-ecs'
import type { Arns } from './arns.ts'
import type { RevisionRecord } from './task-definitions.ts'
import { isLive, isRunning, type TaskRecord } from './task-record.ts'

/** How a deployment's tasks are placed: fixed when the deployment begins. */
export interface DeploymentRuntime {
  launchType?: LaunchType
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  network?: NetworkConfiguration
}

export interface DeploymentRecord {
  /** `ecs-svc/…` */
  id: string
  revision: RevisionRecord
  runtime: DeploymentRuntime
  createdAt: Date
  updatedAt: Date
  rolloutState: 'IN_PROGRESS' | 'COMPLETED'
  /** Every task of it that is not STOPPED. */
  tasks: Set<TaskRecord>
  failedTasks: number
  /** The throttle: how often in a row starting came to nothing, and when the next attempt is due. */
  pauses: number
  retryAt: Date
}

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
  /** Newest first, at most 100. */
  events: ServiceEvent[]
  tags: Tag[]
  createdAt: Date
  /** Told to be steady since the last change. */
  steady: boolean
  /** When the scheduler looks at it next. */
  nextLook?: Date
}

export const liveTasks = (deployment: DeploymentRecord) => [...deployment.tasks].filter(isLive)

/** The service as DescribeServices shows it; tags only where they were asked for. */
export function serviceAnswer(service: ServiceRecord, arns: Arns, accountId: string, withTags = false): Service {
  const [primary] = service.deployments
  const rolling = service.controller === 'ECS'
  const counts = service.deployments.map(countsOf)
  const sum = (count: 'runningCount' | 'pendingCount') => counts.reduce((total, one) => total + one[count], 0)
  return structuredClone({
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: arns.cluster(service.cluster),
    ...service.kept,
    loadBalancers: [],
    serviceRegistries: [],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: sum('runningCount'),
    pendingCount: sum('pendingCount'),
    ...(primary && { ...runtimeAnswer(primary), taskDefinition: primary.revision.arn }),
    ...(!rolling && { taskSets: service.deployments.map(one => taskSetAnswer(service, one, arns)) }),
    deployments: rolling ? service.deployments.map(one => deploymentAnswer(service, one)) : [],
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

function countsOf(deployment: DeploymentRecord) {
  const live = liveTasks(deployment)
  const runningCount = live.filter(isRunning).length
  return { runningCount, pendingCount: live.length - runningCount }
}

/** ECS leaves `launchType` out where a strategy is used. */
function runtimeAnswer({ runtime, revision }: DeploymentRecord) {
  const windows = revision.definition.runtimePlatform?.operatingSystemFamily?.startsWith('WINDOWS')
  const onFargate = runtime.strategy !== undefined || runtime.launchType === 'FARGATE'
  return {
    ...(runtime.strategy ? { capacityProviderStrategy: runtime.strategy } : { launchType: runtime.launchType }),
    ...(onFargate && {
      platformVersion: runtime.platformVersion ?? 'LATEST',
      platformFamily: windows ? 'Windows Server' : 'Linux',
    }),
    ...(runtime.network && { networkConfiguration: runtime.network }),
  }
}

function deploymentAnswer(service: ServiceRecord, deployment: DeploymentRecord): Deployment {
  const isPrimary = service.deployments[0] === deployment
  return {
    id: deployment.id,
    status: isPrimary ? 'PRIMARY' : 'ACTIVE',
    taskDefinition: deployment.revision.arn,
    desiredCount: isPrimary ? service.desiredCount : 0,
    ...countsOf(deployment),
    failedTasks: deployment.failedTasks,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    ...runtimeAnswer(deployment),
    rolloutState: deployment.rolloutState,
    rolloutStateReason: rolloutReason(deployment),
  }
}

/** ECS's words, in Describe as in the event. */
export const rolloutReason = ({ id, rolloutState }: DeploymentRecord) =>
  `ECS deployment ${id} ${rolloutState === 'COMPLETED' ? 'completed' : 'in progress'}.`

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
    scale: { value: 100, unit: 'PERCENT' },
    stabilityStatus: deployment.rolloutState === 'COMPLETED' ? 'STEADY_STATE' : 'STABILIZING',
  }
}
