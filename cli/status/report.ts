/** What `farguard status` says of each target and cluster. Pure: what was observed in, a plain report out. */
import type { Target } from '../../shared/config/config.ts'
import type { DeployedImage, Deployment, Quarantined, TargetGate, TargetHead } from '../../shared/deploy/records.ts'
import type { Parked } from '../../shared/guard/records.ts'
import { copiesId } from '../../shared/guard/workload.ts'
import type { TaskRecord } from '../../shared/status/task-record.ts'
import { isSettled } from '../follow-wish.ts'
import { driftOf } from './drift.ts'
import type { Observed, ObservedTarget } from './observe.ts'

/** Times are ISO 8601; what is not known is absent. */
export interface StatusReport {
  at: string
  stack: string
  notAsked: string[]
  targets: TargetStatus[]
  /** Stopped by the guard, and of no target that is shown. */
  stopped: StoppedWorkload[]
  clusters: { cluster: string; tasksOfNoTarget: { group: string; count: number }[] }[]
}

export interface TargetStatus {
  target: string
  repository: string
  cluster: string
  kind: Target['run']['kind']
  service?: string
  /** What is to run, by our records. */
  runs?: { tag: string; digest: string; number: number; since: string; revision?: string }
  /** The newest deployment, whatever came of it. */
  newest?: { number: number; state: Deployment['state'] | 'claimed'; at: string; ended?: string }
  copies: { desired?: number; running: number; pending: number }
  health: { healthy: number; unhealthy: number }
  /** `deadline`: when it fails unless it has succeeded. `waitsFor`: the deployment whose job or before task still runs. */
  underWay?: {
    number: number
    state: string
    image: DeployedImage
    since: string
    deadline?: string
    isParked?: true
    waitsFor?: number
  }
  hold?: NonNullable<TargetGate['hold']>
  /** A budget holds deployments back. */
  budgetHold?: NonNullable<TargetGate['budgetHold']>
  /** By the guard. */
  stopped?: StoppedWorkload
  parked?: NonNullable<TargetGate['parked']>
  floor?: NonNullable<TargetHead['floor']>
  quarantine: Quarantined[]
  gone: TargetGate['gone']
  /** What differs from what is on record, in sentences. */
  drift: string[]
}

export interface StoppedWorkload {
  workload: string
  /** left: it came back by itself again, and is not fought over. */
  state: 'stopping' | 'stopped' | 'waking' | 'left'
  since: string
  /** Each reason by itself; it comes back when none holds any more. */
  because: string[]
  /** When it comes back by itself. */
  until?: string
}

export function reportOn(observed: Observed, stack: string, now: Date): StatusReport {
  return {
    at: now.toISOString(),
    stack,
    notAsked: observed.notAsked,
    targets: observed.targets.map(target => statusOf(target, observed.parked, now)),
    stopped: observed.parked
      .filter(({ target }) => !observed.targets.some(each => each.target.name === target))
      .map(stoppedOf),
    clusters: observed.others.map(({ cluster, tasks }) => ({ cluster, tasksOfNoTarget: groupsOf(tasks) })),
  }
}

function statusOf(observed: ObservedTarget, allParked: readonly Parked[], now: Date): TargetStatus {
  const { target, known, standing } = observed
  const { head, gate } = known
  const underWay = underWayOf(observed)
  const newest = newestOf(observed)
  const parkedNow = allParked.find(each => each.target === target.name)
  const stopped = parkedNow ? stoppedOf(parkedNow) : asleep(target, gate)
  const budgetHold = gate?.budgetHold && gate.budgetHold.until > now.toISOString() ? gate.budgetHold : undefined
  return {
    target: target.name,
    repository: target.repository,
    cluster: target.cluster,
    kind: target.run.kind,
    ...(target.run.kind === 'service' && { service: target.run.service }),
    ...(standing && { runs: runsOf(standing) }),
    ...(newest && { newest }),
    copies: copiesOf(observed),
    health: {
      healthy: observed.tasks.filter(({ health }) => health === 'HEALTHY').length,
      unhealthy: observed.tasks.filter(({ health }) => health === 'UNHEALTHY').length,
    },
    ...(underWay && { underWay }),
    ...(gate?.hold && { hold: gate.hold }),
    ...(budgetHold && { budgetHold }),
    ...(stopped && { stopped }),
    ...(gate?.parked && { parked: gate.parked }),
    ...(head?.floor && { floor: head.floor }),
    quarantine: head?.quarantine ?? [],
    gone: gate?.gone ?? [],
    drift: driftOf(observed),
  }
}

