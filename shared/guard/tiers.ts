/** Which metrics an account has of its workloads: asked for once a cluster, and only where a rule wants to know. */
import { type GuardWorld, RefusedError, RetryableError } from '../ports.ts'
import { concurrently } from '../status/concurrently.ts'
import type { Signal, Tier } from './activity.ts'

/** Where a signal can be read. `error`: nothing is known, for AWS did not answer. */
export type Found = { tier: Exclude<Tier, 'load-balancer'> } | { none: true } | { error: string }

/** What has to be known of a cluster: `standalone` is also what copies are to ECS. */
export interface Wanted {
  cluster: string
  of: 'service' | 'standalone'
  signal: Exclude<Signal, 'requests'>
}

const insights = 'ECS/ContainerInsights'

interface Probe {
  tier: Exclude<Tier, 'load-balancer'>
  name: string
  beside: readonly string[]
}

/**
 * The finest first. Of tasks that no service keeps, Container Insights with enhanced observability has metrics by TaskId; whether Fargate
 * gets those is reported both ways, so they are looked for. The standard one has them by family.
 */
const standaloneProbes: Record<Wanted['signal'], readonly Probe[]> = {
  cpu: [
    { tier: 'task', name: 'TaskCpuUtilization', beside: ['TaskDefinitionFamily', 'TaskId'] },
    { tier: 'family', name: 'CpuUtilized', beside: ['TaskDefinitionFamily'] },
  ],
  network: [
    { tier: 'task', name: 'NetworkRxBytes', beside: ['TaskDefinitionFamily', 'TaskId'] },
    { tier: 'family', name: 'NetworkRxBytes', beside: ['TaskDefinitionFamily'] },
  ],
}

/**
 * Of a service nothing finer is needed: its metrics are samples of each of its tasks, all of which are the workload, and the highest of
 * them is the busiest task. They also cover tasks that it has replaced within the window. Its CPU is in every account.
 */
const serviceProbes: Record<Wanted['signal'], readonly Probe[]> = {
  cpu: [],
  network: [{ tier: 'service', name: 'NetworkRxBytes', beside: ['ServiceName'] }],
}

const keyOf = ({ cluster, of, signal }: Wanted) => `${of} ${signal} ${cluster}`

/** Looks for what is wanted; each thing once. */
export async function findTiers(
  wanted: Iterable<Wanted>,
  { metrics, log }: Pick<GuardWorld, 'metrics' | 'log'>,
): Promise<(of: Wanted) => Found> {
  const distinct = new Map<string, Wanted>()
  for (const each of wanted) distinct.set(keyOf(each), each)
  const found = new Map<string, Found>()
  await concurrently([...distinct], 4, async ([key, each]) => {
    found.set(key, await firstTier(each, metrics))
  })
  for (const [key, each] of found)
    if ('error' in each)
      log.warn('which metrics a cluster has can not be read', { ...distinct.get(key), error: each.error })
  return of => found.get(keyOf(of)) ?? { none: true }
}

async function firstTier({ cluster, of, signal }: Wanted, metrics: GuardWorld['metrics']): Promise<Found> {
  if (of === 'service' && signal === 'cpu') return { tier: 'service' }
  const probes = of === 'service' ? serviceProbes[signal] : standaloneProbes[signal]
  try {
    for (const { tier, name, beside } of probes)
      if (await metrics.hasMetric({ namespace: insights, name }, { ClusterName: cluster }, beside)) return { tier }
    return { none: true }
  } catch (error) {
    // A coarser tier would do, but that the finer one is not there is not known.
    if (error instanceof RefusedError || error instanceof RetryableError) return { error: error.message }
    throw error
  }
}
