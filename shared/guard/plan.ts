/** What a guard run finds and would do: the very thing that `farguard guard --plan` prints, and that acting takes. */
import type { Amount } from '../cost/amount.ts'
import type { Spend } from '../cost/spend.ts'
import type { NotJudgedReason, StopReason } from './verdict.ts'
import type { Restores, Workload } from './workload.ts'

export interface Plan {
  /** ISO 8601 */
  at: string
  mode: 'observe' | 'enforce'
  lines: PlanLine[]
  budgets: BudgetLine[]
  /** Deployments that a budget holds back, by target. */
  holds: DeployHold[]
  /** What is parked and has no reason left to be. */
  wakes: { workload: string; because: string }[]
  /** Where more would have been stopped than `limits` allows: then nothing is. */
  limit?: { wanted: number; allowed: number; detail: string }
  /** What could not be read, and what that kept from being judged; one line each. */
  problems: string[]
}

/** Each is explained in docs/guard.md; a test keeps that complete. */
export const keepReasons = [
  'in-use',
  'no-rule',
  'protected',
  'kept',
  'being-deployed',
  'not-settled',
  'unrestorable',
  'critical',
  'not-needed',
  'would-not-fit',
  'came-back',
  'above-limit',
] as const
export type KeepReason = (typeof keepReasons)[number]

export type Verdict =
  | { is: 'keep'; reason: KeepReason; detail: string }
  | { is: 'not-judged'; reason: NotJudgedReason; detail: string }
  /** `since`: when it was first warned of; `stopsAt`: when the grace is over. ISO 8601. */
  | { is: 'warn'; reason: StopReason; detail: string; since: string; stopsAt: string; budget?: string }
  /** `until`: when it comes back by itself. `budget`: the one that asks for it. */
  | { is: 'stop'; reason: StopReason; detail: string; until?: string; budget?: string }
  /** It is stopped already. */
  | { is: 'parked'; reason: StopReason; detail: string; since: string; until?: string }

export interface PlanLine {
  /** Workload's id. */
  workload: string
  kind: Workload['kind']
  name: string
  cluster: string
  target?: string
  verdict: Verdict
  restores: Restores
  costSoFar: Amount
  costPerHour: Amount
  /** What stopping it now saves until the month's end, UTC; of what is off hours: until it comes back. */
  saves: Amount
}

export interface BudgetLine {
  budget: string
  /** Ours, AWS's, the projection: each labelled, with the limit they are measured by. */
  spend: Spend
  /** Steps that are reached, in the order of farguard.yml. `hasActed`: on this very figure of AWS's, which lags; not again. */
  reached: { step: string; do: string; detail: string; hasActed: boolean }[]
  /** Why it can't stop anything, or only warn. */
  problem?: string
}

export interface DeployHold {
  target: string
  budget: string
  detail: string
  /** When the budget's period ends, ISO 8601. */
  until: string
}
