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
    containers: task.containers.map(withoutHealth),
    updatedAt: at,
  }
  return {
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    resources: [task.taskArn],
    // Through JSON: dates become ISO text, and the event no longer shares anything with the task.
    detail: JSON.parse(JSON.stringify(detail)),
  }
}

function withoutHealth({ healthStatus: _, ...container }: Container): Container {
  return container
}
