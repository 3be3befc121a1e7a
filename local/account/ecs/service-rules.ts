/** What CreateService and UpdateService refuse. */
import type {
  CreateServiceCommandInput,
  DeploymentCircuitBreaker,
  DeploymentConfiguration,
  LoadBalancer,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { invalidParameter, notModelled, oneOf } from './refusals.ts'
import type { ServiceRecord } from './service-record.ts'
import type { RevisionRecord } from './task-definitions.ts'

const namePattern = /^[a-zA-Z0-9_-]{1,255}$/

/** Throws for what is wrong with the request by itself, whatever it runs on. */
export function refuseInvalidService(input: CreateServiceCommandInput): void {
  if (!namePattern.test(input.serviceName ?? ''))
    throw invalidParameter(`Service name must match ${namePattern.source}, but was ${input.serviceName}`)
  oneOf('deploymentController', input.deploymentController?.type, ['ECS', 'CODE_DEPLOY', 'EXTERNAL'])
  oneOf('schedulingStrategy', input.schedulingStrategy, ['REPLICA', 'DAEMON'])
  if (input.schedulingStrategy === 'DAEMON')
    throw invalidParameter('The daemon scheduling strategy is not supported on Fargate.')
  if (input.clientToken !== undefined && !/^[\x21-\x7e]{1,36}$/.test(input.clientToken))
    throw invalidParameter('clientToken can have up to 36 ASCII characters, in the range of 33-126.')
  if (input.taskDefinition !== undefined && input.deploymentController?.type === 'EXTERNAL')
    throw invalidParameter('TaskDefinition must be blank.')
  if (input.desiredCount === undefined && input.deploymentController?.type !== 'EXTERNAL')
    throw invalidParameter('Desired count must be specified for the REPLICA scheduling strategy.')
  refuseInvalidChange(input)
}

/** Throws for what neither creation nor update takes. */
export function refuseInvalidChange(input: CreateServiceCommandInput | UpdateServiceCommandInput): void {
  if (input.desiredCount !== undefined && input.desiredCount < 0)
    throw invalidParameter(`desiredCount should be 0 or more, but was ${input.desiredCount}.`)
  oneOf('propagateTags', input.propagateTags, ['TASK_DEFINITION', 'SERVICE', 'NONE'])
  refuseInvalidConfiguration(input.deploymentConfiguration)
  if (input.volumeConfigurations?.length) throw notModelled('volumes configured at launch (volumeConfigurations)')
  refuseInvalidBalancers(input.loadBalancers)
  if (input.serviceRegistries?.length) throw notModelled('service discovery (serviceRegistries)')
  if (input.serviceConnectConfiguration?.enabled) throw notModelled('Service Connect (serviceConnectConfiguration)')
  if (input.vpcLatticeConfigurations?.length) throw notModelled('VPC Lattice (vpcLatticeConfigurations)')
}

function refuseInvalidConfiguration(configuration: DeploymentConfiguration | undefined): void {
  const { strategy, maximumPercent, minimumHealthyPercent } = configuration ?? {}
  oneOf('strategy', strategy, ['ROLLING', 'BLUE_GREEN', 'LINEAR', 'CANARY'])
  if (strategy !== undefined && strategy !== 'ROLLING') throw notModelled(`the deployment strategy ${strategy}`)
  if (configuration?.lifecycleHooks?.length) throw notModelled('deployment lifecycle hooks (lifecycleHooks)')
  if (configuration?.earlySuccessCriteria)
    throw notModelled('early success of deployments (deploymentConfiguration.earlySuccessCriteria)')
  refuseInvalidThreshold(configuration?.deploymentCircuitBreaker)
  if (configuration?.alarms?.enable) throw notModelled('deployment alarms (deploymentConfiguration.alarms)')
  if (maximumPercent !== undefined && maximumPercent < 100)
    throw invalidParameter('maximumPercent must be at least 100.')
  if (minimumHealthyPercent !== undefined && (minimumHealthyPercent < 0 || minimumHealthyPercent > 100))
    throw invalidParameter('minimumHealthyPercent must be between 0 and 100.')
  if (maximumPercent === 100 && minimumHealthyPercent === 100)
    throw invalidParameter('Either maximumPercent must be above 100 or minimumHealthyPercent below 100.')
}

function refuseInvalidThreshold(breaker: DeploymentCircuitBreaker | undefined): void {
  const { type, value } = breaker?.thresholdConfiguration ?? {}
  oneOf('thresholdConfiguration.type', type, ['COUNT', 'BOUNDED_PERCENT', 'UNBOUNDED_PERCENT'])
  if (value !== undefined && !(Number.isInteger(value) && value >= 1))
    throw invalidParameter(`thresholdConfiguration.value should be a whole number above 0, but was ${value}.`)
}

const targetGroupArn =
  /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]{1,32}\/[0-9a-f]+$/

