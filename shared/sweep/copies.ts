/** The copies of a task target: as many as farguard.yml says, of what has succeeded, and no others. */
import type { Target } from '../config/config.ts'
import { liveTasks, pruned, wantedCopies } from '../deploy/attempts.ts'
import { isRecentStart } from '../deploy/observe-tasks.ts'
import { isSamePlace, placeOf } from '../deploy/place.ts'
import { observe } from '../deploy/prepare.ts'
import {
  type Deployment,
  deploymentsOf,
  isStanding,
  type KnownTarget,
  readTarget,
  type TargetHead,
  writeDeployment,
} from '../deploy/records.ts'
import { lastGoodHere, stopTask } from '../deploy/settle.ts'
import { replenish } from '../deploy/start.ts'
import { readsLagMs } from '../deploy/verify.ts'
import type { Task, World } from '../ports.ts'
import { startOf } from '../status/belonging.ts'
import { indexedTasks } from '../status/task-record.ts'

/** A task that Farguard started, as the sweep found it. */
export interface OwnTask {
  arn: string
  target: string
  /** The deployment's id, and the number of the attempt, as far as two digits tell it. */
  deployment: { id: string; attempt: number }
  isUp: boolean
  createdAt?: string
}

/** Undefined for what somebody else started. */
export function ownTask({ arn, startedBy, desiredStatus, createdAt }: Task): OwnTask | undefined {
  const start = startOf(startedBy)
  if (!start) return undefined
  return { arn, ...start, isUp: desiredStatus !== 'STOPPED', ...(createdAt !== undefined && { createdAt }) }
}

/**
 * Starts what is missing and stops what does not count; gives what was done. No rollout is under way: it
 * would see to its own copies. What the guard has put to sleep is not started. `own`: absent where the cluster was not looked at in this sweep.
 */
export async function keepCopies(
  target: Target,
  { head, gate, newest }: KnownTarget,
  own: readonly OwnTask[] | undefined,
  world: World,
): Promise<string[]> {
  if (target.run.kind !== 'task' || !head || newest?.number !== head.current.number) return []
  const good = isStanding(newest) ? newest : await lastGoodHere(target, head, world)
  const found = own ?? (await onRecord(target, good, world))
  const strays = await stopStrays(good, found, target, world)
  if (good?.state !== 'succeeded' || good.retiredAt || !isSamePlace(good.where, placeOf(target))) return strays
  const surplus = await stopSurplus(good, found, target, world)
  if (gate?.asleep) return [...strays, ...surplus]
  return [...strays, ...surplus, ...(await startMissing(head, good, found, target, world))]
}

/** What the records take to run of a target, as ECS has it. */
async function onRecord({ name, cluster }: Target, good: Deployment | undefined, world: World): Promise<OwnTask[]> {
  const arns = new Set(good ? liveTasks(good) : [])
  for await (const page of indexedTasks(world.table, { target: name }))
    for (const record of page) if (record.cluster === cluster) arns.add(record.arn)
  return (await world.fleet.describeTasks(cluster, [...arns])).flatMap(task => ownTask(task) ?? [])
}

/** Copies above the count: farguard.yml asks for fewer by now. The newest go first: they have the least to lose. */
async function stopSurplus(good: Deployment, own: readonly OwnTask[], target: Target, world: World): Promise<string[]> {
  const live = new Set(liveTasks(good))
  const copies = own.filter(({ isUp, arn }) => isUp && live.has(arn))
  const count = wantedCopies(target)
  const surplus = copies.sort(newestFirst).slice(0, Math.max(0, copies.length - count))
  for (const { arn } of surplus)
    await stopTask(good.where.cluster, arn, `Farguard: ${target.name} is to have ${count} copies`, good, world)
  return surplus.length === 0 ? [] : [`target ${target.name}: ${surplus.length} copies above its ${count} were stopped`]
}

function newestFirst(a: OwnTask, b: OwnTask): number {
  const [atA, atB] = [a.createdAt ?? '', b.createdAt ?? '']
  return atA < atB || (atA === atB && a.arn < b.arn) ? 1 : -1
}

async function startMissing(
  head: TargetHead,
  good: Deployment,
  own: readonly OwnTask[],
  target: Target,
  world: World,
): Promise<string[]> {
  const up = new Set(own.filter(({ isUp }) => isUp).map(({ arn }) => arn))
  const gone = liveTasks(good).filter(arn => !up.has(arn) && !isRecentStart(good, arn, world.clock.now()))
  const isOpenStill = good.attempts.some(({ outcome }) => !outcome)
  const missing = wantedCopies(target) - (liveTasks(good).length - gone.length)
  if (missing <= 0 && !isOpenStill) return []
  // What was read at the sweep's beginning may be minutes old by now.
  if ((await readTarget(world.table, target.name)).gate?.asleep) return []
  const at = world.clock.now().toISOString()
  const ended = gone.map(arn => ({ arn, at, how: 'ended', isNobodysFault: true }))
  const noted =
    ended.length === 0
      ? good
      : await writeDeployment(world.table, pruned({ ...good, gone: [...(good.gone ?? []), ...ended] }))
  if (!noted) return []
  const ground = await observe(target, world)
  const after = await replenish(head, noted, target, ground, world)
  const started = liveTasks(after).filter(arn => !up.has(arn))
  return started.length === 0
    ? []
    : [`target ${target.name}: ${started.length} of its copies had ended and were started again`]
}

/**
 * Copies of deployments that failed, were overtaken or are retired, and of the good one such as its record does not count. Jobs and
 * `before` tasks come to their own end.
 */
async function stopStrays(
  good: Deployment | undefined,
  own: readonly OwnTask[],
  target: Target,
  world: World,
): Promise<string[]> {
  const now = world.clock.now().getTime()
  const live = new Set(good ? liveTasks(good) : [])
  const isSettled = good?.attempts.every(({ outcome }) => outcome) ?? true
  const others = own.filter(({ arn, isUp, deployment, createdAt }) => {
    const counts = deployment.id === good?.id && (live.has(arn) || !isSettled)
    return isUp && !counts && createdAt !== undefined && now - Date.parse(createdAt) > readsLagMs
  })
  if (others.length === 0) return []
  const stopped: string[] = []
  for await (const of of deploymentsOf(world.table, target.name))
    for (const { arn, deployment } of others) {
      if (deployment.id !== of.id || of.where.kind !== 'task') continue
      const attempt = of.attempts.find(({ outcome }) => outcome?.tasks?.includes(arn))
      if (attempt?.purpose === 'before' || (!attempt && target.before)) continue
      await stopTask(of.where.cluster, arn, `Farguard: ${target.name} #${of.number} does not count any more`, of, world)
      stopped.push(arn)
    }
  return stopped.length === 0
    ? []
    : [`target ${target.name}: ${stopped.length} copies that do not count any more were stopped`]
}
