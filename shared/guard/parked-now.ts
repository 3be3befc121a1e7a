/** What is parked already: which of its reasons are over, which have come, and what came back by itself. */
import type { Guard } from '../config/config.ts'
import type { Subject } from '../cost/subject.ts'
import { type Case, type Decided, type Facts, hourMs, type Known } from './facts.ts'
import { parkedLine } from './lines.ts'
import type { Plan, PlanLine } from './plan.ts'
import type { Parked } from './records.ts'
import { settingsFor } from './settings.ts'

/** `stops`: what this very plan is to stop, none where the guard observes. */
export function parkedNow(facts: Facts, stops: ReadonlySet<string>, known: Known, guard: Guard, now: Date) {
  const joins: Decided['joins'] = []
  const ends: Decided['ends'] = []
  const wakes: Plan['wakes'] = []
  const lines: PlanLine[] = []
  const overs: Decided['overs'] = []
  const finishes: Decided['finishes'] = []
  const running = new Set(facts.workloads.map(({ id }) => id))
  for (const parked of facts.parked) {
    if (parked.state === 'over') continue
    if (!facts.clusters.has(parked.cluster)) {
      lines.push(parkedLine(parked, now))
      continue
    }
    const subject = facts.subjects.parked.get(parked.workload)
    const offHours = subject && hoursNow(parked, subject, known, guard)
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
    if (parked.state === 'parking') finishes.push({ workload: parked.workload })
    const isNew = offHours?.is === 'due' && !left.some(({ reason }) => reason === 'off-hours')
    if (isNew) joins.push({ workload: parked.workload, ...offHours })
    if (left.length < parked.reasons.length) ends.push({ workload: parked.workload, left })
    const stays = left.length > 0 || isNew
    if (!stays) wakes.push({ workload: parked.workload, because: overBecause(parked) })
    lines.push(parkedLine(parked, now))
  }
  return { joins, ends, overs, finishes, wakes, lines }
}

/** What is not fought over is judged anew after this. */
const leftForMs = 7 * 24 * hourMs

function isForgotten({ ended }: Parked, now: Date): boolean {
  return ended !== undefined && Date.parse(ended.at) + leftForMs <= now.getTime()
}

/** Undefined where that can't be told: then what was said when it was parked stands. */
function hoursNow(parked: Parked, subject: Subject, { offHours }: Known, guard: Guard) {
  const kind = parked.service === undefined ? 'copies' : 'service'
  const settings = settingsFor({ subject, kind }, guard.rules)
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
