/** What is parked already: which of its reasons are over, which have come, and what came back by itself. */
import type { Guard } from '../config/config.ts'
import { isCovered, type Subject } from '../cost/subject.ts'
import { type Case, type Decided, type Facts, hourMs, type Known } from './facts.ts'
import { parkedLine } from './lines.ts'
import type { Plan, PlanLine } from './plan.ts'
import type { Parked } from './records.ts'
import { type Settings, settingsFor } from './settings.ts'

/** `stops`: what this very plan is to stop, none where the guard observes. */
export function parkedNow(facts: Facts, stops: ReadonlySet<string>, known: Known, guard: Guard, now: Date) {
  const joins: Decided['joins'] = []
  const ends: Decided['ends'] = []
  const wakes: Plan['wakes'] = []
  const lines: PlanLine[] = []
  const overs: Decided['overs'] = []
  const gone: Decided['gone'] = []
  const finishes: Decided['finishes'] = []
  const running = new Set(facts.workloads.flatMap(({ id }) => (known.parked.has(id) ? [id] : [])))
  for (const parked of facts.parked) {
    if (parked.state === 'over') continue
    if (!facts.clusters.has(parked.cluster)) {
      lines.push(parkedLine(parked, now))
      continue
    }
    const subject = facts.subjects.parked.get(parked.workload)
    const settings = subject && settingsFor({ subject, kind: kindOf(parked) }, guard.rules)
    const offHours = settings && hoursNow(settings, known)
    const left = parked.reasons.filter(reason => !isOver(reason, offHours, now))
    if (parked.state === 'left') {
      if (left.length === 0 || isForgotten(parked, now) || !running.has(parked.workload))
        overs.push({ workload: parked.workload })
      continue
    }
    if (parked.state === 'waking') {
      wakes.push({ workload: parked.workload, because: 'it is being put back' })
      continue
    }
    if (running.has(parked.workload)) {
      // A run that died between the record and the stop; whether it is to stop is judged anew.
      if (parked.state === 'parking' && !stops.has(parked.workload))
        wakes.push({ workload: parked.workload, because: 'it was not stopped, and is not to be any more' })
      continue
    }
    lines.push(parkedLine(parked, now))
    if (!subject) gone.push({ workload: parked.workload })
    if (parked.state === 'parking') finishes.push({ workload: parked.workload })
    const due = subject && settings && guard.mode === 'enforce' ? dueNow(subject, settings, offHours, facts) : []
    const isHeld = known.keeps.has(parked.workload)
    const come = due.filter(each => !isHeld && !left.some(one => isSame(one, each)))
    joins.push(...come.map(each => ({ workload: parked.workload, ...each })))
    if (left.length < parked.reasons.length) ends.push({ workload: parked.workload, left })
    if (left.length === 0 && come.length === 0) wakes.push({ workload: parked.workload, because: overBecause(parked) })
  }
  return { joins, ends, overs, gone, finishes, wakes, lines }
}

const kindOf = ({ service }: Parked) => (service === undefined ? 'copies' : 'service')

type Join = Omit<Decided['joins'][number], 'workload'>

const isSame = (a: Join, b: Join) => a.reason === b.reason && a.budget === b.budget

/** What would stop it, did it run: hours, and budgets that stop all; it is not to wake just to be stopped again. */
function dueNow(subject: Subject, settings: Settings, offHours: ReturnType<typeof hoursNow>, facts: Facts): Join[] {
  const { isProtected, importance, unreadable } = settings
  if (isProtected || unreadable.length > 0) return []
  const hours = offHours?.is === 'due' ? [offHours] : []
  if (importance === 'critical') return hours
  const spent = facts.budgets.flatMap(({ budget, spend, problem, reached }): Join[] => {
    const step = reached.find(each => each.step.do === 'stop-all' && !each.hasActed)
    if (!step || problem !== undefined || isCovered(budget.covers, subject) !== true) return []
    return [{ reason: 'over-budget', detail: step.detail, until: spend.period.to, budget: budget.name }]
  })
  return [...hours, ...spent]
}

/** What is not fought over is judged anew after this. */
const leftForMs = 7 * 24 * hourMs

function isForgotten({ ended }: Parked, now: Date): boolean {
  return ended !== undefined && Date.parse(ended.at) + leftForMs <= now.getTime()
}

/** Undefined where that can't be told: then what was said when it was parked stands. */
function hoursNow(settings: Settings, { offHours }: Known) {
  if (settings.unreadable.length > 0) return undefined
  const finding = settings.hours && offHours(settings.hours)
  return finding?.is === 'due' ? finding : { is: 'on' as const }
}

/** Hours that began, a period that ended. What farguard.yml does not ask for any more is over as well. */
function isOver(reason: Parked['reasons'][number], offHours: ReturnType<typeof hoursNow>, now: Date): boolean {
  if (reason.reason === 'off-hours' && offHours) return offHours.is === 'on'
  return reason.until !== undefined && Date.parse(reason.until) <= now.getTime()
}

function overBecause({ reasons }: Parked): string {
  const what = reasons.map(({ reason, budget }) =>
    reason === 'off-hours' ? 'its hours have begun' : `${budget ?? reason} holds it no longer`,
  )
  return what.length === 0 ? 'no reason is left' : [...new Set(what)].join(', ')
}

export function cameBackOf(cases: readonly Case[], { parked }: Known): Decided['cameBack'] {
  return cases.flatMap(({ workload, verdict }): Decided['cameBack'] => {
    const found = parked.get(workload.id)
    if (found?.state !== 'parked') return []
    const isLeftAlone = verdict.is === 'keep' && verdict.reason === 'came-back'
    return [{ parked: found, outcome: isLeftAlone ? 'left' : verdict.is === 'stop' ? 'stopped-again' : 'over' }]
  })
}

/** Stopped once more already: it is not fought over. */
export function isLeft({ state, stoppedAgain }: Parked): boolean {
  return state === 'left' || (state === 'parked' && stoppedAgain > 0)
}
