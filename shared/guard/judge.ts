/** All judges on one workload: what any of them finds due, else what could not be judged. Pure. */
import type { Activity } from './activity.ts'
import { costsTooMuch } from './judges/costs-too-much.ts'
import { idle } from './judges/idle.ts'
import { livedTooLong } from './judges/lived-too-long.ts'
import type { offHoursAt } from './judges/off-hours.ts'
import type { Settings } from './settings.ts'
import type { Finding } from './verdict.ts'
import type { Workload } from './workload.ts'

export interface Evidence {
  /** Absent where it was not asked for. */
  activity?: Activity | undefined
  /** When an earlier run saw it busy. */
  busyAt?: string | undefined
  /** The judge of hours at this moment. */
  offHours: ReturnType<typeof offHoursAt>
}

/** Hard limits first: no warning goes before them. */
export function findingOf(
  workload: Workload,
  settings: Settings,
  { activity, busyAt, offHours }: Evidence,
  now: Date,
): Finding | { is: 'no-rule' } {
  const { maxCostUsd, hours, maxLifetimeMs, idle: rule } = settings
  const facts = { workload, activity, ...(busyAt !== undefined && { busyAt }) }
  const findings: Finding[] = [
    ...(maxCostUsd === undefined ? [] : [costsTooMuch(workload, maxCostUsd)]),
    ...(hours ? [offHours(hours)] : []),
    ...(maxLifetimeMs === undefined ? [] : [livedTooLong(workload, maxLifetimeMs, now)]),
    ...(rule ? [idle(facts, rule, now)] : []),
  ]
  const first = (is: Finding['is']) => findings.find(each => each.is === is)
  const found = first('due') ?? first('not-judged')
  if (found) return found
  if (findings.length === 0) return { is: 'no-rule' }
  return { is: 'fine', detail: findings.map(({ detail }) => detail).join('; ') }
}
