/** Whether a rollout has come to its end, and to which. Pure: what ECS and the records say in, a verdict out. */
import type { Target, Verify } from '../config/config.ts'
import type { Service, ServiceDeployment, ServiceRollout, Task } from '../ports.ts'
import { cut } from '../status/cut.ts'
import type { Stopped } from '../status/why-stopped.ts'
import type { Deployment, GoneTask } from './records.ts'

/** One task of a deployment as it is now. */
export type TaskFact =
  /** `task`: absent while ECS does not show it yet: reads lag behind a start by minutes. */
  | { arn: string; is: 'live'; task?: Task }
  | { arn: string; is: 'ended'; task?: Task; stopped: Stopped }
  /** ECS has forgotten it and nobody saw its end. */
  | { arn: string; is: 'lost' }

export type Verdict =
  | { is: 'wait'; because: string; lookInMs: number }
  | { is: 'succeeded' }
  /** These ended for no fault of the image: as many are started again. */
  | { is: 'lost'; gone: GoneTask[] }
  | { is: 'failed'; reason: FailureReason; detail: string; quarantines: boolean }
  /** Somebody stopped it: no failure, and nothing that is to be put right. */
  | { is: 'stopped'; detail: string }
  /** Somebody else put the service on another revision. */
  | { is: 'superseded'; detail: string }
  | { is: 'parked' }
  | { is: 'woke' }

/** Each is explained in docs/deploying.md; a test keeps that complete. */
export const failureReasons = [
  'application-exit',
  'out-of-memory',
  'unhealthy',
  'image-not-pulled',
  'timed-out',
  'not-in-time',
  'surroundings',
  'outcome-unknown',
  'ecs-rolled-back',
  'ecs-gave-up',
] as const

export type FailureReason = (typeof failureReasons)[number]

/** Of the text on a task that ended: a deployment may have hundreds of them. */
const mostHowBytes = 300

const second = 1000
/** Task events come by themselves; health and ECS's verdict on a service do not. */
const soon = 30 * second
const seldom = 5 * 60 * second

/** ECS's reads may lag behind its writes by five minutes; nothing that they lack means anything for twice as long. */
export const readsLagMs = 10 * 60 * second

/** `facts`: of the copies that are not known to have ended. */
export function judgeCopies(deployment: Deployment, target: Target, facts: readonly TaskFact[], now: Date): Verdict {
  if (target.run.kind !== 'task') throw new TypeError(`${target.name} has no copies of its own to judge`)
  const { settleMs, withinMs } = target.run.verify
  const failure = firstFailure(facts)
  if (failure) return failure
  const unhealthy = facts.find(fact => fact.is === 'live' && fact.task?.health === 'UNHEALTHY')
  if (unhealthy) return failed('unhealthy', `${shortId(unhealthy.arn)} fails its health check`, true)
  const gone = facts.flatMap(fact => (fact.is === 'live' ? [] : [goneOf(fact, now)]))
  if (gone.length > 0) return { is: 'lost', gone }

  const isChecked = deployment.revision?.containers?.isHealthChecked ?? false
  const running = facts.filter(isRunning)
  const healthy = running.filter(({ task }) => !isChecked || task.health === 'HEALTHY')
  if (healthy.length === facts.length) {
    // Where ECS does not say since when a copy runs, it is no longer than the deployment.
    const since = (task: Task) => task.startedAt ?? deployment.startedAt
    const readyInMs = Math.max(0, ...healthy.map(({ task }) => settleMs - ageMs(since(task), now)))
    if (readyInMs === 0) return { is: 'succeeded' }
    return { is: 'wait', because: 'every copy runs; waiting whether it stays so', lookInMs: readyInMs }
  }
  const leftMs = withinMs - ageMs(deployment.startedAt, now)
  const isUp = running.length === facts.length
  const state = isUp
    ? `${healthy.length} of ${facts.length} copies are healthy`
    : `${running.length} of ${facts.length} copies run`
  if (leftMs > 0) return { is: 'wait', because: state, lookInMs: Math.min(leftMs, soon) }
  // Copies that run and never pass their health check are the image's fault; what did not run for long may be anybody's.
  const isImagesFault = running.some(fact => !healthy.includes(fact) && ageMs(fact.task.startedAt, now) >= withinMs / 2)
  return failed('not-in-time', `${state} ${minutes(withinMs)} after their start`, isImagesFault)
}

