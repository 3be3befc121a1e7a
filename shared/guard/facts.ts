/** What deciding takes and gives. */
import type { Budget } from '../config/config.ts'
import type { Spend } from '../cost/spend.ts'
import type { ReachedStep } from '../cost/steps.ts'
import type { Subject } from '../cost/subject.ts'
import type { Activity } from './activity.ts'
import type { offHoursAt } from './judges/off-hours.ts'
import type { Memory, Remembered } from './memory.ts'
import type { DeployHold, KeepReason, Plan, Verdict } from './plan.ts'
import type { Keep, Parked } from './records.ts'
import type { Settings } from './settings.ts'
import type { Finding, StopReason } from './verdict.ts'
import type { Workload } from './workload.ts'

export interface Facts {
  workloads: readonly Workload[]
  /** Those that could be looked at: of others nothing is known. */
  clusters: ReadonlySet<string>
  /** What is on record as parked, whatever became of it since. */
  parked: readonly Parked[]
  /** What selectors see of the targets, and of what is parked. */
  subjects: { targets: ReadonlyMap<string, Subject>; parked: ReadonlyMap<string, Subject> }
  /** Of those that were worth asking about. */
  activities: ReadonlyMap<string, Activity>
  memory: Memory
  keeps: readonly Keep[]
  /** ECS task protection, by workload: until when, for people. Only what is about to stop was asked about. */
  protected: ReadonlyMap<string, string>
  /** Workloads that were stopped within the last 24 hours: they count against the limits. */
  recentStops: readonly string[]
  budgets: readonly BudgetFacts[]
  /** Deployments that a budget holds back already. */
  holding: readonly DeployHold[]
  problems: readonly string[]
}

export interface BudgetFacts {
  budget: Budget
  spend: Spend
  /** Why it can't stop anything. */
  problem?: string
  reached: readonly ReachedStep[]
  /** Steps whose figure is not known, and why; one line each. */
  unknown: readonly string[]
}

/** The plan, and what a run keeps of it. */
export interface Decided {
  plan: Plan
  /** What is to be remembered. */
  memory: Map<string, Remembered>
  /** Reasons that what is parked gets beside those that it has. */
  joins: { workload: string; reason: StopReason; detail: string; until?: string; budget?: string }[]
  /** Reasons that are over, by what is parked. */
  ends: { workload: string; left: Parked['reasons'] }[]
  /** Stopped, and not said to be on record: a run died before it came to that. */
  finishes: { workload: string }[]
  /** Perhaps deleted since: there is no such service, or farguard.yml keeps no such copies. */
  gone: { workload: string }[]
  /** What was left alone, and is to be judged anew. */
  overs: { workload: string }[]
  /** Parked by the records, and running again by somebody else's doing. */
  cameBack: { parked: Parked; outcome: 'stopped-again' | 'left' | 'over' }[]
}

/** One workload on its way through the plan: the verdict on it changes until every rule, budget and limit has had its say. */
export interface Case {
  workload: Workload
  settings: Settings
  /** Of this run, and of earlier ones. */
  activity: Activity | undefined
  remembered: Remembered | undefined
  verdict: Verdict
  /** What it would be stopped for; absent where nothing asks for that. */
  due?: Due
  warned?: Remembered['warned']
}

export type Due = Extract<Finding, { is: 'due' }>

/** For looking up, workload by workload. */
export interface Known {
  keeps: ReadonlyMap<string, Keep>
  parked: ReadonlyMap<string, Parked>
  offHours: ReturnType<typeof offHoursAt>
}

export const hourMs = 3_600_000

export function keep(reason: KeepReason, detail: string): Verdict {
  return { is: 'keep', reason, detail }
}
