/** The plan's lines: what each workload is, what becomes of it, and what that saves. */
import { times } from '../cost/amount.ts'
import { type Case, hourMs } from './facts.ts'
import type { PlanLine, Verdict } from './plan.ts'
import type { Parked } from './records.ts'

export function lineOf({ workload, verdict }: Case, now: Date): PlanLine {
  const { id, kind, name, subject, restores, costPerHour, costSoFar } = workload
  return {
    workload: id,
    kind,
    name,
    cluster: subject.cluster,
    ...(subject.target !== undefined && { target: subject.target }),
    verdict,
    restores,
    costSoFar,
    costPerHour,
    saves: times(costPerHour, hoursSaved(verdict, now)),
  }
}

export function parkedLine(
  { workload, name, cluster, target, reasons, at, stoppedAt, costPerHour, service }: Parked,
  now: Date,
): PlanLine {
  const [first] = reasons
  const until = reasons.length === 1 ? first?.until : undefined
  const verdict: Verdict = {
    is: 'parked',
    reason: first?.reason ?? 'idle',
    detail: reasons.map(({ reason, detail }) => `${reason}: ${detail}`).join('; '),
    since: stoppedAt ?? at,
    ...(until !== undefined && { until }),
  }
  return {
    workload,
    kind: service === undefined ? 'copies' : 'service',
    name,
    cluster,
    ...(target !== undefined && { target }),
    verdict,
    restores: service === undefined ? 'copies' : 'count',
    costSoFar: { usd: 0 },
    costPerHour,
    saves: times(costPerHour, hoursSaved(verdict, now)),
  }
}

/** Until it comes back, at the longest until the end of the month, UTC. */
function hoursSaved(verdict: Verdict, now: Date): number {
  const until = verdict.is === 'stop' || verdict.is === 'parked' ? verdict.until : undefined
  const end = Math.min(until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until), monthEnd(now).getTime())
  return Math.max(0, (end - now.getTime()) / hourMs)
}

/** The first moment of the next month, UTC. */
export function monthEnd(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
}
