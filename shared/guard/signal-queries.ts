/** Which metrics say how busy a workload is, and what makes a signal of them. Pure. */
import type { MetricQuery, Task } from '../ports.ts'
import { familyOf } from '../status/belonging.ts'
import type { Signal, SignalEvidence, Tier } from './activity.ts'
import { type FamilyCounts, familyKey } from './families.ts'
import type { Found } from './tiers.ts'
import type { Workload } from './workload.ts'

/** `each`: of each task, or of the service: the queries whose sum it is, times `scale`, in the signal's unit. */
export interface SignalQueries {
  tier: Tier
  each: { queries: MetricQuery[]; scale: number }[]
}

/** Why a signal can't be asked for. */
export type NotAsked = Pick<SignalEvidence, 'state' | 'tier' | 'error'>

/** `found`: where the workload's cluster has the signal; of requests nothing has to be found. */
export function queriesFor(
  workload: Workload,
  signal: Signal,
  found: Found,
  families: FamilyCounts,
  periodSeconds: number,
): SignalQueries | NotAsked {
  if (signal === 'requests') return requestsOf(workload, periodSeconds)
  if ('error' in found) return { state: 'metrics-unreadable', error: found.error }
  if ('none' in found) return { state: 'no-such-metric' }
  switch (found.tier) {
    case 'service':
      return serviceQueries(workload, signal)
    case 'family':
      return familyQueries(workload, signal, families)
    case 'task':
      return taskQueries(workload, signal)
  }
}

const insights = 'ECS/ContainerInsights'

/** The busiest sample of a period, not an average that a short burst would vanish in. */
const highest = 'Maximum'

/**
 * Of several tasks the highest is taken of each, so that what comes out is at least as much as any of them had. Bytes a second, both.
 */
function networkQueries(dimensions: Record<string, string>): MetricQuery[] {
  return ['NetworkRxBytes', 'NetworkTxBytes'].map(name => ({
    namespace: insights,
    name,
    dimensions,
    statistic: highest,
  }))
}

function serviceQueries({ subject }: Workload, signal: 'cpu' | 'network'): SignalQueries {
  const dimensions = { ClusterName: subject.cluster, ServiceName: subject.service ?? '' }
  const cpu: MetricQuery = { namespace: 'AWS/ECS', name: 'CPUUtilization', dimensions, statistic: highest }
  return { tier: 'service', each: [{ queries: signal === 'cpu' ? [cpu] : networkQueries(dimensions), scale: 1 }] }
}

function taskQueries({ tasks }: Workload, signal: 'cpu' | 'network'): SignalQueries | NotAsked {
  const each: SignalQueries['each'] = []
  for (const { cluster, arn, revision } of tasks) {
    const TaskDefinitionFamily = familyOf(revision)
    if (TaskDefinitionFamily === undefined) return { state: 'no-such-metric' }
    const TaskId = arn.slice(arn.lastIndexOf('/') + 1)
    const dimensions = { ClusterName: cluster, TaskDefinitionFamily, TaskId }
    const cpu: MetricQuery = { namespace: insights, name: 'TaskCpuUtilization', dimensions, statistic: highest }
    each.push({ queries: signal === 'cpu' ? [cpu] : networkQueries(dimensions), scale: 1 })
  }
  return { tier: 'task', each }
}

/** A family's metrics are the workload's only where nothing else of the family runs. */
function familyQueries(
  { tasks, subject: { cluster } }: Workload,
  signal: 'cpu' | 'network',
  families: FamilyCounts,
): SignalQueries | NotAsked {
  const [family, ...others] = new Set(tasks.map(({ revision }) => familyOf(revision)))
  if (family === undefined) return { state: 'no-such-metric' }
  if (others.length > 0 || families.get(familyKey(cluster, family)) !== tasks.length) {
    return { state: 'average-of-many', tier: 'family' }
  }
  const dimensions = { ClusterName: cluster, TaskDefinitionFamily: family }
  if (signal === 'network') return { tier: 'family', each: [{ queries: networkQueries(dimensions), scale: 1 }] }
  const smallest = smallestCpu(tasks)
  if (smallest === undefined) {
    return { state: 'metrics-unreadable', tier: 'family', error: 'ECS does not say how much CPU its task has' }
  }
  const cpu: MetricQuery = { namespace: insights, name: 'CpuUtilized', dimensions, statistic: highest }
  return { tier: 'family', each: [{ queries: [cpu], scale: 100 / smallest }] }
}

/**
 * CpuUtilized is in CPU units. What is reserved is taken from the tasks that run, the smallest of them: CpuReserved is a mixture too when
 * another task of the family ran within the window, and a query more.
 */
function smallestCpu(tasks: readonly Task[]): number | undefined {
  let smallest = Number.POSITIVE_INFINITY
  for (const { cpu } of tasks) {
    if (cpu === undefined || cpu <= 0) return undefined
    smallest = Math.min(smallest, cpu)
  }
  return Number.isFinite(smallest) ? smallest : undefined
}

/**
 * Only its Sum means anything, and that is the average of one target in each minute: times the tasks that there are now. RequestCount, of
 * all of them, is by load balancer too, which ECS does not name.
 */
function requestsOf({ service, tasks }: Workload, periodSeconds: number): SignalQueries | NotAsked {
  const targetGroups = service?.targetGroups ?? []
  if (!service || targetGroups.length === 0) return { state: 'no-such-metric' }
  const targets = Math.max(1, service.runningCount, service.desiredCount, tasks.length)
  const queries = targetGroups.map(arn => ({
    namespace: 'AWS/ApplicationELB',
    name: 'RequestCountPerTarget',
    dimensions: { TargetGroup: arn.slice(arn.lastIndexOf(':') + 1) },
    statistic: 'Sum' as const,
  }))
  return { tier: 'load-balancer', each: [{ queries, scale: (targets * 60) / periodSeconds }] }
}
