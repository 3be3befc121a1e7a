/** Why a task stopped, in plain words, and what to do about it. Pure: what ECS said in, a classification out. */
import type { Task, TaskContainer } from '../ports.ts'
import { adviceOn } from './advice.ts'
import { type Blame, blameOfImage, isImageThatCannotRun, startError } from './start-errors.ts'

/** Each is explained in docs/tasks.md; a test keeps that complete. */
export const stopKinds = [
  'completed',
  'application-error',
  'out-of-memory',
  'image-not-pulled',
  'setup-failed',
  'health-check-failed',
  'spot-interrupted',
  'scaled-in',
  'stopped-by-user',
  'stopped-by-farguard',
  'infrastructure',
  'unknown',
] as const

export type StopKind = (typeof stopKinds)[number]

/** ECS's own codes, as the SDK lists them: a test trips when it lists another one. */
export const stopCodes = [
  'EssentialContainerExited',
  'InfrastructureHealth',
  'ServiceSchedulerInitiated',
  'SpotInterruption',
  'TaskFailedToStart',
  'TerminationNotice',
  'UserInitiated',
] as const

export interface Stopped {
  kind: StopKind
  /** What is known, in one or two sentences, ECS's own words among them. */
  detail: string
  /** What to do about it. */
  advice: string
  blames: Blame
  /** Of the container that decided it. */
  exitCode?: number
}

/** What stopped a task, before anything is advised. */
export type Finding = Omit<Stopped, 'advice'>

/** How Farguard begins the reason of each of its own stops. */
export const farguardsReason = 'Farguard:'

/** 128 + 9: the kernel's out-of-memory killer, or a container that did not heed SIGTERM. */
const killed = 137
/** 128 + 15: SIGTERM, as ECS sends it to what is left of a task. */
const terminated = 143

const stoppedStatuses = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED'])

/** Undefined while nothing stops the task. While it is still stopping, exit codes may be missing: the answer can get better. */
export function whyStopped(task: Task): Stopped | undefined {
  const isStopping = task.desiredStatus === 'STOPPED' || stoppedStatuses.has(task.lastStatus)
  if (!isStopping && task.stopCode === undefined) return undefined
  const finding = find(task)
  return { ...finding, advice: adviceOn(finding) }
}

function find(task: Task): Finding {
  const code = stopCodes.find(each => each === task.stopCode)
  switch (code) {
    case 'EssentialContainerExited':
      return exited(task)
    case 'TaskFailedToStart':
      return neverStarted(task)
    case 'ServiceSchedulerInitiated':
      return stoppedByScheduler(task)
    case 'SpotInterruption':
      return interrupted(task)
    case 'TerminationNotice':
      // Only Spot capacity is taken back; what is known to run on demand lost its host.
      return task.capacityProvider === 'FARGATE' ? onBadHost(task) : interrupted(task)
    case 'InfrastructureHealth':
      return onBadHost(task)
    case 'UserInitiated':
      return stoppedOnRequest(task)
    case undefined:
      return withoutKnownCode(task)
  }
}

/** Which containers are essential is not in ECS's answer, so the codes of all of them count. */
function exited(task: Task): Finding {
  const { containers } = task
  const said = `${exitCodes(containers)}${inEcsWords(task)}`
  const failed = containers.find(
    ({ exitCode }) => exitCode !== undefined && ![0, killed, terminated].includes(exitCode),
  )
  const starved = containers.find(isOutOfMemory)
  const isKilled = containers.find(({ exitCode }) => exitCode === killed)
  const hasEnded = containers.some(({ exitCode }) => exitCode === 0)
  if (starved) return { kind: 'out-of-memory', detail: said, blames: 'image', ...codeOf(starved) }
  if (failed) return { kind: 'application-error', detail: said, blames: 'image', ...codeOf(failed) }
  if (isKilled) {
    // What ends with 0 may have been the one that ended the task; the others are then killed when they don't heed SIGTERM.
    const doubt = hasEnded
      ? ' Which of them ended the task is not known: 137 may also be a container that did not stop in time.'
      : ''
    return { kind: 'out-of-memory', detail: said + doubt, blames: hasEnded ? 'unknown' : 'image', exitCode: killed }
  }
  if (containers.some(({ exitCode }) => exitCode === undefined) || containers.length === 0)
    return { kind: 'unknown', detail: said, blames: 'unknown' }
  const onSigterm = containers.find(({ exitCode }) => exitCode === terminated)
  if (!onSigterm) return { kind: 'completed', detail: said, blames: 'nobody', exitCode: 0 }
  if (hasEnded)
    return { kind: 'unknown', detail: `${said} Which of them ended the task is not known.`, blames: 'unknown' }
  return { kind: 'application-error', detail: said, blames: 'image', exitCode: terminated }
}

