/** A task as DescribeTasks answers of it, in the port's words. */
import type { Container, Task as EcsTask } from '@aws-sdk/client-ecs'
import type { Task, TaskContainer } from '../ports.ts'

/** No task when ECS did not name it. `cluster`: where it was asked for. */
export function asTask(task: EcsTask, cluster: string): Task[] {
  if (task.taskArn === undefined) return []
  return [
    {
      arn: task.taskArn,
      cluster: nameOf(task.clusterArn ?? cluster),
      // An endpoint that counts no versions: older than whatever an event says.
      version: task.version ?? 0,
      lastStatus: task.lastStatus ?? 'UNKNOWN',
      ...given({
        desiredStatus: task.desiredStatus,
        group: task.group,
        startedBy: task.startedBy,
        revision: task.taskDefinitionArn,
        launchType: task.launchType,
        capacityProvider: task.capacityProviderName,
        cpu: whole(task.cpu),
        memoryMib: whole(task.memory),
        ephemeralStorageGib: task.ephemeralStorage?.sizeInGiB ?? task.fargateEphemeralStorage?.sizeInGiB,
        architecture: task.attributes?.find(({ name }) => name === 'ecs.cpu-architecture')?.value,
        platformFamily: task.platformFamily,
        health: task.healthStatus,
        stopCode: task.stopCode,
        stoppedReason: task.stoppedReason,
        createdAt: task.createdAt?.toISOString(),
        pullStartedAt: task.pullStartedAt?.toISOString(),
        pullStoppedAt: task.pullStoppedAt?.toISOString(),
        connectivityAt: task.connectivityAt?.toISOString(),
        startedAt: task.startedAt?.toISOString(),
        stoppingAt: task.stoppingAt?.toISOString(),
        executionStoppedAt: task.executionStoppedAt?.toISOString(),
        stoppedAt: task.stoppedAt?.toISOString(),
      }),
      containers: (task.containers ?? []).map(asContainer),
      ...(task.tags && { tags: Object.fromEntries(task.tags.map(({ key = '', value = '' }) => [key, value])) }),
    },
  ]
}

function asContainer(container: Container): TaskContainer {
  return {
    name: container.name ?? '',
    ...given({
      image: container.image,
      digest: container.imageDigest,
      lastStatus: container.lastStatus,
      exitCode: container.exitCode,
      reason: container.reason,
      health: container.healthStatus,
    }),
  }
}

type Given<T> = { [Name in keyof T]?: NonNullable<T[Name]> }

/** The members that were said. JSON's null says as little as no member at all. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as Given<T>
}

/** ECS gives sizes as text. */
function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
