/** Whether what was put back runs again: of a service by ECS's own answer, of copies by the records. */
import type { IntentOutcome } from '../../shared/intents/intent-record.ts'
import { RefusedError } from '../../shared/ports.ts'
import { runningTasks } from '../../shared/status/task-record.ts'
import type { Connection } from '../connection.ts'
import { explain } from '../connection.ts'
import { shortName } from './workload-names.ts'

type Woken = NonNullable<IntentOutcome['woken']>[number]

/** `runs`: all copies that it is to have, and none on its way. `not-watched`: ECS could not be asked. */
export interface Waking {
  workload: string
  state: 'waking' | 'runs' | 'gone' | 'not-watched'
  desired: number
  running: number
  pending: number
  why?: string
}

export function lookAtWaking(woken: readonly Woken[], stack: Connection): Promise<Waking[]> {
  return Promise.all(
    woken.map(each => (each.service === undefined ? lookAtCopies(each, stack) : lookAtService(each, stack))),
  )
}

async function lookAtService(
  { workload, cluster, service = '', desiredCount }: Woken,
  stack: Connection,
): Promise<Waking> {
  const none = { workload, desired: desiredCount, running: 0, pending: 0 }
  try {
    const found = await stack.fleet.describeService(cluster, service)
    if (found?.status !== 'ACTIVE') return { ...none, state: 'gone', why: 'the service is gone' }
    const { desiredCount: desired, runningCount: running, pendingCount: pending } = found
    // ECS's answer may lag behind the call that raised its count; scaling that goes on may have changed it since.
    const isBack = desired > 0 && running === desired && pending === 0
    return { workload, desired: desired || desiredCount, running, pending, state: isBack ? 'runs' : 'waking' }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { ...none, state: 'not-watched', why: explain(error, stack) }
  }
}

async function lookAtCopies({ workload, target = '', desiredCount }: Woken, { table }: Connection): Promise<Waking> {
  let [running, pending] = [0, 0]
  for await (const page of runningTasks(table, { target }))
    for (const { lastStatus, desiredStatus } of page) {
      if (desiredStatus === 'STOPPED') continue
      if (lastStatus === 'RUNNING') running++
      else pending++
    }
  return { workload, desired: desiredCount, running, pending, state: running >= desiredCount ? 'runs' : 'waking' }
}

/** `demo/web: 1 of 2 copies run, 1 starting` */
export function tellWaking({ workload, state, desired, running, pending, why }: Waking): string {
  const name = shortName(workload)
  switch (state) {
    case 'gone':
      return `${name}: ${why}`
    case 'not-watched':
      return `${name} is being put back, which could not be watched: ${why}`
    case 'runs':
    case 'waking':
      return `${name}: ${running} of ${desired} copies run${pending > 0 ? `, ${pending} starting` : ''}`
  }
}
