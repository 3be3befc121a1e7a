/** What containers do of their own accord, and what the account knows of the world that they run in. */
import type { Container } from '@aws-sdk/client-ecs'
import type { Activity } from './activity.ts'
import type { Telemetry } from './telemetry.ts'

export type Behaviour =
  /** Until it is stopped. */
  | { kind: 'runs' }
  | { kind: 'exits'; code: number; afterMs: number }
  /** Killed with 137 for its memory. */
  | { kind: 'out-of-memory'; afterMs: number }
  /** What could not be set up: the pull of the image, the task's secrets, or its network. */
  | { kind: 'fails-to-start'; for: 'image' | 'secrets' | 'network' }
  /** Never ends by itself, nor on SIGTERM: it is killed when its stop timeout is over. */
  | { kind: 'hangs' }
  /** On FARGATE_SPOT its task is interrupted; elsewhere it runs. */
  | { kind: 'spot-interrupted'; afterMs: number }
  /** Its health check fails, where it has one; otherwise it runs. */
  | { kind: 'unhealthy' }

/** How a container was started beyond its definition. */
export interface ContainerStart {
  /** RunTask gave it another command, as for a migration: it does that, and ends. */
  commandIsOverridden: boolean
}

export interface ContainerWorld {
  /** Whether a pull of this image finds it. */
  imageExists(image: string): boolean
  /** The digest that a tag resolves to at the pull; absent: only what the image reference itself pins is known. */
  imageDigest?(image: string): string | undefined
  /** Absent: every container runs until it is stopped. */
  behaviour?(image: string, containerName: string, start: ContainerStart): Behaviour
  /** How much a container of this image uses; absent: they are all busy. */
  activity?(image: string, containerName: string): Activity
  /** Where containers of the driver awslogs write; absent: nowhere. */
  logs?: ContainerLogs
  /** Who hears of what runs, for its metrics; absent: nobody. */
  telemetry?: Telemetry
}

/** CloudWatch Logs, as the agent of a task uses it. */
export interface ContainerLogs {
  /** Makes the stream; throws AwsError when its group is missing and not to be made. */
  open(to: LogDestination): void
  write(to: LogDestination, line: string): void
}

export interface LogDestination {
  group: string
  stream: string
  /** `awslogs-create-group` */
  makesGroup: boolean
}

/** What keeps the task from being set up before anything is pulled, in ECS's words; undefined when nothing does. */
export function setUpFailure(behaviours: Iterable<Behaviour>, region: string): string | undefined {
  for (const behaviour of behaviours) {
    if (behaviour.kind !== 'fails-to-start') continue
    if (behaviour.for === 'secrets')
      return `${noSecrets} execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException: not authorized to perform secretsmanager:GetSecretValue`
    if (behaviour.for === 'network')
      return `${noSecrets} The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "https://api.ecr.${region}.amazonaws.com/": dial tcp: i/o timeout`
  }
  return undefined
}

const noSecrets = 'ResourceInitializationError: unable to pull secrets or registry auth:'

/** Why this container's image can't be pulled, in ECS's words; undefined when it can. */
export function pullFailure(
  { image = '' }: Container,
  behaviour: Behaviour | undefined,
  exists: boolean,
  platform: string,
): string | undefined {
  const failed = 'CannotPullContainerError: pull image manifest has been retried 1 time(s):'
  if (!exists) return `${failed} failed to resolve ref ${image}: ${image}: not found`
  if (behaviour?.kind === 'fails-to-start' && behaviour.for === 'image')
    return `${failed} image Manifest does not contain descriptor matching platform '${platform}'`
  return undefined
}

/** A container that was killed for its memory says so; ECS's wording. */
export const outOfMemory = { code: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }
