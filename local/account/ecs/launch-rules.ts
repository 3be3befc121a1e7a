/** What RunTask and CreateService refuse alike: capacity, network, platform. */
import type {
  CapacityProviderStrategyItem,
  LaunchType,
  NetworkConfiguration,
  PlacementConstraint,
  PlacementStrategy,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import { type ClusterRecord, strategyWithin } from './clusters.ts'
import { invalidParameter, oneOf } from './refusals.ts'
import type { RevisionRecord } from './task-definitions.ts'

interface Request {
  launchType?: LaunchType | undefined
  capacityProviderStrategy?: CapacityProviderStrategyItem[] | undefined
  networkConfiguration?: NetworkConfiguration | undefined
  platformVersion?: string | undefined
  placementConstraints?: PlacementConstraint[] | undefined
  placementStrategy?: PlacementStrategy[] | undefined
}

const subnetId = /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/
const securityGroupId = /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/
const platformVersions = ['LATEST', '1.4.0', '1.3.0', '1.0.0']

/** How the request says where to run: a launch type or, in its place, a strategy; the cluster's default if neither. */
export function placementOf(
  request: Request,
  cluster: ClusterRecord,
): { launchType: LaunchType } | { strategy: CapacityProviderStrategyItem[] } {
  oneOf('launchType', request.launchType, ['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'])
  if (request.launchType && request.capacityProviderStrategy?.length)
    throw invalidParameter(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    )
  if (request.launchType) return { launchType: request.launchType }
  const strategy = request.capacityProviderStrategy?.length
    ? strategyWithin(cluster.capacityProviders, request.capacityProviderStrategy)
    : cluster.defaultStrategy
  return strategy.length > 0 ? { strategy: structuredClone(strategy) } : { launchType: 'EC2' }
}

/** Throws when the definition can't run on Fargate, or the request asks for what Fargate does not take. */
export function refuseNotOnFargate(request: Request, { definition }: RevisionRecord): void {
  if (!definition.compatibilities?.includes('FARGATE'))
    throw invalidParameter('Task definition does not support launch_type FARGATE.')
  if (request.placementConstraints?.length)
    throw invalidParameter('Placement constraints are not supported with FARGATE launch type.')
  if (request.placementStrategy?.length)
    throw invalidParameter('Placement strategies are not supported with FARGATE launch type.')
  if (request.platformVersion !== undefined && !platformVersions.includes(request.platformVersion))
    throw new AwsError('PlatformUnknownException', 'The specified platform does not exist.')
}

/** Throws unless the request has a network where the definition needs one, and none where it does not. */
export function refuseWrongNetwork(network: NetworkConfiguration | undefined, { definition }: RevisionRecord): void {
  const vpc = network?.awsvpcConfiguration
  if (definition.networkMode !== 'awsvpc') {
    if (!vpc) return
    throw invalidParameter('Network Configuration is not valid for the given networkMode of this task definition.')
  }
  if (!vpc) throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
  if (!vpc.subnets?.length) throw invalidParameter('subnets can not be empty.')
  if (vpc.subnets.length > 16) throw invalidParameter('subnets can have at most 16 items.')
  if ((vpc.securityGroups?.length ?? 0) > 5) throw invalidParameter('securityGroups can have at most 5 items.')
  oneOf('assignPublicIp', vpc.assignPublicIp, ['ENABLED', 'DISABLED'])
  // ECS asks EC2, and passes its refusal on. The local account has no network: any id of the right form is there.
  const subnet = vpc.subnets.find(id => !subnetId.test(id))
  if (subnet !== undefined)
    throw invalidParameter(
      `Error retrieving subnet information for [${vpc.subnets.join(', ')}]: Invalid id: "${subnet}" (expecting "subnet-...") (ErrorCode: InvalidSubnetID.Malformed)`,
    )
  const group = vpc.securityGroups?.find(id => !securityGroupId.test(id))
  if (group !== undefined)
    throw invalidParameter(
      `Error retrieving security group information for [${vpc.securityGroups?.join(', ')}]: Invalid id: "${group}" (expecting "sg-...") (ErrorCode: InvalidGroupId.Malformed)`,
    )
}
