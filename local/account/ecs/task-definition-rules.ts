/** What RegisterTaskDefinition refuses, as far as it decides whether a task can run on Fargate. */
import type {
  ContainerDefinition,
  CPUArchitecture,
  OSFamily,
  RegisterTaskDefinitionCommandInput,
  RuntimePlatform,
} from '@aws-sdk/client-ecs'
import { longestStopTimeoutSeconds } from './durations.ts'
import { refuseUnknownSize } from './fargate-task-size.ts'
import { clientException, oneOf } from './refusals.ts'

type Registration = RegisterTaskDefinitionCommandInput

const familyPattern = /^[a-zA-Z0-9_-]{1,255}$/
const architectures: readonly CPUArchitecture[] = ['X86_64', 'ARM64']
const operatingSystems: readonly OSFamily[] = [
  'LINUX',
  'WINDOWS_SERVER_2004_CORE',
  'WINDOWS_SERVER_2016_FULL',
  'WINDOWS_SERVER_2019_CORE',
  'WINDOWS_SERVER_2019_FULL',
  'WINDOWS_SERVER_2022_CORE',
  'WINDOWS_SERVER_2022_FULL',
  'WINDOWS_SERVER_2025_CORE',
  'WINDOWS_SERVER_2025_FULL',
  'WINDOWS_SERVER_20H2_CORE',
]
const ecrHost = /^\d{12}\.dkr[.-]ecr[^/]*\.(amazonaws\.com|on\.aws)/

/** Throws for what no launch type takes. */
export function refuseInvalidDefinition(input: Registration): void {
  if (!familyPattern.test(input.family ?? '')) throw clientException('Family contains invalid characters.')
  oneOf('networkMode', input.networkMode, ['awsvpc', 'bridge', 'host', 'none'])
  for (const one of input.requiresCompatibilities ?? [])
    oneOf('requiresCompatibilities', one, ['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'])
  const containers = input.containerDefinitions ?? []
  if (containers.length === 0) throw clientException('Container list cannot be empty.')
  if (containers.length > 10) throw clientException('A task definition can have at most 10 containers.')
  for (const container of containers) refuseInvalidContainer(container, input)
  const names = containers.map(container => container.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw clientException(`Container names must be unique: ${twice} is there twice.`)
  if (!containers.some(container => container.essential !== false))
    throw clientException('A task definition must have at least one essential container.')
  refuseCycle(containers)
  refuseUnknownPlatform(input.runtimePlatform ?? {})
}

/** Containers that wait for each other would never start: ECS refuses them at registration. */
function refuseCycle(containers: readonly ContainerDefinition[]): void {
  const waitsFor = (name: string | undefined) =>
    (containers.find(container => container.name === name)?.dependsOn ?? []).map(one => one.containerName ?? '')
  const startable = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    if (startable.has(name)) return
    const from = path.indexOf(name)
    if (from !== -1)
      throw clientException(`Containers depend on each other in a cycle: ${[...path.slice(from), name].join(' -> ')}.`)
    for (const next of waitsFor(name)) visit(next, [...path, name])
    startable.add(name)
  }
  for (const { name = '' } of containers) visit(name, [])
}

function refuseUnknownPlatform({ cpuArchitecture, operatingSystemFamily }: RuntimePlatform): void {
  if (cpuArchitecture !== undefined && !architectures.includes(cpuArchitecture))
    throw clientException(`cpuArchitecture should be one of [${architectures.join(', ')}], but was ${cpuArchitecture}.`)
  if (operatingSystemFamily === undefined) return
  if (!operatingSystems.includes(operatingSystemFamily))
    throw clientException(
      `operatingSystemFamily should be one of [${operatingSystems.join(', ')}], but was ${operatingSystemFamily}.`,
    )
  if (operatingSystemFamily !== 'LINUX' && cpuArchitecture === 'ARM64')
    throw clientException(`${operatingSystemFamily} runs on X86_64 only, not on ARM64.`)
}

