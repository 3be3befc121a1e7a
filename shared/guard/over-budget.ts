/** What has to stop for a budget: the smallest loss that fits, or all of it; and the deployments that it holds back. */
import type { Budget, Guard } from '../config/config.ts'
import { type Amount, times } from '../cost/amount.ts'
import { type Candidate, fitting } from '../cost/fit.ts'
import { dollars, spoken } from '../cost/money.ts'
import { hoursLeft } from '../cost/periods.ts'
import type { Spend } from '../cost/spend.ts'
import { isCovered } from '../cost/subject.ts'
import { warnFirst, withDue } from './due.ts'
import { type BudgetFacts, type Case, type Facts, hourMs, keep } from './facts.ts'
import type { BudgetLine, DeployHold, Verdict } from './plan.ts'
import type { Workload } from './workload.ts'

const minuteMs = 60_000

/** Of a budget's period: a grace of a day would be all of a limit a day. */
const mostGrace = 0.1

export function overBudget(
  { budget, spend, problem, reached, unknown }: BudgetFacts,
  cases: Case[],
  guard: Guard,
  now: Date,
): BudgetLine {
  const notes: string[] = [...unknown]
  for (const { step, detail, hasActed } of reached) {
    if (problem !== undefined || hasActed) continue
    if (step.do.startsWith('stop-')) spareCritical(budget, cases)
    if (step.do === 'stop-all') stopAll(budget, detail, spend, cases, guard)
    if (step.do === 'stop-to-fit') {
      // Where the step goes by the projection, its figure says all.
      const because = step.of === 'projected' ? detail : `${detail}, and ${goalOf(spend)}`
      notes.push(...stopToFit(budget, because, spend, cases, guard, now))
    }
  }
  const why = problem ?? (notes.length > 0 ? notes.join('; ') : undefined)
  return {
    budget: budget.name,
    spend,
    reached: reached.map(({ step, detail, hasActed }) => ({ step: step.label, do: step.do, detail, hasActed })),
    ...(why !== undefined && { problem: why }),
  }
}

/** Whatever it covers and may be stopped, and is not stopped anyway. */
function allowed({ covers }: Budget, cases: readonly Case[]): Case[] {
  return cases.filter(
    ({ workload, verdict, settings }) =>
      isOpenTo(verdict) && settings.importance !== 'critical' && isCovered(covers, workload.subject) === true,
  )
}

/** What a budget would stop, were it not for its importance, says so. */
function spareCritical({ covers }: Budget, cases: Case[]): void {
  for (const each of cases) {
    const { verdict, settings, workload } = each
    const isSpared = verdict.is === 'keep' && isOpenTo(verdict) && settings.importance === 'critical'
    if (isSpared && isCovered(covers, workload.subject) === true)
      each.verdict = keep('critical', `by the rule for ${settings.from.importance}: never stopped for a budget`)
  }
}

/** A budget may stop what is in use, and what could not be judged by itself; nothing that is protected or too young. */
function isOpenTo(verdict: Verdict): boolean {
  if (verdict.is === 'keep') return openReasons.has(verdict.reason)
  return verdict.is === 'warn' || (verdict.is === 'not-judged' && !alwaysLeft.has(verdict.reason))
}

const openReasons = new Set<string>(['in-use', 'no-rule', 'not-needed', 'would-not-fit'])

const alwaysLeft = new Set<string>(['too-young', 'age-unknown', 'tags-unreadable'])

function stopAll(budget: Budget, detail: string, { period }: Spend, cases: Case[], guard: Guard): void {
  const due = { is: 'due', reason: 'over-budget', detail, isHard: true, until: period.to, budget: budget.name } as const
  for (const each of allowed(budget, cases)) Object.assign(each, withDue(each, due, guard))
}

