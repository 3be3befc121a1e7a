/** `ECS Task State Change`, as ECS words it. */
import type { Container } from '@aws-sdk/client-ecs'
import type { AwsEvent } from '../context.ts'
import type { TaskState } from './task-record.ts'

/** The event for the task as it is now. It differs from the API's answer: ISO times, no health, no tags, `eni`. */
export function taskStateChange(task: TaskState, at: Date): AwsEvent {
  const { tags: _tags, healthStatus: _health, ...told } = task
  const detail = {
    ...told,
    attachments: task.attachments.map(attachment => ({ ...attachment, type: 'eni' })),
    // Of a task that failed before any pull ECS tells no containers, though DescribeTasks shows them.
    containers: failedBeforePull(task) ? [] : task.containers.map(withoutHealth),
    updatedAt: at,
  }
  return {
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    resources: [task.taskArn],
    detail: asJson(detail) as Record<string, unknown>,
  }
}

const failedBeforePull = ({ stopCode, pullStartedAt }: TaskState) => stopCode === 'TaskFailedToStart' && !pullStartedAt

function withoutHealth({ healthStatus: _, ...container }: Container): Container {
  return container
}

/** A copy as JSON would make it, with dates as ISO text. Not through text: events are many. */
function asJson(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) copy[key] = asJson(member)
  }
  return copy
}