function refuseInvalidContainer(container: ContainerDefinition, input: Registration): void {
  const { name } = container
  if (!name) throw clientException('Container.name should not be null or empty.')
  if (!familyPattern.test(name)) throw clientException(`Container.name contains invalid characters: ${name}`)
  if (!container.image) throw clientException('Container.image should not be null or empty.')
  const volumes = (input.volumes ?? []).map(volume => volume.name)
  for (const { sourceVolume } of container.mountPoints ?? [])
    if (!volumes.includes(sourceVolume)) throw clientException(`Unknown volume '${sourceVolume}'.`)
  const others = (input.containerDefinitions ?? []).map(other => other.name).filter(other => other !== name)
  for (const { containerName } of container.dependsOn ?? [])
    if (!others.includes(containerName))
      throw clientException(`Container '${name}' depends on '${containerName}', which is not in the task definition.`)
  if (!input.memory && container.memory === undefined && container.memoryReservation === undefined)
    throw clientException(
      `Invalid setting for container '${name}'. At least one of 'memory' or 'memoryReservation' must be specified.`,
    )
  if (container.memory !== undefined && container.memoryReservation !== undefined)
    if (container.memoryReservation > container.memory)
      throw clientException(`Invalid setting for container '${name}'. 'memory' must not be below 'memoryReservation'.`)
}

/** Throws for what keeps a definition that asks for FARGATE from running there. */
export function refuseNotForFargate(input: Registration): void {
  if (input.networkMode !== 'awsvpc') throw clientException("Fargate only supports network mode 'awsvpc'.")
  if (!input.cpu || !input.memory)
    throw clientException("Fargate requires that 'cpu' be defined at the task level, and 'memory' too.")
  refuseUnknownSize(input.cpu, input.memory, input.runtimePlatform?.operatingSystemFamily)
  const disk = input.ephemeralStorage?.sizeInGiB
  if (disk !== undefined && (disk < 21 || disk > 200))
    throw clientException(`EphemeralStorage 'sizeInGiB' must be between 21 and 200, but was ${disk}.`)
  const containers = input.containerDefinitions ?? []
  refuseOversubscribed(containers, Number(input.cpu), Number(input.memory))
  for (const container of containers) refuseContainerNotForFargate(container)
  for (const volume of input.volumes ?? [])
    if (volume.host?.sourcePath || volume.dockerVolumeConfiguration)
      throw clientException('host.sourcePath and dockerVolumeConfiguration should not be set for volumes in Fargate.')
  refuseMissingExecutionRole(input)
}

function refuseOversubscribed(containers: readonly ContainerDefinition[], cpu: number, memory: number): void {
  const sum = (sizes: (number | undefined)[]) => sizes.reduce<number>((total, size) => total + (size ?? 0), 0)
  if (sum(containers.map(container => container.cpu)) > cpu)
    throw clientException("Invalid 'cpu' setting for task: the containers ask for more than the task has.")
  if (sum(containers.map(container => container.memoryReservation ?? container.memory)) > memory)
    throw clientException("Invalid 'memory' setting for task: the containers ask for more than the task has.")
}

function refuseContainerNotForFargate(container: ContainerDefinition): void {
  const { name, stopTimeout, logConfiguration } = container
  if (stopTimeout !== undefined && (stopTimeout < 0 || stopTimeout > longestStopTimeoutSeconds))
    throw clientException(`Container '${name}': stopTimeout must be 0 to ${longestStopTimeoutSeconds} s on Fargate.`)
  if (container.privileged) throw clientException(`Container '${name}': Fargate does not support privileged.`)
  if (container.links?.length) throw clientException(`Container '${name}': Fargate does not support links.`)
  const drivers = ['awslogs', 'splunk', 'awsfirelens']
  if (logConfiguration && !drivers.includes(logConfiguration.logDriver ?? ''))
    throw clientException(
      `Log driver(s) not supported in Fargate: ${logConfiguration.logDriver}. Supported: ${drivers.join(', ')}.`,
    )
  for (const { hostPort, containerPort } of container.portMappings ?? [])
    if (hostPort !== undefined && hostPort !== 0 && hostPort !== containerPort)
      throw clientException('When networkMode=awsvpc, the host ports and container ports in port mappings must match.')
}

/** On Fargate it is the execution role that pulls, logs and reads secrets: ECS refuses at registration what would need it. */
function refuseMissingExecutionRole(input: Registration): void {
  if (input.executionRoleArn) return
  const containers = input.containerDefinitions ?? []
  const needed = (what: string) =>
    clientException(`Fargate requires task definition to have execution role ARN to support ${what}.`)
  if (containers.some(container => ecrHost.test(container.image ?? ''))) throw needed('ECR images')
  if (containers.some(container => container.logConfiguration?.logDriver === 'awslogs'))
    throw needed('log driver awslogs')
  if (containers.some(container => container.secrets?.length)) throw needed('container secrets')
}
