/** Tasks and task events for tests: each says only what its test is about. */
import type { EcsTaskStateChange } from '../../events/ecs-task-state-change.ts'
import type { Task, TaskContainer } from '../../shared/ports.ts'

export const arnOf = (id: string, cluster = 'demo') => `arn:aws:ecs:eu-central-1:123456789012:task/${cluster}/${id}`

export function task(of: Partial<Task> = {}): Task {
  return {
    arn: arnOf('t1'),
    cluster: 'demo',
    version: 4,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    launchType: 'FARGATE',
    createdAt: '2026-03-01T22:00:00.000Z',
    containers: [],
    ...of,
  }
}

/** A task that is STOPPED. */
export function stopped(of: Partial<Task> = {}): Task {
  return task({
    version: 9,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stoppedAt: '2026-03-01T22:10:00.000Z',
    ...of,
  })
}

/** `exitCode`: undefined for a container of which ECS gives none. */
export function container(name: string, exitCode?: number, reason?: string): TaskContainer {
  return { name, ...(exitCode !== undefined && { exitCode }), ...(reason !== undefined && { reason }) }
}

/** The event of a task's version; `detail`: beyond what every event has. */
export function taskEvent(
  of: { id?: string; cluster?: string; version?: number; time?: string } = {},
  detail: Record<string, unknown> = {},
): EcsTaskStateChange {
  const { id = 't1', cluster = 'demo', version = 4, time = '2026-03-01T22:00:31Z' } = of
  return {
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    time,
    detail: {
      taskArn: arnOf(id, cluster),
      clusterArn: `arn:aws:ecs:eu-central-1:123456789012:cluster/${cluster}`,
      version,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      launchType: 'FARGATE',
      createdAt: '2026-03-01T22:00:00Z',
      containers: [],
      ...detail,
    },
  } as unknown as EcsTaskStateChange
}
