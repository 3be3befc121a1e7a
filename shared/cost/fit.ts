/** The smallest loss that fits: which workloads to stop so that a budget's projection comes under its limit. Pure. */
import type { Importance } from '../config/config.ts'

export interface Candidate {
  id: string
  importance: Importance
  /** US dollars. */
  perHourUsd: number
  /** Nothing forbids to stop it. */
  canStop: boolean
}

/**
 * Ids of what is to be stopped for `hoursLeft`, so that `excessUsd` is not spent: expendable before normal and critical never, the dearest
 * first; what turns out not to be needed is left alone, the cheapest first. Undefined when no allowed set saves enough.
 */
export function fitting(
  candidates: readonly Candidate[],
  hoursLeft: number,
  excessUsd: number,
): ReadonlySet<string> | undefined {
  const neededUsd = excessUsd - rounding
  if (!(neededUsd > 0)) return new Set()
  const allowed = candidates.filter(
    ({ canStop, importance, perHourUsd }) => canStop && importance !== 'critical' && perHourUsd > 0 && hoursLeft > 0,
  )
  const inOrder = allowed.toSorted(
    (a, b) => rank[a.importance] - rank[b.importance] || b.perHourUsd - a.perHourUsd || (a.id < b.id ? -1 : 1),
  )
  const chosen: Candidate[] = []
  let saved = 0
  for (const candidate of inOrder) {
    if (saved >= neededUsd) break
    chosen.push(candidate)
    saved += candidate.perHourUsd * hoursLeft
  }
  return saved < neededUsd ? undefined : new Set(withoutSpare(chosen, hoursLeft, neededUsd))
}

const rank: Record<Importance, number> = { expendable: 0, normal: 1, critical: 2 }

/** US dollars that sums of the same parts in another order may differ by. */
const rounding = 1e-6

function withoutSpare(chosen: readonly Candidate[], hoursLeft: number, neededUsd: number): string[] {
  const cheapestFirst = chosen.toSorted((a, b) => a.perHourUsd - b.perHourUsd || (a.id < b.id ? 1 : -1))
  let rest = cheapestFirst.reduce((sum, { perHourUsd }) => sum + perHourUsd * hoursLeft, 0)
  return cheapestFirst.flatMap(({ id, perHourUsd }) => {
    const without = rest - perHourUsd * hoursLeft
    if (without < neededUsd) return [id]
    rest = without
    return []
  })
}
