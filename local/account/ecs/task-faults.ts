/** What may befall a running task, brought about on purpose by tests and the console. */
import type { HealthStatus } from '@aws-sdk/client-ecs'
import type { TaskLifecycle } from './task-lifecycle.ts'
import { definitionOf, isRunning, type TaskRecord } from './task-record.ts'
import type { TaskStore } from './task-store.ts'

/** Each takes a task's ARN, and throws Error when that task does not run or has not what it takes. */
export interface TaskFaults {
  /** Spot takes the capacity back, with two minutes' notice; AWS tells it under either code. */
  interrupt(taskArn: string, stopCode?: 'SpotInterruption' | 'TerminationNotice'): void
  /** A container, the first essential one unless named, ends by itself. */
  fail(taskArn: string, end: { exitCode: number; reason?: string; container?: string }): void
  /** The outcome of the health checks of one container, or of all that have one. */
  setHealth(taskArn: string, status: HealthStatus, container?: string): void
  /** The host under the task breaks down. */
  loseHost(taskArn: string): void
}

export function taskFaults(store: TaskStore, lifecycle: TaskLifecycle): TaskFaults {
  return {
    interrupt(taskArn, stopCode = 'SpotInterruption') {
      const record = running(taskArn)
      if (record.state.capacityProviderName !== 'FARGATE_SPOT')
        throw new Error(`${taskArn} does not run on FARGATE_SPOT.`)
      lifecycle.interrupt(record, stopCode)
    },
    fail(taskArn, { exitCode: code, reason, container: name }) {
      const record = running(taskArn)
      const [container] = record.state.containers.filter(one =>
        name === undefined ? definitionOf(record, one).essential !== false : one.name === name,
      )
      if (container?.lastStatus !== 'RUNNING')
        throw new Error(`${taskArn} has no running container ${name ?? ''}`.trim())
      lifecycle.exit(record, container, { code, ...(reason !== undefined && { reason }) })
    },
    setHealth(taskArn, status, name) {
      const record = running(taskArn)
      const checked = record.state.containers.filter(
        one => definitionOf(record, one).healthCheck && (name === undefined || one.name === name),
      )
      if (checked.length === 0) throw new Error(`${taskArn} has no health check there.`)
      for (const container of checked) lifecycle.setHealth(record, container, status)
    },
    loseHost(taskArn) {
      const reason = 'Task stopped because the health of its underlying infrastructure is impaired.'
      lifecycle.stop(running(taskArn), { code: 'InfrastructureHealth', reason })
    },
  }

  function running(taskArn: string): TaskRecord {
    const record = store.byArn(taskArn)
    if (!record || !isRunning(record)) throw new Error(`${taskArn} is no running task.`)
    return record
  }
}
