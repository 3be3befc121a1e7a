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
export const loadBalancer = 'app/local/50dc6c495c0c9188'

interface Change {
  at: number
  setting: InsightsSetting
}

export class Runs implements Telemetry {
  readonly #clock: SimulatedClock
  readonly #groups = new Map<Level, Map<string, RunGroup>>()
  readonly #settings = new Map<string, Change[]>()

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  begins(run: TaskRun): void {
    const { cluster: ClusterName, family: TaskDefinitionFamily, service: ServiceName, taskId: TaskId } = run
    const join = (level: Level, dimensions: Record<string, string>) => this.#join(level, dimensions, run)
    join('cluster', { ClusterName })
    join('family', { ClusterName, TaskDefinitionFamily })
    join('familyTask', { ClusterName, TaskDefinitionFamily, TaskId })
    if (ServiceName !== undefined) {
      join('service', { ClusterName, ServiceName })
      join('serviceTask', { ClusterName, ServiceName, TaskId })
    }
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
    return this.#groups.get(level)?.get(keyOf(level, dimensions))
  }

  groups(level: Level): Iterable<RunGroup> {
    return this.#groups.get(level)?.values() ?? []
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
