/** How many tasks of each task definition's family run in a cluster: metrics of a family are of all of them. */
import type { Task } from '../ports.ts'
import { familyOf } from '../status/belonging.ts'

/** By cluster and family. */
export type FamilyCounts = ReadonlyMap<string, number>

export const familyKey = (cluster: string, family: string) => `${cluster}/${family}`

/** `tasks`: all that are to run in the clusters, of services and other launch types too. */
export function countFamilies(tasks: Iterable<Pick<Task, 'cluster' | 'revision'>>): FamilyCounts {
  const counts = new Map<string, number>()
  for (const { cluster, revision } of tasks) {
    const family = familyOf(revision)
    if (family === undefined) continue
    const key = familyKey(cluster, family)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
