/** What ECS tells CloudWatch: which tasks run, since when, and until when. */
import type { SimulatedClock } from '../clock.ts'
import type { Activity } from './activity.ts'
import type { ContainerWorld } from './behaviour.ts'
import type { DeploymentRecord } from './deployment-record.ts'
import type { TaskLifecycle } from './task-lifecycle.ts'
import type { TaskRecord } from './task-record.ts'

export const insightsSettings = ['disabled', 'enabled', 'enhanced'] as const
/** The cluster's setting `containerInsights`: which metrics there are of what runs in it. */
export type InsightsSetting = (typeof insightsSettings)[number]

/** A task from when it is RUNNING until it no longer is. */
export interface TaskRun {
  taskId: string
  cluster: string
  family: string
  service?: string
  cpuUnits: number
  memoryMib: number
  /** One of each container. */
  activities: readonly Activity[]
  /** ARNs of the target groups that it is in. */
  targetGroups: readonly string[]
  /** Of what it uses: no two runs are alike. */
  seed: number
  /** Milliseconds since the epoch. */
  from: number
  /** Absent while it runs. */
  to?: number
}

/** CloudWatch, as ECS uses it. */
export interface Telemetry {
  /** The run is kept; its `to` comes later. */
  begins(run: TaskRun): void
  /** From now on. */
  insights(cluster: string, setting: InsightsSetting): void
}

const busy: Activity = { kind: 'busy', constant: {} }

/** Has every task's run told to `telemetry`. */
export function tellRuns(
  lifecycle: TaskLifecycle,
  telemetry: Telemetry,
  { clock, activity = () => busy, deploymentOf }: TellingWorld,
): void {
  const running = new Map<TaskRecord, TaskRun>()
  lifecycle.watch(record => {
    const run = running.get(record)
    const isRunning = record.state.lastStatus === 'RUNNING'
    if (isRunning === (run !== undefined)) return
    if (run) {
      run.to = clock.now().getTime()
      running.delete(record)
    } else {
      const begun = runOf(record, activity, deploymentOf(record))
      running.set(record, begun)
      telemetry.begins(begun)
    }
  })
}

interface TellingWorld {
  clock: SimulatedClock
  activity?: ContainerWorld['activity']
  /** Of a service's task. */
  deploymentOf(record: TaskRecord): DeploymentRecord | undefined
}

function runOf(
  { id, cluster, family, service, state }: TaskRecord,
  activity: NonNullable<ContainerWorld['activity']>,
  deployment: DeploymentRecord | undefined,
): TaskRun {
  return {
    taskId: id,
    cluster,
    family,
    ...(service && { service: service.name }),
    cpuUnits: Number(state.cpu ?? 0),
    memoryMib: Number(state.memory ?? 0),
    activities: state.containers.map(({ image = '', name = '' }) => activity(image, name)),
    targetGroups: (deployment?.runtime.loadBalancers ?? []).flatMap(({ targetGroupArn }) => targetGroupArn ?? []),
    // The first digits of its id, which the account's own seed has made.
    seed: Number.parseInt(id.slice(0, 8), 16),
    from: state.startedAt?.getTime() ?? 0,
  }
}
