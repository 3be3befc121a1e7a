/** The claim on a target's head: one compare-and-set, which is the lock, the order and the truth of its deployments. */
import { createHash } from 'node:crypto'
import type { World } from '../ports.ts'
import type { ImagePush } from './push.ts'
import {
  type Claim,
  type DeployedImage,
  type Deployment,
  readDeployment,
  type TargetHead,
  writeDeployment,
  writeHead,
} from './records.ts'

/** How many earlier claims a head remembers: enough to roll back to, and small in the one item that every push reads. */
const rememberedClaims = 10

/** The claim that deploying `image` now would make on this head. */
export function claimOf(
  target: string,
  image: DeployedImage,
  push: ImagePush,
  head: TargetHead | undefined,
  now: Date,
): Claim {
  const number = (head?.current.number ?? 0) + 1
  const claimedAt = now.toISOString()
  const id = createHash('sha256')
    .update(JSON.stringify([target, number, claimedAt, push.eventId, push.account]))
    .digest('hex')
  return {
    number,
    id: id.slice(0, 8),
    generation: head?.current.generation ?? 0,
    image,
    event: { id: push.eventId, at: push.at, account: push.account, region: push.region },
    claimedAt,
  }
}

/** Makes the head about `claim`; undefined when somebody else has changed the head since it was read. */
export async function writeClaim(
  target: string,
  claim: Claim,
  head: TargetHead | undefined,
  world: World,
): Promise<TargetHead | undefined> {
  const next = {
    target,
    current: claim,
    earlier: head ? [head.current, ...head.earlier].slice(0, rememberedClaims) : [],
    quarantine: head?.quarantine ?? [],
  }
  const written = await writeHead(world.table, next, head)
  return written ? { ...next, version: (head?.version ?? 0) + 1 } : undefined
}

/**
 * Fences off the deployments that the head has left behind before they had started, oldest first: whoever carries one of them
 * finds it superseded at its next write. A deployment goes on record only after this, so nothing below `newest` is unfinished.
 */
export async function supersede(head: TargetHead, newest: Deployment | undefined, world: World): Promise<void> {
  const leftBehind = head.earlier.filter(claim => claim.number >= (newest?.number ?? 0)).reverse()
  for (const claim of leftBehind)
    await supersedeOne(claim, claim.number === newest?.number ? newest : undefined, head, world)
}

async function supersedeOne(claim: Claim, seen: Deployment | undefined, head: TargetHead, world: World): Promise<void> {
  const { target, current } = head
  const ended = {
    reason: 'superseded',
    detail: `by deployment ${current.number}, ${current.image.tag}`,
    at: current.claimedAt,
  }
  for (let found = seen; ; found = await readDeployment(world.table, target, claim.number)) {
    if (found && found.state !== 'starting') return
    const because = 'claimed, and overtaken before anything was started'
    const base: Deployment = found ?? { ...claim, target, version: 0, state: 'starting', because, attempts: [] }
    if (await writeDeployment(world.table, { ...base, state: 'superseded', ended })) return
  }
}
