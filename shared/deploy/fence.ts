/** What a head has left behind is fenced off: whoever still carries it finds it superseded at its next write. */
import type { World } from '../ports.ts'
import { mayBeRunning } from './attempts.ts'
import {
  type Claim,
  type Deployment,
  draftOf,
  isOpen,
  readDeployment,
  type TargetHead,
  writeDeployment,
  writeHead,
} from './records.ts'

/** What was left behind and can't just be fenced off. */
export interface LeftBehind {
  /** Its job or `before` task may run: it comes to its own end. */
  busy?: number
  /** They have failed, and what follows from that is still to be done. */
  failed: Deployment[]
}

/**
 * Fences off the deployments that the head has left behind before they had succeeded, oldest first: whoever carries one of them
 * finds it superseded at its next write. A deployment goes on record only after this, so nothing below `newest` is unfinished,
 * but for what this gives.
 */
export async function supersede(head: TargetHead, newest: Deployment | undefined, world: World): Promise<LeftBehind> {
  const behind: LeftBehind = { failed: [] }
  const claims = head.earlier.filter(claim => claim.number >= (newest?.number ?? 0)).reverse()
  for (const claim of claims) {
    const left = await supersedeOne(claim, claim.number === newest?.number ? newest : undefined, head, world)
    if (left && mayBeRunning(left)) behind.busy = left.number
    if (left?.todo === 'undo') behind.failed.push(left)
  }
  return behind
}

/** The deployment as it stays on record; undefined once it is fenced off. */
async function supersedeOne(
  claim: Claim,
  seen: Deployment | undefined,
  head: TargetHead,
  world: World,
): Promise<Deployment | undefined> {
  const { target, current } = head
  const detail = `by deployment ${current.number}, ${current.image.tag}`
  const ended = { reason: 'superseded', detail, at: current.claimedAt }
  for (let found = seen; ; found = await readDeployment(world.table, target, claim.number)) {
    if (found && !isOpen(found)) return found
    if (found && mayBeRunning(found)) {
      // What was read with the head may be old: it may have gone on to its start since.
      if (found !== seen) return found
      continue
    }
    const base = found ?? draftOf(claim, target)
    if (await writeDeployment(world.table, { ...base, state: 'superseded', ended })) return undefined
  }
}

/** The head once it says that its deployment waits for `busy`; undefined when somebody else has changed it meanwhile. */
export async function waitFor(busy: number, head: TargetHead, world: World): Promise<TargetHead | undefined> {
  const { version, ...rest } = head
  const next = { ...rest, busy }
  return (await writeHead(world.table, next, head)) ? { ...next, version: version + 1 } : undefined
}
