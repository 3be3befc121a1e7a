/** What must be right between selectors and the rest of farguard.yml. */
import type { Selector } from './config.ts'
import { isWritten, type Lenient } from './lenient.ts'
import { nearest } from './nearest.ts'
import { quote } from './problems.ts'
import type { FileInput, TargetInput } from './schema.ts'

/** What farguard.yml names, as far as that is sound. */
export interface Known {
  /** By name; undefined where the target is unsound as a whole. Absent: not even the names are known. */
  targets?: ReadonlyMap<string, Lenient<TargetInput> | undefined>
  /** Of all targets. Absent: one of them is unsound. */
  clustersOfTargets?: readonly string[]
  /** `guard.clusters`. Absent: there is none, or it is unsound. */
  guarded?: readonly string[]
}

/** Of a file whose broken values were taken out. */
export function knownIn(file: Lenient<FileInput> | undefined): Known {
  const targets = file?.targets && new Map(Object.entries(file.targets))
  const clusters = targets && [...targets.values()].map(target => (target ? clusterOf(target) : undefined))
  const guarded = file?.guard?.clusters
  return {
    ...(targets && { targets }),
    ...(clusters?.every(cluster => cluster !== undefined) && { clustersOfTargets: [...new Set(clusters)] }),
    ...(guarded?.every(cluster => cluster !== undefined) && { guarded }),
  }
}

/** Undefined where it is unsound. */
export function clusterOf(target: Lenient<TargetInput>): string | undefined {
  return isWritten(target, 'cluster') ? target.cluster : 'default'
}

/** A target that a selector names and that farguard.yml does not have, and what would be right. */
export function unknownTarget(selector: Selector, { targets }: Known): string | undefined {
  if (selector.by !== 'target' || !targets || targets.has(selector.name)) return undefined
  const names = [...targets.keys()]
  const meant = nearest(selector.name, names) ?? names[0]
  return `there is no target ${quote(selector.name)}. Try ${meant === undefined ? 'all' : `target:${meant}`}`
}

/** The only cluster whose workloads it can pick; undefined where there may be several, or that is not known. */
export function onlyCluster(selector: Selector, { targets }: Known): string | undefined {
  if (selector.by === 'cluster') return selector.name
  if (selector.by === 'service') return selector.cluster
  const target = selector.by === 'target' ? targets?.get(selector.name) : undefined
  return target && clusterOf(target)
}

/** Of a selector that can pick nothing which the guard may touch: why, and what would be right. */
export function outsideGuard(selector: Selector, known: Known): string | undefined {
  const cluster = onlyCluster(selector, known)
  if (cluster === undefined || !known.guarded || known.guarded.includes(cluster)) return undefined
  return `cluster ${quote(cluster)} is not in guard.clusters, so that nothing of it is judged or stopped. Add it there`
}

/** Whether `wide` picks whatever `narrow` picks. */
export function isWithin(narrow: Selector, wide: Selector, known: Known): boolean {
  if (wide.by === 'all') return true
  const target = narrow.by === 'target' ? known.targets?.get(narrow.name) : undefined
  switch (wide.by) {
    case 'standalone':
      return narrow.by === 'standalone' || target?.run === 'job'
    case 'cluster':
      return onlyCluster(narrow, known) === wide.name
    case 'service':
      return (
        narrow.by === 'service' &&
        narrow.name === wide.name &&
        (wide.cluster === undefined || wide.cluster === narrow.cluster)
      )
    case 'tag':
      return narrow.by === 'tag' && narrow.key === wide.key && (wide.value === undefined || wide.value === narrow.value)
    case 'target':
    case 'family':
      return narrow.by === wide.by && narrow.name === wide.name
  }
}
