/** One deployment of a service as the account keeps it, and how Describe shows it. ECS's service revisions are the same thing. */
import type {
  CapacityProviderStrategyItem,
  Deployment,
  LaunchType,
  LoadBalancer,
  NetworkConfiguration,
  ServiceRevision,
  ServiceRevisionSummary,
} from '@aws-sdk/client-ecs'
import type { Arns } from './arns.ts'
import type { ServiceRecord } from './service-record.ts'
import type { RevisionRecord } from './task-definitions.ts'
import { isLive, isRunning, type TaskRecord } from './task-record.ts'

/** How a deployment's tasks are placed: fixed when the deployment begins. */
export interface DeploymentRuntime {
  launchType?: LaunchType
  strategy?: CapacityProviderStrategyItem[]
  platformVersion?: string
  network?: NetworkConfiguration
  loadBalancers?: LoadBalancer[]
}

export interface DeploymentRecord {
  /** `ecs-svc/…`; the number is its service revision's too. */
  id: string
  revision: RevisionRecord
  runtime: DeploymentRuntime
  createdAt: Date
  updatedAt: Date
  /** FAILED is final: it starts no more tasks. */
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  /** ECS's words, in Describe as in the event. */
  rolloutStateReason: string
  /** Every task of it that is not STOPPED. */
  tasks: Set<TaskRecord>
  /** Tasks that have served: what becomes of them later is no failure to start. */
  served: WeakSet<TaskRecord>
  /** In a row: since the last task that served. */
  failedTasks: number
  /** The throttle: how often in a row starting came to nothing, and when the next attempt is due. */
  pauses: number
  retryAt: Date
}

export const liveTasks = (deployment: DeploymentRecord) => [...deployment.tasks].filter(isLive)

export function countsOf(deployment: DeploymentRecord) {
  const live = liveTasks(deployment)
  const runningCount = live.filter(isRunning).length
  return { runningCount, pendingCount: live.length - runningCount }
}

/** ECS leaves `launchType` out where a strategy is used. */
export function runtimeAnswer({ runtime, revision }: DeploymentRecord) {
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

/** The deployment as DescribeServices shows it. */
export function deploymentAnswer(service: ServiceRecord, deployment: DeploymentRecord): Deployment {
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
    rolloutStateReason: deployment.rolloutStateReason,
  }
}

export const serviceRevisionArn = (service: ServiceRecord, { id }: DeploymentRecord, arns: Arns) =>
  arns.serviceRevision(service.cluster, service.name, id.replace('ecs-svc/', ''))

/** How many tasks of the deployment's service revision are wanted and there, now. */
export function revisionSummary(
  service: ServiceRecord,
  deployment: DeploymentRecord,
  arns: Arns,
): ServiceRevisionSummary {
  const { runningCount, pendingCount } = countsOf(deployment)
  return {
    arn: serviceRevisionArn(service, deployment, arns),
    // An older one is wanted only as far as it still runs.
    requestedTaskCount: service.deployments[0] === deployment ? service.desiredCount : runningCount + pendingCount,
    runningTaskCount: runningCount,
    pendingTaskCount: pendingCount,
  }
}

/** The service revision as DescribeServiceRevisions shows it. */
export function serviceRevisionAnswer(
  service: ServiceRecord,
  deployment: DeploymentRecord,
  arns: Arns,
): ServiceRevision {
  return structuredClone({
    serviceRevisionArn: serviceRevisionArn(service, deployment, arns),
    serviceArn: service.arn,
    clusterArn: arns.cluster(service.cluster),
    taskDefinition: deployment.revision.arn,
    ...runtimeAnswer(deployment),
    loadBalancers: deployment.runtime.loadBalancers ?? [],
    serviceRegistries: [],
    containerImages: (deployment.revision.definition.containerDefinitions ?? []).map(({ name, image = '' }) => {
      const imageDigest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1]
      return { containerName: name, image, ...(imageDigest && { imageDigest }) }
    }),
    guardDutyEnabled: false,
    volumeConfigurations: [],
    vpcLatticeConfigurations: [],
    createdAt: deployment.createdAt,
  })
}
