/** What the service scheduler makes of a task: whether it serves, failed to, or has to be replaced. */
import { isRunning, type TaskRecord } from './task-record.ts'

/** Runs, and is not held back by a health check that has not succeeded. */
export function serves(task: TaskRecord): boolean {
  const checked = task.definition.containerDefinitions?.some(one => one.essential !== false && one.healthCheck)
  return isRunning(task) && (!checked || task.state.healthStatus === 'HEALTHY')
}

/** At the change that begins the end, so that a failure counts once; what the scheduler or a person stops is none. */
export function hasJustFailed({ state }: TaskRecord): boolean {
  const onItsWayDown = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING'].includes(state.lastStatus)
  return !onItsWayDown && (state.stopCode === 'TaskFailedToStart' || state.stopCode === 'EssentialContainerExited')
}

/** From when on a task whose health checks fail is replaced; undefined for one that is well. */
export function replaceableFrom(task: TaskRecord, graceSeconds = 0): Date | undefined {
  const { healthStatus, startedAt } = task.state
  if (!isRunning(task) || healthStatus !== 'UNHEALTHY' || !startedAt) return undefined
  return new Date(startedAt.getTime() + graceSeconds * 1000)
}
