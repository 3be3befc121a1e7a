/** How many tasks a rolling deployment may start and must stop now: arithmetic only. */

export interface RolloutCounts {
  desired: number
  /** Live tasks of the primary deployment; of the older ones: those that serve, and those that do not yet. */
  primary: { live: number; healthy: number }
  older: { live: number; healthy: number }
  minimumHealthyPercent: number
  maximumPercent: number
}

export interface RolloutStep {
  start: number
  /** Of the primary: more than desired. */
  stopSurplus: number
  /** Of the older deployments, those that do not serve first. */
  stopOlder: number
}

/** ECS rounds the floor up and the ceiling down; tasks on their way down count for neither. */
export function nextStep(counts: RolloutCounts): RolloutStep {
  const { desired, primary, older } = counts
  const floor = Math.ceil((desired * counts.minimumHealthyPercent) / 100)
  const ceiling = Math.floor((desired * counts.maximumPercent) / 100)
  const stopSurplus = Math.max(0, primary.live - desired)
  const serving = Math.min(primary.healthy, desired) + older.healthy
  const unhealthyOlder = older.live - older.healthy
  const spareOlder = Math.min(older.healthy, Math.max(0, serving - floor))
  const stopOlder = unhealthyOlder + spareOlder
  const remaining = primary.live - stopSurplus + older.live - stopOlder
  const start = Math.max(0, Math.min(desired - primary.live, ceiling - remaining))
  return { start, stopSurplus, stopOlder }
}
