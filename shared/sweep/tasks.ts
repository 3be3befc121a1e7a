/** Every task of a cluster as ECS has it, put on record where events were lost, and what ECS has lost. */
import type { Config } from '../config/config.ts'
import type { Task, World } from '../ports.ts'
import { concurrently } from '../status/concurrently.ts'
import { whyNotOurs } from '../status/record-tasks.ts'
import { canBeLost, indexedTasks, markLost, readTasks, type TaskRecord, writeTask } from '../status/task-record.ts'
import { type OwnTask, ownTask } from './copies.ts'

/** So many are held at a time: DescribeTasks gives 100 a call, and a few calls run at once. */
const tasksAtOnce = 400

const writesAtOnce = 10

/** EventBridge, a batch that gathers, and a write: what changed later than this ago may be on its way. */
const eventsTakeMs = 2 * 60_000

/** More than these are counted, not listed. */
const mostNamed = 10

export interface SweptTasks {
  repaired: string[]
  own: OwnTask[]
  /** Of `targets`, those that nothing is on record of as running there. */
  without: string[]
}

/** `targets`: all whose tasks may be on record as running there, also such as farguard.yml has no more. */
export async function sweepTasks(
  cluster: string,
  targets: readonly string[],
  config: Config,
  world: World,
): Promise<SweptTasks> {
  const seen = await runningByRecords(cluster, targets, world)
  const onRecord = new Set([...seen.values()].map(({ target }) => target))
  const listed = await running(cluster, seen, world)
  const swept = new SweptCluster(config, world, seen)
  for (let from = 0; from < listed.length; from += tasksAtOnce) {
    const arns = listed.slice(from, from + tasksAtOnce)
    await swept.take(arns, await world.fleet.describeTasks(cluster, arns))
  }
  return { repaired: swept.report(cluster), own: swept.own, without: targets.filter(name => !onRecord.has(name)) }
}

/** What the records take to be running, by ARN. */
async function runningByRecords(
  cluster: string,
  targets: readonly string[],
  world: World,
): Promise<Map<string, TaskRecord>> {
  const seen = new Map<string, TaskRecord>()
  const groups = [{ cluster }, ...targets.map(target => ({ target }))]
  for (const whose of groups)
    for await (const page of indexedTasks(world.table, whose))
      for (const record of page) if (record.cluster === cluster) seen.set(record.arn, record)
  return seen
}

/**
 * All that is to be asked about: what ECS lists, what the records take to run, and what stopped and is not on record as stopped. Adds
 * to `seen` what is on record of tasks that the records don't take to run: those that are lost, among others.
 */
async function running(cluster: string, seen: Map<string, TaskRecord>, world: World): Promise<string[]> {
  const arns = new Set(seen.keys())
  for (const desired of ['running', 'stopped'] as const)
    for await (const page of world.fleet.listTasks(cluster, desired)) {
      const unknown = page.filter(arn => !arns.has(arn))
      const ended = new Set<string>()
      for (const record of await readTasks(world.table, unknown)) {
        if (record.lastStatus === 'STOPPED') ended.add(record.arn)
        else seen.set(record.arn, record)
      }
      for (const arn of unknown) if (desired === 'running' || !ended.has(arn)) arns.add(arn)
    }
  return [...arns]
}

class SweptCluster {
  readonly own: OwnTask[] = []
  readonly #config: Config
  readonly #world: World
  readonly #seen: ReadonlyMap<string, TaskRecord>
  readonly #written: string[] = []
  readonly #lost: string[] = []

  constructor(config: Config, world: World, seen: ReadonlyMap<string, TaskRecord>) {
    this.#config = config
    this.#world = world
    this.#seen = seen
  }

  async take(asked: readonly string[], described: readonly Task[]): Promise<void> {
    const found = new Set(described.map(({ arn }) => arn))
    this.own.push(...described.flatMap(task => ownTask(task) ?? []))
    const ours = described.filter(task => !whyNotOurs(task, this.#config))
    await concurrently(ours, writesAtOnce, task => this.#record(task))
    const missing = asked.filter(arn => !found.has(arn))
    await concurrently(missing, writesAtOnce, arn => this.#missing(arn))
  }

  async #record(task: Task): Promise<void> {
    const at = this.#world.clock.now().toISOString()
    const seen = this.#seen.get(task.arn)
    const written = await writeTask(this.#world.table, task, { config: this.#config, from: 'look', at, seen })
    // Health, which has no event, is no repair; nor is what an event may be on its way to tell.
    const isNews = seen?.version !== task.version || seen.lost !== undefined
    const isRepair = isNews && Date.parse(at) - lastChangeOf(task) > eventsTakeMs
    if (written === 'written' && isRepair) this.#written.push(task.arn)
  }

  async #missing(arn: string): Promise<void> {
    const record = this.#seen.get(arn)
    const now = this.#world.clock.now()
    if (record && canBeLost(record, now) && (await markLost(this.#world.table, record, now))) this.#lost.push(arn)
  }

  report(cluster: string): string[] {
    const line = (what: string, arns: readonly string[]) =>
      arns.length === 0 ? [] : [`cluster ${cluster}: ${arns.length} ${what}: ${named(arns)}`]
    return [...line('tasks whose events were lost are on record', this.#written), ...line('tasks are lost', this.#lost)]
  }
}

/** Milliseconds since the epoch; long ago where ECS gives no time at all. */
function lastChangeOf(task: Task): number {
  const { createdAt, pullStartedAt, pullStoppedAt, startedAt, stoppingAt, executionStoppedAt, stoppedAt } = task
  const times = [createdAt, pullStartedAt, pullStoppedAt, startedAt, stoppingAt, executionStoppedAt, stoppedAt]
  return Math.max(0, ...times.map(time => Date.parse(time ?? '') || 0))
}

function named(arns: readonly string[]): string {
  const names = arns.slice(0, mostNamed).map(arn => arn.slice(arn.lastIndexOf('/') + 1))
  return [...names, ...(arns.length > mostNamed ? [`and ${arns.length - mostNamed} more`] : [])].join(', ')
}