function refuseInvalidBalancers(balancers: readonly LoadBalancer[] | undefined): void {
  if (balancers && balancers.length > 5)
    throw invalidParameter('A service can have at most 5 target groups (loadBalancers).')
  for (const { targetGroupArn: arn, loadBalancerName, advancedConfiguration } of balancers ?? []) {
    if (loadBalancerName !== undefined) throw notModelled('Classic Load Balancers (loadBalancers.loadBalancerName)')
    if (advancedConfiguration) throw notModelled('blue/green target groups (loadBalancers.advancedConfiguration)')
    if (!targetGroupArn.test(arn ?? ''))
      throw invalidParameter(
        `Unable to find the target group: "${arn}" is no ARN of one (loadBalancers.targetGroupArn).`,
      )
  }
}

/** Throws when a target group is to reach a container or a port that the definition does not have. */
export function refuseUnreachable(
  balancers: readonly LoadBalancer[] | undefined,
  { definition }: RevisionRecord,
): void {
  for (const { containerName, containerPort } of balancers ?? []) {
    const container = definition.containerDefinitions?.find(({ name }) => name === containerName)
    if (!container) throw invalidParameter(`The container ${containerName} does not exist in the task definition.`)
    if (!container.portMappings?.some(mapping => mapping.containerPort === containerPort))
      throw invalidParameter(`The container ${containerName} did not have a container port ${containerPort} defined.`)
  }
}

/** Throws when ECS Exec is to be on and the definition gives the task no role to reach Systems Manager with. */
export function refuseExecWithoutRole(
  isEnabled: boolean | undefined,
  { definition }: RevisionRecord,
  done: 'created' | 'updated',
): void {
  if (isEnabled && !definition.taskRoleArn)
    throw invalidParameter(
      `The service couldn't be ${done} because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.`,
    )
}

/** Throws for an update that the service's deployment controller keeps to itself. */
export function refuseForController(input: UpdateServiceCommandInput, { controller }: ServiceRecord): void {
  const asked = input.deploymentController?.type
  if (asked !== undefined && asked !== controller)
    throw notModelled(`changing a service's deployment controller, from ${controller} to ${asked}`)
  if (controller === 'ECS') return
  const instead =
    controller === 'CODE_DEPLOY' ? 'Use AWS CodeDeploy to trigger a new deployment.' : 'Use its task sets instead.'
  const on = `on services with ${controller === 'EXTERNAL' ? 'an' : 'a'} ${controller} deployment controller.`
  if (input.taskDefinition !== undefined) throw invalidParameter(`Unable to update task definition ${on} ${instead}`)
  if (input.forceNewDeployment) throw invalidParameter(`Cannot force a new deployment ${on} ${instead}`)
  if (input.networkConfiguration ?? input.platformVersion ?? input.capacityProviderStrategy ?? input.loadBalancers)
    throw invalidParameter(`Unable to update network parameters, platform version or capacity ${on} ${instead}`)
}