/**
 * A job, or a `before` task: it is to run to its end, once. Success is exit code 0 of every essential container, and nothing else is.
 * `timeoutMs`: from when it was asked for.
 */
export function judgeOneOff(deployment: Deployment, fact: TaskFact, timeoutMs: number, now: Date): Verdict {
  if (fact.is === 'live') {
    const leftMs = timeoutMs - ageMs(askedAt(deployment, fact), now)
    if (leftMs <= 0) return failed('timed-out', `it still ran after ${minutes(timeoutMs)} and was stopped`, true)
    return { is: 'wait', because: 'it runs', lookInMs: Math.min(leftMs, seldom) }
  }
  if (fact.is === 'lost')
    return failed('outcome-unknown', `ECS has forgotten ${shortId(fact.arn)}, and nobody saw how it ended`, false)
  if (hasSucceeded(fact, deployment.revision?.containers?.essential)) return { is: 'succeeded' }
  const { stopped } = fact
  if (stopped.blames === 'image') return failed(reasonOf(stopped), stopped.detail, true)
  if (stopped.blames === 'nobody') return { is: 'stopped', detail: stopped.detail }
  if (stopped.blames === 'surroundings') return { is: 'lost', gone: [goneOf(fact, now)] }
  // Whether it did its work is not known: it must neither count as done nor run a second time.
  return failed('outcome-unknown', stopped.detail, false)
}

function askedAt({ attempts }: Deployment, { arn }: TaskFact): string | undefined {
  return attempts.find(({ outcome }) => outcome?.tasks?.includes(arn))?.outcome?.at
}

/** What ECS says of a service, and of our deployment of it. */
export interface ServiceFacts {
  service: Service
  /** Our own rollout, where ECS lists it. */
  rollout?: ServiceRollout
  /** Tasks of our own service deployment, running and lately stopped, where they were asked for: whether it stays up, and why it fails. */
  tasks?: readonly TaskFact[]
}

/** Judged by our own deployment's id and revision: a service that is steady on another revision proves nothing. */
export function judgeService(deployment: Deployment, target: Target, facts: ServiceFacts, now: Date): Verdict {
  if (target.run.kind !== 'service') throw new TypeError(`${target.name} is no service`)
  const { service, rollout, tasks = [] } = facts
  const ours = deployment.revision?.arn
  const own = ownOf(service, deployment)
  const said = rollout?.reason ?? own?.rolloutReason
  const why = [said, evidence(tasks)].filter(Boolean).join('; ')

  const back = rollout?.rolledBackTo === undefined ? '' : ` to ${revisionName(rollout.rolledBackTo)}`
  if (rollout?.status === 'ROLLBACK_IN_PROGRESS' || rollout?.status === 'ROLLBACK_REQUESTED')
    // As long again as a rollout may take; a way back that has no end is as good as none.
    return ageMs(deployment.startedAt, now) < 2 * target.run.verify.withinMs
      ? { is: 'wait', because: `ECS rolls it back${back}: ${why}`, lookInMs: soon }
      : failed('ecs-gave-up', `ECS did not finish rolling it back${back}: ${why}`, blamesImage(tasks))
  if (rollout?.status === 'ROLLBACK_SUCCESSFUL')
    return failed('ecs-rolled-back', `ECS rolled it back${back}: ${why}`, blamesImage(tasks))
  if (rollout?.status === 'ROLLBACK_FAILED')
    return failed('ecs-gave-up', `ECS could not roll it back${back}: ${why}`, blamesImage(tasks))
  if (own?.rolloutState === 'FAILED' && service.revision !== ours)
    return failed('ecs-rolled-back', `ECS rolled it back: ${why}`, blamesImage(tasks))
  if (own?.rolloutState === 'FAILED')
    return failed('ecs-gave-up', `ECS gave the rollout up: ${why}`, blamesImage(tasks))
  // An earlier rollout of the same revision may be listed for longer than ours is not.
  const isStopped = rollout?.status === 'STOPPED' && !own?.rolloutState
  if (isStopped && service.revision === ours)
    return failed('ecs-gave-up', `ECS stopped the rollout: ${why}`, blamesImage(tasks))
  if (service.revision !== ours) return judgeElsewhere(deployment, facts, now)
  return judgeOnOurs(deployment, target.run.verify, facts, now)
}

