/** What farguard.yml means once it is valid: plain JSON, inlined into each function at build time. */
import type { Network, TaskDefinition } from '../ports.ts'

export interface Config {
  targets: Target[]
}

/** One thing that pushes deploy to. */
export interface Target {
  /** 1 to 24 of a-z, 0-9 and -, so that `fg/<name>/<number>` fits ECS's 36 characters of startedBy. */
  name: string
  repository: string
  tags: TagPolicy
  cluster: string
  /** The container whose image is changed. Absent: the one that already runs this repository's image, or the only essential one. */
  container?: string
  run: ServiceRun | TaskRun | JobRun
}

export type TagPolicy =
  | { kind: 'exact'; tag: string }
  | { kind: 'semver'; range: string }
  | { kind: 'glob'; pattern: string }
  | { kind: 'regex'; pattern: string }
  | { kind: 'newest' }

/** Keeps an ECS service on the right image. */
export interface ServiceRun {
  kind: 'service'
  service: string
  taskDefinition: TaskDefinitionSource | { from: 'running' }
}

/** Keeps `count` standalone copies running. */
export interface TaskRun extends Standalone {
  kind: 'task'
  count: number
}

/** Runs once to its end for each push. */
export interface JobRun extends Standalone {
  kind: 'job'
}

export interface Standalone {
  taskDefinition: TaskDefinitionSource
  capacity: 'on-demand' | 'spot' | 'spot-then-on-demand'
  network: Network
}

/**
 * `family`: the family's latest active revision, only the image changed. `inline`: written out in farguard.yml; the
 * container that gets the pushed image is the one without an `image`.
 */
export type TaskDefinitionSource = { from: 'family'; family: string } | { from: 'inline'; definition: TaskDefinition }
