/** Texts of ECS's and of users' that are kept only so far, so that no task's record outgrows DynamoDB's 400 KB. */
import type { Task } from '../ports.ts'

const mostReasonBytes = 4 * 1024
/** For the reasons of all containers together: a task has at most ten. */
const mostContainerReasonsBytes = 64 * 1024
const mostNameBytes = 1024
/** ECS's own limit of tags is 50, of at most 384 characters each. */
const mostTags = 50

/** The text, or as much of it as fits with an ellipsis after it; never half a character. */
export function cut(text: string, mostBytes: number): string {
  const wellFormed = text.toWellFormed()
  if (Buffer.byteLength(wellFormed) <= mostBytes) return wellFormed
  const ellipsis = '…'
  const kept = Buffer.from(wellFormed).subarray(0, mostBytes - Buffer.byteLength(ellipsis))
  // A character that was cut in two decodes as U+FFFD at the end.
  return `${kept.toString().replace(/\uFFFD+$/, '')}${ellipsis}`
}

/** The task with what is too long cut. */
export function asCut(task: Task): Task {
  const { stoppedReason, tags, containers } = task
  const mostBytes = Math.min(mostReasonBytes, Math.floor(mostContainerReasonsBytes / Math.max(1, containers.length)))
  return {
    ...task,
    ...(stoppedReason !== undefined && { stoppedReason: cut(stoppedReason, mostReasonBytes) }),
    ...(tags && { tags: Object.fromEntries(Object.entries(tags).slice(0, mostTags)) }),
    containers: containers.map(container => ({
      ...container,
      name: cut(container.name, mostNameBytes),
      ...(container.image !== undefined && { image: cut(container.image, mostNameBytes) }),
      ...(container.reason !== undefined && { reason: cut(container.reason, mostBytes) }),
    })),
  }
}