/** The service is on another revision by ECS's answer, and ECS did not roll ours back. */
function judgeElsewhere(deployment: Deployment, { service, rollout }: ServiceFacts, now: Date): Verdict {
  const isEarly = ageMs(deployment.startedAt, now) < readsLagMs
  const isOver = rollout?.status === 'STOPPED' || rollout?.status === 'SUCCESSFUL'
  const mayStillCount = rollout && !isOver ? true : isEarly && rollout?.status !== 'STOPPED'
  if (mayStillCount) return { is: 'wait', because: 'ECS does not show our revision on the service yet', lookInMs: soon }
  return { is: 'superseded', detail: `the service was put on ${revisionName(service.revision)} by somebody else` }
}

/** The service is on our revision, and ECS has not given up. */
function judgeOnOurs(deployment: Deployment, verify: Verify, facts: ServiceFacts, now: Date): Verdict {
  const { service, rollout, tasks } = facts
  const isAwake = deployment.wokeAt !== undefined
  if (service.desiredCount === 0) return deployment.isParked && !isAwake ? waitParked() : { is: 'parked' }
  if (deployment.isParked && !isAwake) return { is: 'woke' }
  const own = ownOf(service, deployment)
  // A service that was asleep when it got the revision: ECS was content with no copies at all, so its copies are counted.
  const isDone = !isAwake
    ? isContent(rollout, own)
    : service.runningCount >= service.desiredCount && service.pendingCount === 0
  const unsettledMs = isDone ? unsettled(tasks, service.desiredCount, verify.settleMs, now) : undefined
  if (unsettledMs === 0) return { is: 'succeeded' }
  const leftMs = verify.withinMs - ageMs(deployment.wokeAt ?? deployment.startedAt, now)
  const said = rollout?.status ?? own?.rolloutState ?? 'nothing'
  const state = `${service.runningCount} of ${service.desiredCount} copies run, ECS says ${said}`
  if (leftMs > 0) return { is: 'wait', because: state, lookInMs: Math.min(leftMs, unsettledMs ?? soon, soon) }
  // What ECS is content with and what fails for no fault of the image may stay.
  if (isDone && !blamesImage(tasks ?? [])) return { is: 'succeeded' }
  const why = [`${state} after ${minutes(verify.withinMs)}`, evidence(tasks ?? [])].filter(Boolean).join(': ')
  return failed('not-in-time', why, blamesImage(tasks ?? []))
}

/**
 * In how many milliseconds the copies will have run for as long as they are to, 0 once they have. ECS is content with a copy at the
 * moment it runs, also with one that exits a second later, again and again.
 */
function unsettled(tasks: ServiceFacts['tasks'], desired: number, settleMs: number, now: Date): number {
  if (!tasks) return 0
  const running = tasks.filter(isRunning)
  if (running.length < desired) return soon
  return Math.max(0, ...running.map(({ task }) => settleMs - ageMs(task.startedAt, now)))
}

/** An earlier rollout of the same revision may be what is listed, for as long as reads lag: ours contradicts it then. */
function isContent(rollout: ServiceRollout | undefined, own: ServiceDeployment | undefined): boolean {
  if (!rollout) return own?.rolloutState === 'COMPLETED'
  return rollout.status === 'SUCCESSFUL' && own?.rolloutState !== 'IN_PROGRESS'
}

