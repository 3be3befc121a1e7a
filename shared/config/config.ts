/** What farguard.yml means once it is valid: plain JSON, inlined into each function at build time. */
import type { Network, SizePrices, TaskDefinition } from '../ports.ts'

export interface Config {
  targets: Target[]
  cost: CostSettings
  budgets: Budget[]
  /** Absent: nothing is judged, only metered. */
  guard?: Guard
}

/** Nothing but list prices: what the rest is added to. */
export const bareConfig: Config = { targets: [], cost: { multiplier: 1, refresh: true }, budgets: [] }

/** How what runs is priced. */
export interface CostSettings {
  /** What list prices are multiplied with: 0.8 for a discount of 20 %. */
  multiplier: number
  /** Of Spot: so much off the on-demand price (0.7 is 70 % off), or US dollars an hour by Region. Absent: what it costs is not known. */
  spot?: { discount: number } | { rates: Record<string, SizePrices> }
  /** Whether the Price List API is asked, once a day at most. */
  refresh: boolean
}

/** Picks workloads. */
export type Selector =
  | { by: 'all' }
  /** Tasks that neither a service nor a `task` target keeps: jobs, and what somebody else started. */
  | { by: 'standalone' }
  | { by: 'target'; name: string }
  | { by: 'cluster'; name: string }
  /** Without a cluster: of this name in any. */
  | { by: 'service'; cluster?: string; name: string }
  /** A task definition's family. */
  | { by: 'family'; name: string }
  /** Without a value: whatever it is. */
  | { by: 'tag'; key: string; value?: string }

/** What may be spent, and what happens on the way there. */
export interface Budget {
  /** Ours; unique. */
  name: string
  /** `aws`: the budget of this name in AWS Budgets. `own`: so many US dollars, metered by Farguard, a day or month in UTC. */
  limit: { from: 'aws'; budget: string } | { from: 'own'; usd: number; per: 'day' | 'month' }
  /** What it pays for; none: it can only warn. */
  covers: Selector[]
  steps: BudgetStep[]
}

export interface BudgetStep {
  /** As farguard.yml says it: `80% of forecast`. */
  label: string
  /** 80 for 80 %. */
  percent: number
  /** `actual` and `forecast`: as AWS reports them (of an own limit, `actual` is what Farguard metered). `projected`: metered, to the period's end. */
  of: 'actual' | 'forecast' | 'projected'
  do: 'warn' | 'hold-deploys' | 'stop-to-fit' | 'stop-all'
}

/** What is stopped, and when. */
export interface Guard {
  mode: 'observe' | 'enforce'
  /** Names of the clusters that are judged; nothing in any other one ever is. */
  clusters: string[]
  everyMinutes: number
  /** When the nightly report is made, local time of a time zone. */
  report: { hour: number; minute: number; timeZone: string }
  /** Nothing younger is stopped. */
  minimumAgeMs: number
  /** Between the warning and the stop. */
  graceMs: number
  /** In any 24 hours: so many stops, and this share (0.5 is half) of the workloads that run. Absent: no limit. */
  limits?: { stops: number; share: number }
  /** Whether tasks may be stopped that nothing can start again as they were. */
  allowUnrestorable: boolean
  /** Of all that pick a workload, the last one that has a key counts for it. */
  rules: GuardRule[]
}

/** 'none': as if no earlier rule had the key. */
export interface GuardRule {
  for: Selector
  /** As farguard.yml says it: `tag:env=dev`. */
  label: string
  idle?: IdleRule | 'none'
  maxLifetimeMs?: number | 'none'
  /** Of one standalone task, US dollars. */
  maxCostUsd?: number | 'none'
  /** When it is to run; it is stopped out of these hours. */
  hours?: FreezeWindow[] | 'none'
  importance?: Importance
  isProtected?: boolean
}

/** What has to stop for a budget: expendable before normal, critical never. */
export type Importance = 'expendable' | 'normal' | 'critical'

/** Idle: every signal that is named here is at or below its threshold, at every point of the window. At least one is named. */
export interface IdleRule {
  /** Percent of what is reserved. */
  cpuPercent?: number
  /** Received and sent, of one task. */
  networkBytesPerSecond?: number
  /** Of a load balancer, to the service as a whole. */
  requestsPerMinute?: number
  windowMs: number
  /** Share of the window's points that there must be: 0.9 is 90 %. */
  coverage: number
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
