/** What DescribeTaskDefinition says beyond what was registered. */
import type {
  Compatibility,
  ContainerDefinition,
  PortMapping,
  RegisterTaskDefinitionCommandInput,
  TaskDefinition,
} from '@aws-sdk/client-ecs'

/** The container with ECS's defaults filled in: the reason why two definitions can't be compared for equality. */
export function containerWithDefaults(container: ContainerDefinition, networkMode: string | undefined) {
  return {
    ...container,
    cpu: container.cpu ?? 0,
    portMappings: (container.portMappings ?? []).map(mapping => portMappingWithDefaults(mapping, networkMode)),
    essential: container.essential ?? true,
    environment: container.environment ?? [],
    mountPoints: container.mountPoints ?? [],
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
    ...(container.healthCheck && {
      healthCheck: { interval: 30, timeout: 5, retries: 3, ...container.healthCheck },
    }),
  } satisfies ContainerDefinition
}

function portMappingWithDefaults(mapping: PortMapping, networkMode: string | undefined): PortMapping {
  const hostPort = networkMode === 'awsvpc' ? mapping.containerPort : (mapping.hostPort ?? 0)
  return { ...mapping, ...(hostPort !== undefined && { hostPort }), protocol: mapping.protocol ?? 'tcp' }
}

/** Every launch type the definition could run on, asked for or not. */
export function compatibilitiesOf(input: RegisterTaskDefinitionCommandInput, fitsFargate: boolean): Compatibility[] {
  const asked = input.requiresCompatibilities ?? []
  const fits: Compatibility[] = fitsFargate ? ['EC2', 'FARGATE'] : ['EC2']
  return [...new Set([...fits, ...asked])]
}

/** The capabilities a host needs; on Fargate they are informative only. */
export function requiredAttributes(definition: TaskDefinition): { name: string }[] {
  const containers = definition.containerDefinitions ?? []
  const secrets = containers.flatMap(container => container.secrets ?? []).map(secret => secret.valueFrom ?? '')
  const names = [
    'com.amazonaws.ecs.capability.docker-remote-api.1.18',
    ...containers.flatMap(container =>
      container.logConfiguration
        ? [`com.amazonaws.ecs.capability.logging-driver.${container.logConfiguration.logDriver}`]
        : [],
    ),
    definition.networkMode === 'awsvpc' && 'ecs.capability.task-eni',
    containers.some(container => /\.dkr[.-]ecr/.test(container.image ?? '')) && 'com.amazonaws.ecs.capability.ecr-auth',
    definition.taskRoleArn && 'com.amazonaws.ecs.capability.task-iam-role',
    definition.executionRoleArn && 'ecs.capability.execution-role-ecr-pull',
    secrets.some(from => from.includes(':secretsmanager:')) && 'ecs.capability.secrets.asm.environment-variables',
    secrets.some(from => !from.includes(':secretsmanager:')) && 'ecs.capability.secrets.ssm.environment-variables',
    containers.some(container => container.healthCheck) && 'ecs.capability.container-health-check',
    definition.volumes?.some(volume => volume.efsVolumeConfiguration) && 'ecs.capability.efsAuth',
  ]
  return [...new Set(names.filter(name => typeof name === 'string' && name !== ''))].map(name => ({ name: `${name}` }))
}