/** Our own deployment among those that the service still shows: by its id, or by its revision where the id was not told. */
function ownOf({ deployments }: Service, deployment: Deployment): ServiceDeployment | undefined {
  const id = ownDeployment(deployment)
  return deployments.find(each => (id === undefined ? each.revision === deployment.revision?.arn : each.id === id))
}

/** ECS's id of the service deployment that rolls our revision out. */
export function ownDeployment({ attempts }: Deployment): string | undefined {
  return attempts.map(attempt => attempt.outcome?.serviceDeployment).findLast(id => id !== undefined)
}

function waitParked(): Verdict {
  return { is: 'wait', because: 'the service is parked at zero copies', lookInMs: seldom }
}

/** Why the first copy that failed by its own fault did. A copy is to keep running: an exit with 0 is one too many. */
function firstFailure(facts: readonly TaskFact[]): Verdict | undefined {
  for (const fact of facts) {
    if (fact.is !== 'ended') continue
    const { stopped } = fact
    if (stopped.kind === 'completed')
      return failed('application-exit', `${shortId(fact.arn)} exited with 0, and a copy is to keep running`, true)
    if (stopped.blames === 'image') return failed(reasonOf(stopped), stopped.detail, true)
  }
  return undefined
}

function reasonOf({ kind }: Stopped): FailureReason {
  switch (kind) {
    case 'out-of-memory':
    case 'image-not-pulled':
      return kind
    case 'health-check-failed':
      return 'unhealthy'
    default:
      return 'application-exit'
  }
}

/** Other essential containers are stopped once the first has ended; theirs count all the same. */
function hasSucceeded(fact: TaskFact & { is: 'ended' }, essential: readonly string[] | undefined): boolean {
  if (fact.stopped.kind === 'completed') return true
  const { task } = fact
  if (!task || !essential || essential.length === 0 || task.stopCode !== 'EssentialContainerExited') return false
  return essential.every(name => task.containers.find(container => container.name === name)?.exitCode === 0)
}

function goneOf(fact: TaskFact & { is: 'ended' | 'lost' }, now: Date): GoneTask {
  const at = now.toISOString()
  if (fact.is === 'lost')
    return { arn: fact.arn, at, how: 'lost: ECS does not know it any more', isNobodysFault: false }
  const { kind, detail, blames } = fact.stopped
  return { arn: fact.arn, at, how: cut(`${kind}: ${detail}`, mostHowBytes), isNobodysFault: blames === 'nobody' }
}

function evidence(tasks: readonly TaskFact[]): string {
  const reasons = tasks.flatMap(fact => (fact.is === 'ended' && fact.stopped.blames !== 'nobody' ? [fact] : []))
  const image = reasons.find(({ stopped }) => stopped.blames === 'image') ?? reasons[0]
  return image ? `${shortId(image.arn)} ${image.stopped.kind}: ${image.stopped.detail}` : ''
}

function blamesImage(tasks: readonly TaskFact[]): boolean {
  return tasks.some(
    fact =>
      (fact.is === 'ended' && (fact.stopped.blames === 'image' || fact.stopped.kind === 'completed')) ||
      (fact.is === 'live' && fact.task?.health === 'UNHEALTHY'),
  )
}

function isRunning(fact: TaskFact): fact is TaskFact & { is: 'live'; task: Task } {
  return fact.is === 'live' && fact.task?.lastStatus === 'RUNNING' && fact.task.desiredStatus !== 'STOPPED'
}

function failed(reason: FailureReason, detail: string, quarantines: boolean): Verdict {
  return { is: 'failed', reason, detail, quarantines }
}

/** 0 when it is not known since when: then nothing is ready and nothing is over. */
function ageMs(since: string | undefined, now: Date): number {
  return since === undefined ? 0 : now.getTime() - Date.parse(since)
}

function minutes(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`
}

function shortId(arn: string): string {
  return `task ${arn.slice(arn.lastIndexOf('/') + 1, arn.lastIndexOf('/') + 9)}`
}

function revisionName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
