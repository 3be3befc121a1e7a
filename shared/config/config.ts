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
  /** A one-off task of the same image, such as a migration, that must exit with 0 before anything else of it starts. */
  before?: Before
  gates: Gates
}

export interface Before {
  command: string[]
  timeoutMs: number
}

/** What holds a deployment back. */
export interface Gates {
  freeze: FreezeWindow[]
  /** How long an image must have been in the registry. */
  minimumAgeMs: number
  scan?: ScanGate
  needsApproval: boolean
}

/** In local time of `timeZone`, an IANA name. `label`: as farguard.yml says it, for people. */
export type FreezeWindow = { label: string; timeZone: string } & (WeeklySpan | OnceSpan)

/** `day`: 1 is Monday, 7 is Sunday; `minute`: of the day. May go over the week's end. */
export interface WeeklySpan {
  kind: 'weekly'
  from: { day: number; minute: number }
  to: { day: number; minute: number }
}

/** Local times such as `2026-12-20T18:00`. */
export interface OnceSpan {
  kind: 'once'
  from: string
  to: string
}

/** Holds what has findings of `severity` or worse. */
export interface ScanGate {
  severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW'
  /** How long to wait for the scan's result, from when the image was first held back, for whatever reason. */
  withinMs: number
  /** What happens when there is no result by then, or can't be any. */
  otherwise: 'hold' | 'deploy'
}

/** When a rollout counts as having succeeded. */
export interface Verify {
  /** Our own deadline, from the start of the last call. */
  withinMs: number
  /** How long every copy must have been running: ECS is content with one that exits a second after it began. */
  settleMs: number
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
  verify: Verify
  taskDefinition: TaskDefinitionSource | { from: 'running' }
}

/** Keeps `count` standalone copies running. */
export interface TaskRun extends Standalone {
  kind: 'task'
  count: number
  verify: Verify
}

/** Runs once to its end for each push. */
export interface JobRun extends Standalone {
  kind: 'job'
  timeoutMs: number
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
