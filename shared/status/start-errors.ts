/** What ECS says of a task that could not start: at which stage, and whether the image is to blame. */
import type { Task } from '../ports.ts'

export type Blame = 'image' | 'surroundings' | 'nobody' | 'unknown'

export interface StartError {
  stage: 'pull' | 'setup' | 'capacity'
  text: string
  /** Whose reason says so. A container's own is whole; the task's may be cut. */
  from: 'container' | 'task'
}

/**
 * ECS begins its reasons with the name of an error. It may wrap one in another, as in
 * `CannotStartContainerError: ResourceInitializationError: …`: the first stands for the stage.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const stages: { pattern: RegExp; stage: StartError['stage'] }[] = [
  { pattern: /^(?:\w+: )?CannotPull\w*Error\b/i, stage: 'pull' },
  { pattern: /^(?:\w+: )?Cannot(?:Start|Create)ContainerError\b|^ContainerRuntime\w*Error\b/i, stage: 'setup' },
  { pattern: /^ResourceInitializationError\b|^TaskNetwork\w*Error\b/i, stage: 'setup' },
  { pattern: /network interface/i, stage: 'setup' },
  { pattern: /capacity is unavailable|insufficient capacity|RESOURCE:FARGATE/i, stage: 'capacity' },
]

/** The error that kept the task from starting, where ECS names one. */
export function startError({ containers, stoppedReason }: Task): StartError | undefined {
  for (const { reason } of containers) {
    const stage = reason && stageOf(reason)
    if (stage) return { stage, text: reason, from: 'container' }
  }
  const stage = stoppedReason && stageOf(stoppedReason)
  return stage ? { stage, text: stoppedReason, from: 'task' } : undefined
}

function stageOf(reason: string): StartError['stage'] | undefined {
  return stages.find(({ pattern }) => pattern.test(reason.trim()))?.stage
}

/** A registry that denies does not say whether the image exists: what may be a right or a way that is missing comes first. */
const ofSurroundings =
  /denied|unauthori[sz]ed|not authorized|forbidden|no basic auth|credential|timeout|timed out|deadline exceeded|toomanyrequests|too many requests|rate limit|dial tcp|connection re|no such host|no route|handshake|\bEOF\b|unavailable|internal server error|no space left/i
const ofImage =
  /not ?found|manifest ?unknown|does not exist|descriptor matching platform|no match(?:ing manifest)? for|exec format|invalid reference/i

/** Who is to blame for an image that was not pulled, by ECS's words; `unknown` where they are cut or new. */
export function blameOfImage(text: string): Blame {
  // The names of images and hosts are no part of what is said: acme/timeout:denied is a fine name.
  const said = text.replaceAll(/\S*(?:\w\/\w|\.dkr\.|@sha256)\S*/g, name => (name === 'i/o' ? name : ''))
  if (ofSurroundings.test(said)) return 'surroundings'
  return ofImage.test(said) ? 'image' : 'unknown'
}

/** Whether a container was not started because its command can't run: of another architecture, or not there. */
export function isImageThatCannotRun(text: string): boolean {
  return /exec format|executable file not found|exec: .*(?:no such file|permission denied|is a directory)/i.test(text)
}
