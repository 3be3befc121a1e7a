/** Every task that has run, by whatever its metrics are read by, and how closely its cluster was watched when. */

import type { SimulatedClock } from '../clock.ts'
import { type InsightsSetting, insightsSettings, type TaskRun, type Telemetry } from '../ecs/telemetry.ts'
import { type Minutes, minutesOf } from './samples.ts'

/** What a metric is about: each has its own set of dimensions. */
const levels = {
  cluster: ['ClusterName'],
  service: ['ClusterName', 'ServiceName'],
  family: ['ClusterName', 'TaskDefinitionFamily'],
  serviceTask: ['ClusterName', 'ServiceName', 'TaskId'],
  familyTask: ['ClusterName', 'TaskDefinitionFamily', 'TaskId'],
  targetGroup: ['TargetGroup'],
  balancedTargetGroup: ['LoadBalancer', 'TargetGroup'],
} as const satisfies Record<string, readonly string[]>

export type Level = keyof typeof levels

/** The runs that one value of each of the level's dimensions stands for. */
export interface RunGroup {
  dimensions: Readonly<Record<string, string>>
  /** Whose runs all are in one cluster; undefined for target groups. */
  cluster?: string
  runs: TaskRun[]
}

/** Load balancers are not modelled: all target groups are behind this one. */
const loadBalancer = 'app/local/50dc6c495c0c9188'

interface Change {
  at: number
  setting: InsightsSetting
}

export class Runs implements Telemetry {
  readonly #clock: SimulatedClock
  readonly #groups = new Map<Level, Map<string, RunGroup>>()
  /** Groups of one, made when they are asked for: there may be a hundred thousand. */
  readonly #byTask = new Map<string, TaskRun>()
  readonly #settings = new Map<string, Change[]>()

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  begins(run: TaskRun): void {
    const { cluster: ClusterName, family: TaskDefinitionFamily, service: ServiceName } = run
    const join = (level: Level, dimensions: Record<string, string>) => this.#join(level, dimensions, run)
    join('cluster', { ClusterName })
    join('family', { ClusterName, TaskDefinitionFamily })
    if (ServiceName !== undefined) join('service', { ClusterName, ServiceName })
    this.#byTask.set(run.taskId, run)
    for (const arn of run.targetGroups) {
      const TargetGroup = arn.split(':').at(-1) ?? ''
      join('targetGroup', { TargetGroup })
      join('balancedTargetGroup', { LoadBalancer: loadBalancer, TargetGroup })
    }
  }

  insights(cluster: string, setting: InsightsSetting): void {
    const changes = this.#settings.get(cluster) ?? []
    changes.push({ at: this.#clock.now().getTime(), setting })
    this.#settings.set(cluster, changes)
  }

  /** Those that just these dimensions name; undefined when nothing of that name has ever run. */
  find(level: Level, dimensions: Readonly<Record<string, string>>): RunGroup | undefined {
    if (!isOfOneTask(level)) return this.#groups.get(level)?.get(keyOf(level, dimensions))
    const run = this.#byTask.get(dimensions.TaskId ?? '')
    const group = run && ownGroup(level, run)
    return group && keyOf(level, group.dimensions) === keyOf(level, dimensions) ? group : undefined
  }

  *groups(level: Level): Iterable<RunGroup> {
    if (!isOfOneTask(level)) return yield* this.#groups.get(level)?.values() ?? []
    for (const run of this.#byTask.values()) {
      const group = ownGroup(level, run)
      if (group) yield group
    }
  }

  /** When the cluster's setting was at least this, oldest first. */
  whenSet(cluster: string, least: InsightsSetting): Minutes[] {
    const changes = this.#settings.get(cluster) ?? []
    return changes.flatMap(({ at, setting }, nth) =>
      insightsSettings.indexOf(setting) >= insightsSettings.indexOf(least)
        ? [minutesOf(at, changes[nth + 1]?.at ?? Number.POSITIVE_INFINITY)]
        : [],
    )
  }

  #join(level: Level, dimensions: Record<string, string>, run: TaskRun): void {
    const groups = this.#groups.get(level) ?? new Map<string, RunGroup>()
    this.#groups.set(level, groups)
    const key = keyOf(level, dimensions)
    const group = groups.get(key) ?? {
      dimensions,
      ...('ClusterName' in dimensions && { cluster: run.cluster }),
      runs: [],
    }
    group.runs.push(run)
    groups.set(key, group)
  }
}

type TaskLevel = 'serviceTask' | 'familyTask'

/** Whether metrics at this level are of one task alone. */
export const isOfOneTask = (level: Level): level is TaskLevel => level === 'serviceTask' || level === 'familyTask'

/** Undefined where a standalone task is asked for as a service's. */
function ownGroup(level: TaskLevel, run: TaskRun): RunGroup | undefined {
  const { cluster, family, service, taskId } = run
  if (level === 'serviceTask' && service === undefined) return undefined
  const of = level === 'serviceTask' ? { ServiceName: service ?? '' } : { TaskDefinitionFamily: family }
  return { dimensions: { ClusterName: cluster, ...of, TaskId: taskId }, cluster, runs: [run] }
}

/** The level whose dimensions are just these; undefined when there is none. */
export function levelOf(dimensions: Readonly<Record<string, string>>): Level | undefined {
  const names = Object.keys(dimensions).sort().join()
  return levelByDimensions.get(names)
}

const levelByDimensions = new Map(
  Object.entries(levels).map(([level, names]) => [names.toSorted().join(), level as Level]),
)

// None of the names and ids may contain a line feed.
const keyOf = (level: Level, dimensions: Readonly<Record<string, string>>) =>
  levels[level].map(name => dimensions[name]).join('\n')
