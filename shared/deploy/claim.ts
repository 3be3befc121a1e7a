/** The claim on a target's head: one compare-and-set, which is the lock, the order and the truth of its deployments. */
import { createHash } from 'node:crypto'
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { hasUpdated, mayBeRunning } from './attempts.ts'
import { isNewer, type RunningImage } from './decide.ts'
import { placeOf } from './place.ts'
import type { ImagePush } from './push.ts'
import {
  type Claim,
  type DeployedImage,
  type Deployment,
  type KnownTarget,
  type TargetHead,
  writeHead,
} from './records.ts'

/** How many earlier claims a head remembers: enough to roll back to, and small in the one item that every push reads. */
const rememberedClaims = 10

/** What an overtaken deployment may have started is looked for that long: a queue brings an interrupted event back well within it. */
const unsettledMs = 60 * 60_000

/** The claim that deploying `image` now would make on this head. */
export function claimOf(
  target: Target,
  image: DeployedImage,
  push: ImagePush,
  head: TargetHead | undefined,
  decided: { because: string; isRedeploy?: boolean; running: RunningImage | undefined },
  now: Date,
): Claim {
  const number = (head?.current.number ?? 0) + 1
  const claimedAt = now.toISOString()
  const { eventId: id, at, account, region, by } = push
  return {
    number,
    id: idOf([target.name, number, claimedAt, id, account]),
    generation: (head?.current.generation ?? 0) + Number(decided.isRedeploy ?? false),
    ...(decided.isRedeploy && { isRedeploy: true }),
    image,
    event: { id, at, account, region, ...(by !== undefined && { by }) },
    claimedAt,
    because: decided.because,
    ...(decided.running && { before: traceOf(decided.running) }),
    where: placeOf(target),
  }
}

/** What is kept of what ran. */
export function traceOf({ tag, digest, number }: RunningImage): NonNullable<Claim['before']> {
  return {
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    ...(number !== undefined && { number }),
  }
}

/** Six letters and digits: about two billion. */
function idOf(parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest()
  return (hash.readUIntBE(0, 6) % 36 ** 6).toString(36).padStart(6, '0')
}

/**
 * Makes the head about `claim`; undefined when somebody else has changed the head since it was read. `floor`: what an operator goes
 * back from with it.
 */
export async function writeClaim(
  target: string,
  claim: Claim,
  { head, newest }: KnownTarget,
  floor: TargetHead['floor'],
  world: World,
): Promise<TargetHead | undefined> {
  const earlier = head ? [head.current, ...head.earlier] : []
  const isUnfinished = ({ number }: Claim) => number > (newest?.number ?? 0)
  const last = newest?.number === head?.current.number ? newest : undefined
  const hasSettled = last?.state === 'succeeded' || (last?.state === 'stopped' && !last.todo)
  const leftBehind = head && !hasSettled ? [head.current.number] : []
  const isRecent = (number: number) =>
    earlier.some(
      each => each.number === number && Date.parse(claim.claimedAt) - Date.parse(each.claimedAt) < unsettledMs,
    )
  const busy = busyAfter(head, last)
  // A count that was to come back has, once the service was put on that deployment; later, somebody wants it as it is.
  const isRestored = last !== undefined && hasUpdated(last)
  const restores = head?.emptied?.from ?? (isRestored ? undefined : head?.current.restores)
  const next = {
    target,
    current: { ...claim, ...(restores !== undefined && { restores }) },
    // What is on no record yet has to be fenced off before the next one is, however many there are.
    earlier: earlier.filter((each, index) => index < rememberedClaims || isUnfinished(each)),
    unsettled: [...leftBehind, ...(head?.unsettled ?? [])].filter(isRecent),
    ...(busy !== undefined && { busy }),
    quarantine: head?.quarantine ?? [],
    ...(floor && { floor }),
    ...(head?.releasedAt !== undefined && { releasedAt: head.releasedAt }),
  }
  const written = await writeHead(world.table, next, head)
  return written ? { ...next, version: (head?.version ?? 0) + 1 } : undefined
}

/** The deployment that a newer one has to wait for: the last one whose job or `before` task may run. `last`: what the head named. */
function busyAfter(head: TargetHead | undefined, last: Deployment | undefined): number | undefined {
  if (last && mayBeRunning(last)) return last.number
  // One that has got past its own waiting, or has nothing of its own running, leaves what it waited for behind.
  return last && last.attempts.length > 0 ? undefined : head?.busy
}

/**
 * The head after a push of `image` that claims nothing; undefined when somebody else has changed it meanwhile.
 * A digest that gets a higher version's tag stands for that version from now on: `1.5.0` must not replace what is `1.6.0` too.
 * For `exact:` the write alone counts: a push that looked the tag up before it moved on must not find the head as it was.
 */
export async function confirm(
  head: TargetHead,
  image: DeployedImage | undefined,
  target: Target,
  world: World,
): Promise<TargetHead | undefined> {
  const { current, version, ...rest } = head
  const isSame = image?.digest === current.image.digest && image.repository === current.image.repository
  const isHigher = isSame && target.tags.kind === 'semver' && isNewer(target.tags, image, current.image)
  if (!isHigher && target.tags.kind !== 'exact') return head
  const next = { ...rest, current: { ...current, image: isHigher ? image : current.image } }
  return (await writeHead(world.table, next, head)) ? { ...next, version: version + 1 } : undefined
}
