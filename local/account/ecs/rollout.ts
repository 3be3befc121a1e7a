/** How many tasks a rolling deployment may start and must stop now: arithmetic only. */

/** Live tasks of a deployment; of these, those that serve, and those that must not be stopped now. */
interface LiveCounts {
  live: number
  healthy: number
  protected: number
}

export interface RolloutCounts {
  desired: number
  primary: LiveCounts
  older: LiveCounts
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
  const stopSurplus = Math.min(Math.max(0, primary.live - desired), primary.live - primary.protected)
  const serving = Math.min(primary.healthy, desired) + older.healthy
  const unhealthyOlder = older.live - older.healthy
  const spareOlder = Math.min(older.healthy, Math.max(0, serving - floor))
  const stopOlder = Math.min(unhealthyOlder + spareOlder, older.live - older.protected)
  const remaining = primary.live - stopSurplus + older.live - stopOlder
  const start = Math.max(0, Math.min(desired - primary.live, ceiling - remaining))
  return { start, stopSurplus, stopOlder }
}
