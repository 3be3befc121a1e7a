/** The clusters that Farguard keeps records of. */
import type { Config } from './config.ts'

/** Names of the clusters of all targets, and of those that the guard judges; each once. */
export function clustersOf({ targets, guard }: Config): string[] {
  return [...new Set([...targets.map(({ cluster }) => cluster), ...(guard?.clusters ?? [])])]
}
