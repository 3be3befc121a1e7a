/** GetTaskProtection, UpdateTaskProtection: tasks that scale-in and deployments spare for a while. */
import type {
  Failure,
  GetTaskProtectionCommandInput,
  ProtectedTask,
  UpdateTaskProtectionCommandInput,
} from '@aws-sdk/client-ecs'
import type { SimulatedClock } from '../clock.ts'
import { type Arns, taskIdWithin } from './arns.ts'
import type { Clusters } from './clusters.ts'
import { minute } from './durations.ts'
import { invalidParameter } from './refusals.ts'
import type { TaskLifecycle } from './task-lifecycle.ts'
import { isRunning, type TaskRecord } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

const longestMinutes = 2880
const usualMinutes = 120

/** Whether scale-in and deployments must leave the task alone now; StopTask and failed health checks need not. */
export const isProtected = ({ protectedUntil }: TaskRecord, now: Date) =>
  protectedUntil !== undefined && protectedUntil > now

export interface ProtectionWorld {
  clock: SimulatedClock
  arns: Arns
  clusters: Clusters
  store: TaskStore
  lifecycle: TaskLifecycle
}

export function taskProtectionOperations({ clock, arns, clusters, store, lifecycle }: ProtectionWorld) {
  return {
    GetTaskProtection({ cluster, tasks = [] }: GetTaskProtectionCommandInput) {
      if (tasks.length > 100) throw invalidParameter('Tasks cannot have more than 100 elements.')
      return answer(found(cluster, tasks))
    },
    UpdateTaskProtection(input: UpdateTaskProtectionCommandInput) {
      const { cluster, tasks = [], protectionEnabled, expiresInMinutes = usualMinutes } = input
      if (tasks.length === 0) throw invalidParameter('Tasks cannot be empty.')
      if (tasks.length > 10) throw invalidParameter('Tasks cannot have more than 10 elements.')
      if (!Number.isInteger(expiresInMinutes) || expiresInMinutes < 1 || expiresInMinutes > longestMinutes)
        throw invalidParameter(
          `expiresInMinutes should be a whole number from 1 to ${longestMinutes}, but was ${expiresInMinutes}.`,
        )
      const chosen = found(cluster, tasks)
      for (const record of chosen.valid) {
        if (protectionEnabled) protect(record, expiresInMinutes * minute)
        else unprotect(record)
      }
      return answer(chosen)
    },
  }

  function protect(record: TaskRecord, ms: number): void {
    const until = new Date(clock.now().getTime() + ms)
    record.protectedUntil = until
    clock.after(ms, () => {
      // A later call may have prolonged it.
      if (record.protectedUntil?.getTime() === until.getTime()) unprotect(record)
    })
  }

  /** The scheduler looks again: what it had spared may go now. */
  function unprotect(record: TaskRecord): void {
    delete record.protectedUntil
    if (isRunning(record)) lifecycle.notice(record)
  }

  /** Only running tasks of a service can be protected, or asked about. */
  function found(identifier: string | undefined, tasks: readonly string[]) {
    const cluster = clusters.find(identifier).name
    const [valid, failures]: [TaskRecord[], Failure[]] = [[], []]
    for (const task of tasks) {
      const id = taskIdWithin(task, cluster)
      const record = store.find(cluster, id)
      if (record?.service && isRunning(record)) valid.push(record)
      else failures.push({ arn: arns.task(cluster, id), reason: record ? 'TASK_NOT_VALID' : 'MISSING' })
    }
    return { valid, failures }
  }

  function answer({ valid, failures }: { valid: TaskRecord[]; failures: Failure[] }) {
    const protectedTasks = valid.map(
      (record): ProtectedTask => ({
        taskArn: record.state.taskArn,
        protectionEnabled: isProtected(record, clock.now()),
        ...(record.protectedUntil && { expirationDate: record.protectedUntil }),
      }),
    )
    return { protectedTasks, failures }
  }
}
