/** A batch of task events: each task's highest version goes on record, then the rollouts concerned are brought on. */
import { type EcsTaskStateChange, taskOf } from '../../events/ecs-task-state-change.ts'
import { isOurCluster } from '../config/clusters.ts'
import type { Config, Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { Task } from '../ports.ts'
import { advanceEach, type Means, outOfTime } from './advance-each.ts'
import { attempt } from './attempt.ts'
import { belongingOf } from './belonging.ts'
import { concurrently } from './concurrently.ts'
import { readTasks, type TaskRecord, writeTask } from './task-record.ts'

/** What an event told. */
interface Told {
  task: Task
  at: string
  notOurs: string | undefined
}

const writesAtOnce = 10

/** The outcome of each event, in their order. */
export async function recordTasks(events: readonly EcsTaskStateChange[], means: Means): Promise<Outcome[]> {
  const { config, world } = means
  const told = events.map((event): Told => {
    const task = taskOf(event)
    return { task, at: event.time, notOurs: whyNotOurs(task, config) }
  })
  const newest = highestVersions(told.filter(({ notOurs }) => !notOurs))
  const recorded = await recordEach(newest, means)
  const advanced = await advanceEach(targetsOf(newest, recorded, config), means)
  const outcomes = told.map(({ task, notOurs }): Outcome => {
    if (notOurs) return { kind: 'skipped', reason: notOurs }
    const outcome = recorded.get(task.arn) ?? outOfTime
    if (isFailed(outcome)) return shared(outcome, task, newest)
    const advance = advanced.get(belongingOf(task, config).target ?? '')
    return advance?.kind === 'retryable' ? advance : outcome
  })
  world.log.info('tasks recorded', countsOf(outcomes))
  return outcomes
}

/** Why a task's status is nothing to record; undefined when it is ours to record. */
export function whyNotOurs(task: Task, config: Config): 'other-cluster' | 'not-fargate' | undefined {
  if (!isOurCluster(task.cluster, config)) return 'other-cluster'
  return isFargate(task) ? undefined : 'not-fargate'
}

/** What a capacity provider started may carry no launch type. */
export function isFargate({ launchType, capacityProvider }: Task): boolean {
  if (launchType !== undefined) return launchType === 'FARGATE'
  return capacityProvider === 'FARGATE' || capacityProvider === 'FARGATE_SPOT'
}

function highestVersions(told: readonly Told[]): Map<string, Told> {
  const newest = new Map<string, Told>()
  for (const each of told) {
    const known = newest.get(each.task.arn)
    if (!known || known.task.version < each.task.version) newest.set(each.task.arn, each)
  }
  return newest
}

async function recordEach(newest: ReadonlyMap<string, Told>, means: Means): Promise<Map<string, Outcome>> {
  const { world, hasTime } = means
  const arns = [...newest.keys()]
  const ending = arns.filter(arn => isEnding(newest.get(arn)?.task))
  const read = await attempt(() => readTasks(world.table, ending), 'Reading what is on record of tasks', world)
  if ('failed' in read) return new Map(arns.map(arn => [arn, read.failed]))
  const seen = new Map(read.value.map(record => [record.arn, record]))
  const outcomes = new Map<string, Outcome>()
  await concurrently([...newest.values()], writesAtOnce, async each => {
    const { arn } = each.task
    outcomes.set(arn, hasTime() ? await record(each, seen.get(arn), means) : outOfTime)
  })
  return outcomes
}

/**
 * What a look saw, and no event tells, is lost for good once a task has ended: its tags, and how healthy it was. Until then the next
 * look sees it again, and a read for each event would cost a fifth of its write.
 */
function isEnding(task: Task | undefined): boolean {
  return (
    task !== undefined &&
    (task.desiredStatus === 'STOPPED' || task.stopCode !== undefined || task.lastStatus === 'STOPPED')
  )
}

async function record({ task, at }: Told, seen: TaskRecord | undefined, { config, world }: Means): Promise<Outcome> {
  const write = () => writeTask(world.table, task, { config, from: 'event', at, seen })
  const written = await attempt(write, `Recording ${task.arn}`, world)
  if ('failed' in written) return written.failed
  return written.value === 'written'
    ? { kind: 'done', what: `${task.arn} is on record in version ${task.version}` }
    : { kind: 'skipped', reason: written.value }
}

/** Also of tasks whose write was nothing new: whoever made it may have died before it came to advancing. */
function targetsOf(
  newest: ReadonlyMap<string, Told>,
  recorded: ReadonlyMap<string, Outcome>,
  config: Config,
): Target[] {
  const names = new Set<string | undefined>()
  for (const [arn, { task }] of newest) {
    const outcome = recorded.get(arn)
    if (outcome && !isFailed(outcome)) names.add(belongingOf(task, config).target)
  }
  return config.targets.filter(({ name }) => names.has(name))
}

/** What failed for good took only its own version with it: an older one, by itself, may go on record the next time. */
function shared(outcome: Outcome, task: Task, newest: ReadonlyMap<string, Told>): Outcome {
  const isNewest = newest.get(task.arn)?.task.version === task.version
  if (outcome.kind !== 'permanent' || isNewest) return outcome
  return { ...outcome, kind: 'retryable' }
}

function isFailed({ kind }: Outcome): boolean {
  return kind === 'retryable' || kind === 'permanent'
}

function countsOf(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    const key = 'reason' in outcome ? outcome.reason : outcome.kind
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}
