/** A job or `before` task that runs is never killed for something newer: the newer deployment waits until it has ended. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { beforeTask, liveTasks, mayBeRunning } from './attempts.ts'
import { findTasks } from './calls.ts'
import { judged } from './ends.ts'
import { observeTasks } from './observe-tasks.ts'
import { type Deployment, readDeployment, type TargetHead, writeDeployment } from './records.ts'
import type { Waits } from './start.ts'
import { undo } from './undo.ts'
import { judgeOneOff, readsLagMs } from './verify.ts'

/** How soon to ask again for a start whose answer was lost. */
const lostAnswerMs = 60_000

/**
 * The job or `before` task of deployment `number` that runs, which what the head names waits for; undefined once it has ended, and
 * its end is on record. Throws Problem when ECS can't be asked.
 */
export async function waitForBusy(
  number: number | undefined,
  head: TargetHead,
  target: Target,
  world: World,
): Promise<Waits | undefined> {
  if (number === undefined) return undefined
  for (;;) {
    const busy = await readDeployment(world.table, target.name, number)
    // Whoever found its end may have died before what follows from that.
    if (busy?.todo === 'undo') await undo(busy, target, world)
    if (!busy || !mayBeRunning(busy)) return undefined
    const found = await settle(busy, head, target, world)
    if ('because' in found) return found
    await writeDeployment(world.table, found.next)
  }
}

/** The record of `busy` after one more thing about it was found out; or what is to be waited for. */
async function settle(
  busy: Deployment,
  head: TargetHead,
  target: Target,
  world: World,
): Promise<Waits | { next: Deployment }> {
  const now = world.clock.now()
  const because = `deployment ${busy.number} is still running its ${busy.where.kind === 'job' ? 'job' : 'before task'}`
  const open = busy.attempts.find(({ outcome }) => !outcome)
  if (open) {
    const tasks = await findTasks(open, busy, world)
    if (tasks.length === 0 && now.getTime() - Date.parse(open.at) < readsLagMs)
      return { because, lookInMs: lostAnswerMs }
    const outcome = { at: now.toISOString(), tasks, ...(tasks.length === 0 && { isLost: true }) }
    const attempts = busy.attempts.map(each => (each === open ? { ...open, outcome } : each))
    return { next: { ...busy, attempts, state: tasks.length > 0 ? busy.state : 'superseded' } }
  }
  const isPreparing = beforeTask(busy) !== undefined && !busy.preparedAt
  const task = isPreparing ? beforeTask(busy) : liveTasks(busy)[0]
  const [fact] = task === undefined ? [] : await observeTasks(busy, [task], world)
  if (!fact) return { next: superseded(busy, head, now) }
  const verdict = judgeOneOff(busy, fact, timeoutMs(target, isPreparing), now)
  if (verdict.is === 'wait') return { because, lookInMs: verdict.lookInMs }
  // What is newer goes on instead: after its before task nothing of this one starts, and what Spot took is not started again.
  if (verdict.is === 'lost' || (isPreparing && verdict.is !== 'failed')) return { next: superseded(busy, head, now) }
  return { next: judged(busy, verdict, now.toISOString()) }
}

function superseded(busy: Deployment, { current }: TargetHead, now: Date): Deployment {
  const isSelf = busy.number === current.number
  const detail = isSelf
    ? 'what it was to go to is not there any more'
    : `by deployment ${current.number}, ${current.image.tag}`
  return { ...busy, state: 'superseded', ended: { reason: 'superseded', detail, at: now.toISOString() } }
}

/** Where farguard.yml says nothing of it any more, it runs as long as it likes. */
function timeoutMs({ run, before }: Target, isPreparing: boolean): number {
  if (isPreparing) return before?.timeoutMs ?? Number.POSITIVE_INFINITY
  return run.kind === 'job' ? run.timeoutMs : Number.POSITIVE_INFINITY
}