function stoppedOf({ workload, state, at, stoppedAt, reasons, ended }: Parked): StoppedWorkload {
  const [only, ...others] = reasons
  const isLeft = state === 'left' && ended !== undefined
  return {
    workload,
    state: states[state],
    since: isLeft ? ended.at : (stoppedAt ?? at),
    because: isLeft ? [ended.detail] : reasons.map(({ reason, detail }) => `${reason}: ${detail}`),
    ...(only?.until !== undefined && others.length === 0 && !isLeft && { until: only.until }),
  }
}

const states: Record<Parked['state'], StoppedWorkload['state']> = {
  parking: 'stopping',
  parked: 'stopped',
  waking: 'waking',
  left: 'left',
  over: 'waking',
}

/** Where the record of the stop is not to be seen: the gate alone keeps copies from being started. */
function asleep({ name }: Target, gate: TargetGate | undefined): StoppedWorkload | undefined {
  if (!gate?.asleep) return undefined
  const { because, since } = gate.asleep
  return { workload: copiesId(name), state: 'stopped', since, because: [because] }
}

function runsOf({ image, number, startedAt, claimedAt, revision }: Deployment): NonNullable<TargetStatus['runs']> {
  const { tag, digest } = image
  return { tag, digest, number, since: startedAt ?? claimedAt, ...(revision && { revision: revision.arn }) }
}

/** A head may name a deployment that nothing else is on record of yet. */
function newestOf({ known: { head, newest } }: ObservedTarget): TargetStatus['newest'] {
  if (head && head.current.number > (newest?.number ?? 0))
    return { number: head.current.number, state: 'claimed', at: head.current.claimedAt }
  if (!newest) return undefined
  const { number, state, claimedAt: at, ended } = newest
  return { number, state, at, ...(ended && { ended: `${ended.reason}: ${ended.detail}` }) }
}

function underWayOf({ target, known: { head, newest } }: ObservedTarget): TargetStatus['underWay'] {
  if (head && head.current.number > (newest?.number ?? 0)) {
    const { number, image, claimedAt: since } = head.current
    const { busy: waitsFor } = head
    return { number, state: 'claimed', image, since, ...(waitsFor !== undefined && { waitsFor }) }
  }
  if (!newest) return undefined
  const isParked = newest.isParked === true && newest.wokeAt === undefined
  if (isSettled(newest) && !isParked) return undefined
  const deadline = isParked ? undefined : deadlineOf(newest, target)
  const { number, state, image, claimedAt: since } = newest
  return { number, state, image, since, ...(deadline && { deadline }), ...(isParked && { isParked }) }
}

/** As rollouts are judged: a copy's deadline from its start, a job's own time, and a `before` task's. */
export function deadlineOf(deployment: Deployment, { run, before }: Target): string | undefined {
  const { startedAt, wokeAt, preparedAt, attempts, state } = deployment
  if (state === 'failed') return undefined
  const preparing = attempts.findLast(({ purpose }) => purpose === 'before')
  const [from, ms] =
    startedAt !== undefined
      ? [wokeAt ?? startedAt, run.kind === 'job' ? run.timeoutMs : run.verify.withinMs]
      : [preparedAt === undefined ? preparing?.at : undefined, before?.timeoutMs]
  return from === undefined || ms === undefined ? undefined : new Date(Date.parse(from) + ms).toISOString()
}

function copiesOf({ target, service, tasks }: ObservedTarget): TargetStatus['copies'] {
  if (service !== undefined && service !== 'missing') {
    const { desiredCount: desired, runningCount: running, pendingCount: pending } = service
    return { desired, running, pending }
  }
  const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length
  const counts = { running, pending: tasks.length - running }
  return target.run.kind === 'task' ? { desired: target.run.count, ...counts } : counts
}

function groupsOf(tasks: readonly TaskRecord[]): { group: string; count: number }[] {
  return [...Map.groupBy(tasks, ({ group }) => group ?? 'of no group')]
    .map(([group, { length: count }]) => ({ group, count }))
    .sort((a, b) => b.count - a.count || (a.group < b.group ? -1 : 1))
}
