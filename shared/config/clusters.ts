/** The clusters that Farguard keeps records of. */
import type { Config } from './config.ts'

/** Names of the clusters of all targets, and of those that the guard judges; each once. */
export function clustersOf({ targets, guard }: Config): string[] {
  return [...new Set([...targets.map(({ cluster }) => cluster), ...(guard?.clusters ?? [])])]
}

/** Whether it is one of these; asked for each task there is, so that it makes no list. */
export function isOurCluster(name: string, { targets, guard }: Config): boolean {
  return targets.some(({ cluster }) => cluster === name) || (guard?.clusters.includes(name) ?? false)
}
