/** A task definition written out in farguard.yml, as ECS's RegisterTaskDefinition takes it. */
import type { ContainerDefinition, TaskDefinition } from '../ports.ts'
import type { ContainerInput } from './container-schema.ts'
import type { DefinitionInput, VolumeInput } from './definition-schema.ts'
import { readCpu, readMemory, readPort, readSeconds, readStorage } from './quantities.ts'

/** The registration's input. One container has no image: the pushed one goes there. Of a definition that passed the checks. */
export function taskDefinitionFrom(definition: DefinitionInput, targetName: string): TaskDefinition {
  const storage = definition.ephemeralStorage === undefined ? undefined : readStorage(definition.ephemeralStorage)
  const volumes = Object.entries(definition.volumes ?? {})
  const tags = Object.entries(definition.tags ?? {})
  return written({
    family: definition.family ?? targetName,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(readCpu(definition.cpu)),
    memory: String(readMemory(definition.memory)),
    runtimePlatform: {
      cpuArchitecture: definition.architecture === 'arm64' ? 'ARM64' : 'X86_64',
      operatingSystemFamily: (definition.operatingSystem ?? 'linux').toUpperCase().replaceAll('-', '_'),
    },
    taskRoleArn: definition.taskRole,
    executionRoleArn: definition.executionRole,
    ephemeralStorage: storage === undefined ? undefined : { sizeInGiB: storage },
    volumes: volumes.length === 0 ? undefined : volumes.map(([name, volume]) => volumeFrom(name, volume)),
    containerDefinitions: withWholeMemory(
      Object.entries(definition.containers).map(([name, container]) => containerFrom(name, container)),
      readMemory(definition.memory),
    ),
    tags: tags.length === 0 ? undefined : tags.map(([key, value]) => ({ key, value })),
  })
}

/** A sole container may use the whole task's memory anyway; said outright, for what adds up tasks by their containers. */
function withWholeMemory(containers: ContainerDefinition[], memory: number | undefined): ContainerDefinition[] {
  const [only, ...others] = containers
  if (!only || others.length > 0 || only.memory !== undefined || only.memoryReservation !== undefined) return containers
  return [written({ ...only, memory })]
}

function volumeFrom(name: string, { efs }: VolumeInput): object {
  if (!efs) return { name }
  const authorized = efs.accessPoint !== undefined || efs.iam === true
  return {
    name,
    efsVolumeConfiguration: written({
      fileSystemId: efs.fileSystem,
      rootDirectory: efs.rootDirectory ?? '/',
      transitEncryption: efs.transitEncryption === false ? 'DISABLED' : 'ENABLED',
      authorizationConfig: authorized
        ? written({ accessPointId: efs.accessPoint, iam: efs.iam ? 'ENABLED' : 'DISABLED' })
        : undefined,
    }),
  }
}

function containerFrom(name: string, container: ContainerInput): ContainerDefinition {
  return written({
    name,
    image: container.image,
    essential: container.essential ?? true,
    command: container.command,
    entryPoint: container.entryPoint,
    environment: pairs(container.environment, 'value'),
    environmentFiles: container.environmentFiles?.map(value => ({ value, type: 's3' })),
    secrets: pairs(container.secrets, 'valueFrom'),
    portMappings: container.ports?.map(portMapping),
    healthCheck: container.healthCheck && healthCheck(container.healthCheck),
    logConfiguration: container.logging && {
      logDriver: container.logging.driver,
      ...written({
        options: container.logging.options,
        secretOptions: pairs(container.logging.secretOptions, 'valueFrom'),
      }),
    },
    firelensConfiguration: container.firelens && written({ ...container.firelens }),
    mountPoints: container.mounts?.map(mount => ({
      sourceVolume: mount.volume,
      containerPath: mount.path,
      readOnly: mount.readOnly ?? false,
    })),
    dependsOn:
      container.dependsOn &&
      Object.entries(container.dependsOn).map(([containerName, condition]) => ({
        containerName,
        condition: condition.toUpperCase(),
      })),
    startTimeout: container.startTimeout === undefined ? undefined : readSeconds(container.startTimeout),
    stopTimeout: container.stopTimeout === undefined ? undefined : readSeconds(container.stopTimeout),
    user: container.user,
    workingDirectory: container.workingDirectory,
    readonlyRootFilesystem: container.readonlyRootFilesystem,
    cpu: container.cpu,
    memory: container.memory === undefined ? undefined : readMemory(container.memory),
    memoryReservation: container.memoryReservation === undefined ? undefined : readMemory(container.memoryReservation),
    ulimits: container.ulimits && [fileLimit(container.ulimits.nofile)],
    linuxParameters: container.linuxParameters && written({ ...container.linuxParameters }),
    dockerLabels: container.dockerLabels,
    repositoryCredentials: container.repositoryCredentials && { credentialsParameter: container.repositoryCredentials },
  })
}

function portMapping(entry: NonNullable<ContainerInput['ports']>[number]): object {
  const { port: written_, ...named } = typeof entry === 'object' ? entry : { port: entry }
  const port = readPort(written_)
  // On Fargate the host's port is the container's: leaving it out gives the same, but shows up as a difference later.
  return { containerPort: port?.port, hostPort: port?.port, protocol: port?.protocol, ...named }
}

function healthCheck(check: NonNullable<ContainerInput['healthCheck']>): object {
  return written({
    command: typeof check.command === 'string' ? ['CMD-SHELL', check.command] : check.command,
    interval: check.interval === undefined ? undefined : readSeconds(check.interval),
    timeout: check.timeout === undefined ? undefined : readSeconds(check.timeout),
    retries: check.retries,
    startPeriod: check.startPeriod === undefined ? undefined : readSeconds(check.startPeriod),
  })
}

function fileLimit(limit: NonNullable<ContainerInput['ulimits']>['nofile']): object {
  const { soft, hard } = typeof limit === 'number' ? { soft: limit, hard: limit } : limit
  return { name: 'nofile', softLimit: soft, hardLimit: hard }
}

function pairs<Key extends string>(map: Record<string, string> | undefined, key: Key) {
  return map && Object.entries(map).map(([name, value]) => ({ name, [key]: value }))
}

/** Without what was not written: the config is plain JSON, which has no undefined. */
function written<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
}
