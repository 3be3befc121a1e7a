/** What target tracking makes of a service's latest minutes: a pure decision. */

export interface Tracking {
  /** Percent of CPU or memory. */
  targetValue: number
  scaleOutCooldownMs: number
  scaleInCooldownMs: number
  isScaleInDisabled: boolean
}

export interface Tracked {
  desired: number
  min: number
  max: number
  /** Of each of the latest whole minutes, percent, the newest last; undefined where nothing has been measured, or not yet. */
  minutes: readonly (number | undefined)[]
  now: number
  lastOut?: { at: number; from: number }
  lastIn?: { at: number }
}

export type Movement = { kind: 'out' | 'in'; to: number } | { kind: 'stay' }

/** The alarms that AWS itself makes for a policy: above the target for three minutes, below nine tenths of it for fifteen. */
const highMinutes = 3
const lowMinutes = 15
const lowShare = 0.9
/** Alarms look a little further back than they need to, since the latest minutes may be on their way. */
const lateMinutes = 2

/** How many minutes a decision looks at. */
export const minutesLookedAt = lowMinutes + lateMinutes

const stay: Movement = { kind: 'stay' }

/**
 * A desired count that someone set outside the bounds stays there until an alarm moves it: scaling out lifts it to the minimum and
 * on, scaling in lowers it to the maximum and on, and neither moves it the other way. A service that was set to zero has no tasks
 * and so no minutes: its alarms have insufficient data, and nothing brings it back but minutes from before, a scheduled action or
 * new bounds. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html, and as users saw it:
 * https://github.com/aws/containers-roadmap/issues/2626
 */
export function track(tracking: Tracking, tracked: Tracked): Movement {
  const { targetValue } = tracking
  if (allOf(tracked.minutes, highMinutes, minute => minute > targetValue)) return outward(tracking, tracked)
  if (allOf(tracked.minutes, lowMinutes, minute => minute < targetValue * lowShare)) return inward(tracking, tracked)
  return stay
}

function outward({ targetValue, scaleOutCooldownMs }: Tracking, tracked: Tracked): Movement {
  const { desired, min, max, minutes, now, lastOut } = tracked
  // What the last step added is still coming up: only more than that step asked for counts meanwhile.
  const from = lastOut && now - lastOut.at < scaleOutCooldownMs ? lastOut.from : desired
  const wanted = Math.ceil((from * (measured(minutes, 1)[0] ?? 0)) / targetValue)
  const to = Math.min(max, Math.max(min, wanted))
  return to > desired ? { kind: 'out', to } : stay
}

function inward({ targetValue, scaleInCooldownMs, isScaleInDisabled }: Tracking, tracked: Tracked): Movement {
  const { desired, min, max, minutes, now, lastIn } = tracked
  if (isScaleInDisabled || (lastIn && now - lastIn.at < scaleInCooldownMs)) return stay
  // For availability's sake by the busiest of these minutes.
  const busiest = Math.max(...measured(minutes, lowMinutes))
  const to = Math.min(max, Math.max(min, Math.ceil((desired * busiest) / targetValue)))
  return to < desired ? { kind: 'in', to } : stay
}

function allOf(minutes: Tracked['minutes'], count: number, holds: (minute: number) => boolean): boolean {
  const latest = measured(minutes, count)
  return latest.length === count && latest.every(holds)
}

/** The latest so many that were measured; fewer where too many are missing. */
function measured(minutes: Tracked['minutes'], count: number): number[] {
  return minutes
    .slice(-count - lateMinutes)
    .filter(minute => minute !== undefined)
    .slice(-count)
}

/** Several policies at once: out when any of them says so, as far as any wants; in only when all that may scale in do. */
export function together(movements: readonly { movement: Movement; isScaleInDisabled: boolean }[]): Movement {
  const to = (kind: 'out' | 'in') => movements.flatMap(({ movement }) => (movement.kind === kind ? [movement.to] : []))
  const out = to('out')
  if (out.length > 0) return { kind: 'out', to: Math.max(...out) }
  const inward = to('in')
  const mayScaleIn = movements.filter(({ isScaleInDisabled }) => !isScaleInDisabled)
  return inward.length > 0 && inward.length === mayScaleIn.length ? { kind: 'in', to: Math.max(...inward) } : stay
}