function neverStarted(task: Task): Finding {
  const error = startError(task)
  const detail = `It failed to start${task.stopCode ? '' : ', by its containers'}.${inEcsWords(task)}`
  switch (error?.stage) {
    case 'pull':
      return { kind: 'image-not-pulled', detail, blames: blameOfImage(error.text) }
    case 'setup':
      return isImageThatCannotRun(error.text)
        ? { kind: 'application-error', detail, blames: 'image', ...codeOf(task.containers.find(hasFailed)) }
        : { kind: 'setup-failed', detail, blames: 'surroundings' }
    case 'capacity':
      return { kind: 'infrastructure', detail, blames: 'surroundings' }
    case undefined:
      return neverStartedWithoutError(task, detail)
  }
}

/** A container that others wait for (`dependsOn`) ended in another way than they need. */
function neverStartedWithoutError(task: Task, detail: string): Finding {
  const failed = task.containers.find(hasFailed)
  if (!failed) return { kind: 'unknown', detail, blames: 'unknown' }
  const said = `${detail} ${exitCodes(task.containers)}`
  return isOutOfMemory(failed) || failed.exitCode === killed
    ? { kind: 'out-of-memory', detail: said, blames: 'image', ...codeOf(failed) }
    : { kind: 'application-error', detail: said, blames: 'image', ...codeOf(failed) }
}

function stoppedByScheduler(task: Task): Finding {
  const reason = task.stoppedReason ?? ''
  const detail = `The service stopped it.${inEcsWords(task)}`
  const isUnhealthy = task.health === 'UNHEALTHY' || task.containers.some(({ health }) => health === 'UNHEALTHY')
  const isScaling = /scaling activity|deployment/i.test(reason)
  if (/health check|unhealthy/i.test(reason) || (isUnhealthy && !isScaling))
    return { kind: 'health-check-failed', detail, blames: 'image' }
  if (/maintenance|underlying infrastructure|retire/i.test(reason))
    return { kind: 'infrastructure', detail, blames: 'surroundings' }
  return { kind: 'scaled-in', detail, blames: 'nobody' }
}

function interrupted(task: Task): Finding {
  const detail = `AWS took the Spot capacity back.${inEcsWords(task)}`
  return { kind: 'spot-interrupted', detail, blames: 'surroundings' }
}

function onBadHost(task: Task): Finding {
  const detail = `AWS stopped it for the sake of what it ran on.${inEcsWords(task)}`
  return { kind: 'infrastructure', detail, blames: 'surroundings' }
}

function stoppedOnRequest(task: Task): Finding {
  return task.stoppedReason?.startsWith(farguardsReason)
    ? { kind: 'stopped-by-farguard', detail: task.stoppedReason, blames: 'nobody' }
    : { kind: 'stopped-by-user', detail: `Somebody called StopTask.${inEcsWords(task)}`, blames: 'nobody' }
}

/** Exit codes alone don't tell who began: 0 and 143 may be the answer to a stop by anybody. */
function withoutKnownCode(task: Task): Finding {
  if (task.stopCode === undefined && startError(task)?.from === 'container') return neverStarted(task)
  const said = task.stopCode
    ? `ECS gives the stop code ${task.stopCode}, which Farguard does not know.`
    : 'ECS gives no stop code.'
  const detail = `${said}${inEcsWords(task)} ${exitCodes(task.containers)}`
  const starved = task.containers.find(isOutOfMemory)
  return starved
    ? { kind: 'out-of-memory', detail, blames: 'image', ...codeOf(starved) }
    : { kind: 'unknown', detail, blames: 'unknown' }
}

function exitCodes(containers: readonly TaskContainer[]): string {
  if (containers.length === 0) return 'ECS names no container.'
  const each = containers.map(container => {
    const { exitCode } = container
    return `${nameOf(container)} ${exitCode === undefined ? 'has no exit code' : `exited with ${exitCode}`}`
  })
  return `${each.join(', ')}.`
}

/** ECS's own words on the task, and on containers where they say more. */
function inEcsWords({ stoppedReason, containers }: Task): string {
  const ofContainers = containers.flatMap(container =>
    container.reason && container.reason !== stoppedReason ? [`${nameOf(container)}: ${container.reason}`] : [],
  )
  const said = [...(stoppedReason ? [stoppedReason] : []), ...ofContainers]
  return said.length > 0 ? ` ECS says: ${said.join('; ')}` : ''
}

function nameOf({ name }: TaskContainer): string {
  return name === '' ? 'a container' : name
}

function hasFailed({ exitCode }: TaskContainer): boolean {
  return exitCode !== undefined && exitCode !== 0
}

function isOutOfMemory({ reason }: TaskContainer): boolean {
  return /OutOfMemory/i.test(reason ?? '')
}

function codeOf(container: TaskContainer | undefined): { exitCode?: number } {
  return container?.exitCode === undefined ? {} : { exitCode: container.exitCode }
}