/** The smallest loss that brings the projection under the limit; nothing at all where none does. Gives what is to be said of it. */
function stopToFit(budget: Budget, detail: string, spend: Spend, cases: Case[], guard: Guard, now: Date): string[] {
  const { projected, limit, period } = spend
  if ('unknown' in projected) return [`nothing is stopped to fit: what it comes to is not known: ${projected.unknown}`]
  if ('unknown' in limit) return [`nothing is stopped to fit: ${limit.unknown}`]
  const left = hoursLeft(period, now)
  // What is stopped for other reasons is saved already.
  const going = cases.filter(
    ({ verdict, workload }) => verdict.is === 'stop' && isCovered(budget.covers, workload.subject) === true,
  )
  const saved = going.reduce((sum, { workload, verdict }) => sum + savedUsd(workload, verdict, left, now), 0)
  const excess = projected.usd - limit.usd - saved
  const goal = goalOf(spend)
  if (excess <= 0)
    return [`nothing more is stopped to fit: ${goal}${saved > 0 ? `, ${dollars(saved)} of it going anyway` : ''}`]
  const open = allowed(budget, cases)
  const candidates = open.map(({ workload, settings, due, remembered }) => ({
    id: workload.id,
    // What is idle, or has lived too long, is the smaller loss; what was warned of already stays chosen, or no grace would ever end.
    importance: due || remembered?.warned?.['over-budget'] ? ('expendable' as const) : settings.importance,
    perHourUsd: knownOr0(workload.costPerHour),
    canStop: guard.allowUnrestorable || !isUnrestorable(workload),
  }))
  const chosen = fitting(candidates, left, excess)
  if (!chosen) {
    const why = `${budget.name}: ${goal}, and nothing that may be stopped brings it under the limit`
    for (const each of open) if (each.verdict.is === 'keep') each.verdict = keep('would-not-fit', why)
    return [`nothing is stopped to fit: ${goal}, and no allowed set brings it under the limit`]
  }
  const latest = lastMoment(candidates, excess, period) - guard.everyMinutes * minuteMs
  const graceMs = Math.min(guard.graceMs, (Date.parse(period.to) - Date.parse(period.from)) * mostGrace)
  const due = {
    is: 'due',
    reason: 'over-budget',
    detail,
    isHard: false,
    until: period.to,
    budget: budget.name,
  } as const
  for (const each of open) {
    if (chosen.has(each.workload.id))
      warnFirst(Object.assign(each, withDue(each, due, guard)), { graceMs, latest }, now)
    else if (each.verdict.is === 'keep') each.verdict = keep('not-needed', `${budget.name} fits without stopping it`)
  }
  return []
}

/** Until when all that may be stopped, stopped then, saves enough; epoch milliseconds. */
function lastMoment(candidates: readonly Candidate[], excess: number, { to }: Spend['period']): number {
  const allowed = candidates.filter(({ canStop }) => canStop)
  const perHour = allowed.reduce((sum, { perHourUsd }) => sum + perHourUsd, 0)
  return Date.parse(to) - (excess / perHour) * hourMs
}

function goalOf({ projected, limit }: Spend): string {
  return `Farguard projects ${spoken(projected)} of ${spoken(limit)}`
}

/** To the period's end; of what comes back before it, until then. */
function savedUsd({ costPerHour }: Workload, verdict: Verdict, hoursLeft: number, now: Date): number {
  const until =
    verdict.is === 'stop' && verdict.until !== undefined ? Date.parse(verdict.until) - now.getTime() : Infinity
  return knownOr0(times(costPerHour, Math.max(0, Math.min(hoursLeft, until / hourMs))))
}

function isUnrestorable({ restores }: Workload): boolean {
  return restores === 'nothing' || restores === 'schedule'
}

function knownOr0(amount: Amount): number {
  return 'usd' in amount ? amount.usd : 0
}

/** A figure that is not known any more holds nothing further back, and lets nothing go that it holds. */
export function holdsOf({ budgets, subjects, holding }: Facts): DeployHold[] {
  const holds = new Map<string, DeployHold>()
  for (const facts of budgets) {
    const { budget, spend, reached, problem } = facts
    const step = problem === undefined ? reached.find(each => each.step.do === 'hold-deploys') : undefined
    const isKnown = step !== undefined || isHoldKnown(facts)
    for (const [target, subject] of subjects.targets) {
      const before = holding.find(each => each.target === target && each.budget === budget.name)
      if (!isKnown && before) holds.set(target, before)
      if (!step || holds.has(target) || isCovered(budget.covers, subject) !== true) continue
      const detail = `budget ${budget.name}: ${step.detail}`
      holds.set(target, { target, budget: budget.name, detail, until: spend.period.to })
    }
  }
  return [...holds.values()]
}

function isHoldKnown({ problem, unknown }: BudgetFacts): boolean {
  return problem === undefined && unknown.length === 0
}
