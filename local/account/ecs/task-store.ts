/** Every task of the account that ECS still knows, with the indexes that lists are read from. */
import type { SimulatedClock } from '../clock.ts'
import { nameWithin } from './arns.ts'
import { stoppedTaskMemory } from './durations.ts'
import { isLive, isRunning, type TaskRecord } from './task-record.ts'

type Index = 'startedBy' | 'family' | 'service'

interface ClusterTasks {
  byId: Map<string, TaskRecord>
  indexes: Record<Index, Map<string, Set<TaskRecord>>>
}

export class TaskStore {
  readonly #clock: SimulatedClock
  readonly #clusters = new Map<string, ClusterTasks>()
  /** In the order in which they stopped, which is the order in which they are forgotten. */
  #stopped: TaskRecord[] = []
  #sequence = 0

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  nextSequence(): number {
    return this.#sequence++
  }

  add(record: TaskRecord): void {
    const tasks = this.#of(record.cluster)
    tasks.byId.set(record.id, record)
    for (const [index, value] of indexed(record)) {
      const set = tasks.indexes[index].get(value) ?? new Set()
      tasks.indexes[index].set(value, set.add(record))
    }
  }

  /** To be told once a task is STOPPED: from then on its hour runs. */
  stopped(record: TaskRecord): void {
    this.#stopped.push(record)
  }

  /** By id or ARN; undefined when there is none, or when it stopped more than an hour ago. */
  find(cluster: string, identifier: string): TaskRecord | undefined {
    this.#forget()
    return this.#of(cluster).byId.get(nameWithin('task', identifier, cluster))
  }

  byArn(arn: string): TaskRecord | undefined {
    const cluster = arn.split('/')[1] ?? ''
    const found = this.find(cluster, arn.split('/')[2] ?? '')
    return found?.state.taskArn === arn ? found : undefined
  }

  /** In the order in which they were started. The filters that are given all hold. */
  list(cluster: string, filters: Partial<Record<Index, string>>): Iterable<TaskRecord> {
    this.#forget()
    const tasks = this.#of(cluster)
    const sets = Object.entries(filters).map(
      ([index, value]) => tasks.indexes[index as Index].get(value) ?? new Set<TaskRecord>(),
    )
    const [smallest, ...others] = sets.sort((one, other) => one.size - other.size)
    if (!smallest) return tasks.byId.values()
    return others.length === 0 ? smallest : [...smallest].filter(record => others.every(other => other.has(record)))
  }

  all(): TaskRecord[] {
    this.#forget()
    return [...this.#clusters.values()].flatMap(tasks => [...tasks.byId.values()])
  }

  counts(cluster: string): { runningTasksCount: number; pendingTasksCount: number } {
    const live = [...this.list(cluster, {})].filter(isLive)
    const runningTasksCount = live.filter(isRunning).length
    return { runningTasksCount, pendingTasksCount: live.length - runningTasksCount }
  }

  #of(cluster: string): ClusterTasks {
    const known = this.#clusters.get(cluster)
    if (known) return known
    const made = { byId: new Map(), indexes: { startedBy: new Map(), family: new Map(), service: new Map() } }
    this.#clusters.set(cluster, made)
    return made
  }

  /** Forgets at reading what was to be forgotten by now: no timer per stopped task. */
  #forget(): void {
    const before = this.#clock.now().getTime() - stoppedTaskMemory
    const kept = this.#stopped.findIndex(record => (record.state.stoppedAt?.getTime() ?? 0) > before)
    const gone = this.#stopped.splice(0, kept === -1 ? this.#stopped.length : kept)
    for (const record of gone) {
      const tasks = this.#of(record.cluster)
      tasks.byId.delete(record.id)
      for (const [index, value] of indexed(record)) {
        const set = tasks.indexes[index].get(value)
        set?.delete(record)
        if (set?.size === 0) tasks.indexes[index].delete(value)
      }
    }
  }
}

function indexed(record: TaskRecord): [Index, string][] {
  const { startedBy } = record.state
  return [
    ['family', record.family],
    ...(startedBy === undefined ? [] : [['startedBy', startedBy] as [Index, string]]),
    ...(record.service ? [['service', record.service.name] as [Index, string]] : []),
  ]
}
