/** What is to stop, and why the rest is not. Pure: what was observed in, the plan out; linear in the number of workloads. */
import type { Guard } from '../config/config.ts'
import { warnFirst, withDue } from './due.ts'
import { type Case, type Decided, type Facts, type Known, keep } from './facts.ts'
import { findingOf } from './judge.ts'
import { offHoursAt } from './judges/off-hours.ts'
import { lineOf } from './lines.ts'
import type { Remembered } from './memory.ts'
import { holdsOf, overBudget } from './over-budget.ts'
import { cameBackOf, isLeft, parkedNow } from './parked-now.ts'
import type { Plan, Verdict } from './plan.ts'
import { type Settings, settingsBy } from './settings.ts'
import type { Workload } from './workload.ts'

export function decide(facts: Facts, guard: Guard, now: Date): Decided {
  const known: Known = {
    keeps: new Map(facts.keeps.map(each => [each.workload, each])),
    parked: new Map(facts.parked.map(each => [each.workload, each])),
    offHours: offHoursAt(now),
  }
  const settingsOf = settingsBy(guard.rules)
  const cases = facts.workloads.map(workload => judge(workload, settingsOf(workload), known, facts, guard, now))
  for (const each of cases) warnFirst(each, guard, now)
  const budgets = facts.budgets.map(budget => overBudget(budget, cases, guard, now))
  const limit = limited(cases, facts, guard)
  const isStopped = ({ is }: Verdict) => is === 'stop' && guard.mode === 'enforce'
  const stops = new Set(cases.flatMap(({ workload, verdict }) => (isStopped(verdict) ? [workload.id] : [])))
  const { wakes, lines, ...changes } = parkedNow(facts, stops, known, guard, now)
  const plan: Plan = {
    at: now.toISOString(),
    mode: guard.mode,
    lines: [...cases.map(each => lineOf(each, now)), ...lines],
    budgets,
    holds: holdsOf(facts),
    wakes,
    ...(limit && { limit }),
    problems: [...facts.problems],
  }
  return { plan, memory: memoryOf(cases), ...changes, cameBack: cameBackOf(cases, known) }
}

function judge(workload: Workload, settings: Settings, known: Known, facts: Facts, guard: Guard, now: Date): Case {
  const activity = facts.activities.get(workload.id)
  const remembered = facts.memory.get(workload.id)
  const of = { workload, settings, activity, remembered }
  const blocked = untouched(workload, settings, known, facts, guard, now)
  if (blocked) return { ...of, verdict: blocked }
  const evidence = { activity, busyAt: remembered?.busyAt, offHours: known.offHours }
  const finding = findingOf(workload, settings, evidence, now)
  switch (finding.is) {
    case 'no-rule':
      return { ...of, verdict: keep('no-rule', 'no rule of farguard.yml is about it') }
    case 'fine':
      return { ...of, verdict: keep('in-use', finding.detail) }
    case 'not-judged':
      return { ...of, verdict: { is: 'not-judged', reason: finding.reason, detail: finding.detail } }
    case 'due':
      return withDue({ ...of, verdict: keep('in-use', '') }, finding, guard)
  }
}

/** What nothing may stop, whatever it does. */
function untouched(
  workload: Workload,
  settings: Settings,
  known: Known,
  facts: Facts,
  guard: Guard,
  now: Date,
): Verdict | undefined {
  const { untouchable, since } = workload
  if (settings.unreadable.length > 0) {
    const detail = `its tags could not be read, and these rules ask for them: ${settings.unreadable.join(', ')}`
    return { is: 'not-judged', reason: 'tags-unreadable', detail }
  }
  if (settings.isProtected) return keep('protected', `by the rule for ${settings.from.isProtected}`)
  const kept = known.keeps.get(workload.id)
  if (kept) return keep('kept', `until ${kept.until}, by ${kept.by}: ${kept.because}`)
  if (untouchable) return keep(untouchable.reason, untouchable.detail)
  const protection = facts.protected.get(workload.id)
  if (protection) return keep('protected', protection)
  const parked = known.parked.get(workload.id)
  if (parked?.state === 'waking') return keep('kept', 'it is being put back')
  if (parked && isLeft(parked)) return keep('came-back', cameBackTwice)
  if (since === undefined) return { is: 'not-judged', reason: 'age-unknown', detail: 'nothing says since when it runs' }
  const youngUntil = Date.parse(since) + guard.minimumAgeMs
  if (youngUntil > now.getTime()) {
    const detail = `since ${since}: not judged before ${new Date(youngUntil).toISOString()}`
    return { is: 'not-judged', reason: 'too-young', detail }
  }
  return undefined
}

const cameBackTwice =
  'it was stopped, came back by itself, was stopped again and came back again: that is somebody’s wish'

/** A warning is forgotten as soon as its reason does not hold any more: then the grace begins anew. */
function memoryOf(cases: readonly Case[]): Map<string, Remembered> {
  const next = new Map<string, Remembered>()
  for (const { workload, activity, remembered, warned } of cases) {
    const busyAt = activity?.busyAt ?? remembered?.busyAt
    if (busyAt !== undefined || warned)
      next.set(workload.id, { ...(busyAt !== undefined && { busyAt }), ...(warned && { warned }) })
  }
  return next
}

/** Above the limits nothing is stopped at all. */
function limited(cases: readonly Case[], { recentStops, workloads }: Facts, { limits }: Guard): Plan['limit'] {
  if (!limits) return undefined
  const stops = cases.filter(({ verdict, workload }) => isCounted(verdict, workload))
  // What a run meant to stop and did not come to, as it died, is among them and is not counted twice.
  const wanted = new Set(stops.map(({ workload }) => workload.id))
  const done = recentStops.filter(workload => !wanted.has(workload)).length
  const share = Math.max(1, Math.floor(limits.share * (workloads.length + done)))
  const allowedStops = Math.max(0, Math.min(limits.stops, share) - done)
  if (stops.length <= allowedStops) return undefined
  const most = limits.stops <= share ? `${limits.stops}` : `${share} (${percent(limits.share)} of what runs)`
  const detail = `${stops.length} would be stopped, and guard.limits allows ${most} in 24 hours${done === 0 ? '' : `, ${done} of them done`}: none is. Raise guard.limits in farguard.yml where that is meant`
  for (const each of stops) {
    const { verdict } = each
    if (verdict.is === 'stop') each.verdict = keep('above-limit', `${verdict.reason}: ${verdict.detail}; ${detail}`)
  }
  return { wanted: stops.length, allowed: allowedStops, detail }
}

/** What is off hours comes back by itself, and is not counted; a standalone task does not. */
export function isCounted({ is, reason }: Verdict, { restores }: Pick<Workload, 'restores'>): boolean {
  return is === 'stop' && (reason !== 'off-hours' || (restores !== 'count' && restores !== 'copies'))
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
