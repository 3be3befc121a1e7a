/** Brings what the head names to its start, once nothing older is in the way, and leaves nothing behind that does not count. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { mayBeRunning } from './attempts.ts'
import { waitForBusy } from './busy.ts'
import { failedWith } from './ends.ts'
import { supersede, waitFor } from './fence.ts'
import type { Ground } from './prepare.ts'
import { Problem } from './problem.ts'
import { type Deployment, draftOf, readDeployment, type TargetHead, writeDeployment } from './records.ts'
import { putRight, stopStrays } from './settle.ts'
import { start, type Waits } from './start.ts'
import { undo } from './undo.ts'

export interface Carried {
  /** Undefined while it is claimed and waits, and nothing else of it is on record. */
  deployment?: Deployment
  waits?: Waits
}

/** Throws Problem when it can't go on now. `newest`: the newest deployment on record. */
export async function carry(
  head: TargetHead,
  newest: Deployment | undefined,
  ground: Ground,
  target: Target,
  world: World,
): Promise<Carried> {
  const { current } = head
  const recorded = newest?.number === current.number ? newest : undefined
  const fenced = await leaveBehind(head, newest, target, world)
  const waits = await waitForBusy(fenced.busy, fenced, target, world)
  if (waits) return { ...(recorded && { deployment: recorded }), waits }
  const { deployment, wasContested, ...more } = await start(fenced, recorded, target, ground, world)
  await stopStrays(target.name, head.unsettled, world)
  const { state, ended, because, image } = deployment
  const reason = ended ? { reason: ended.reason, detail: ended.detail } : { because }
  const name = `${image.repository}:${image.tag}`
  // Each look would say again that its before task runs.
  if (state !== 'starting' || !recorded)
    world.log.info(state, { target: target.name, deployment: current.number, image: name, ...more.waits, ...reason })
  if (wasContested || (state !== 'started' && state !== 'starting')) {
    await stopStrays(target.name, [current.number], world)
    await putRight(target, world)
  }
  return { deployment, ...more }
}

/** Fences off what came before, and sees to what can't be; the head then says what it has to wait for. */
export async function leaveBehind(
  head: TargetHead,
  newest: Deployment | undefined,
  target: Target,
  world: World,
): Promise<TargetHead> {
  const { busy, failed } = await supersede(head, newest, world)
  for (const each of failed) await undo(each, target, world)
  if (busy === undefined || busy === head.busy || newest?.number === head.current.number) return head
  const waiting = await waitFor(busy, head, world)
  if (waiting) return waiting
  throw new Problem('retry', 'deployment-overtaken', `Somebody else changed the head of ${target.name} meanwhile.`)
}

/** A claim that can't be carried on any more must not stand in the way of what comes after it, nor of what came before. */
export async function giveUp(
  head: TargetHead,
  newest: Deployment | undefined,
  why: { reason: string; message: string },
  target: Target,
  world: World,
): Promise<void> {
  const { current } = head
  // Whoever tried in vain has put that on record since `newest` was read.
  const recorded = await readDeployment(world.table, target.name, current.number)
  if (recorded && (recorded.state !== 'starting' || mayBeRunning(recorded))) return
  await leaveBehind(head, newest, target, world)
  const base = recorded ?? draftOf(current, target.name)
  const written = await writeDeployment(world.table, failedWith(base, why, world.clock.now().toISOString()))
  if (written) await stopStrays(target.name, [current.number, ...head.unsettled], world)
}
