/** What a target's policy takes of what its repository holds now. */
import type { Target } from '../config/config.ts'
import { RefusedError, type RegistryImage, type World } from '../ports.ts'
import { isSamePlace, placeOf } from './place.ts'
import { asProblem } from './problem.ts'
import { type ImagePush, isSignature } from './push.ts'
import {
  type DeployedImage,
  type Deployment,
  deploymentsOf,
  isStanding,
  type KnownTarget,
  type TargetHead,
} from './records.ts'
import { compareImages, matches } from './tag-policy.ts'

/** What the pushed tag names now: it may have moved, or be gone, since the event was sent. Throws Problem. */
export async function imageNow(
  push: Pick<ImagePush, 'repository' | 'tag'>,
  world: World,
): Promise<DeployedImage | undefined> {
  try {
    const [found] = await world.registry.describeImages(push.repository, [{ tag: push.tag }])
    if (!found || found.isArchived) return undefined
    const { repository, digest, pushedAt } = found
    return { repository, tag: push.tag, digest, ...(pushedAt && { pushedAt: pushedAt.toISOString() }) }
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'RepositoryNotFoundException') return undefined
    throw asProblem(error, `Looking up ${push.repository}:${push.tag}`)
  }
}

export interface Wanted {
  tag: string
  image: RegistryImage
}

/** The best of these images for a target, by its policy's order; what must not run, or has no tag that the policy takes, is none. */
export function bestOf(images: readonly RegistryImage[], known: KnownTarget, target: Target): Wanted | undefined {
  const { tags } = target
  let best: Wanted | undefined
  for (const image of images) {
    if (isOut(image, known, target)) continue
    for (const tag of image.tags) {
      if (isSignature(tag) || !matches(tags, tag)) continue
      const wanted = { tag, image }
      if (!best || compareImages(tags, asTagged(wanted), asTagged(best)) > 0) best = wanted
    }
  }
  return best
}

/** Quarantined, or what failed last and was not pushed or released since: then the next best is what is wanted. */
function isOut(image: RegistryImage, { head, newest }: KnownTarget, target: Target): boolean {
  if (!head) return false
  if (head.quarantine.some(({ digest }) => digest === image.digest)) return true
  if (!newest || newest.image.digest !== image.digest || newest.number !== head.current.number) return false
  const { ended } = newest
  if (!ended || isStanding(newest) || !isSamePlace(newest.where, placeOf(target))) return false
  return !isWishedSince(ended.at, image, head)
}

function isWishedSince(at: string, { pushedAt }: RegistryImage, { releasedAt }: TargetHead): boolean {
  const wishes = [pushedAt?.getTime() ?? 0, Date.parse(releasedAt ?? '') || 0]
  return wishes.some(wish => wish > Date.parse(at))
}

/** Images that failed before these many others were tried may be tried once more. */
const mostTried = 20

/** Those of the images that have not failed here, or that somebody has wished for since: pushed anew, or released. */
export async function withoutFailed(
  images: readonly RegistryImage[],
  head: TargetHead,
  target: Target,
  world: World,
): Promise<RegistryImage[]> {
  const last = new Map<string, Deployment>()
  let tried = 0
  for await (const deployment of deploymentsOf(world.table, target.name)) {
    const { image, where } = deployment
    if (isSamePlace(where, placeOf(target)) && !last.has(image.digest)) last.set(image.digest, deployment)
    if (++tried === mostTried) break
  }
  return images.filter(image => {
    const { state, ended } = last.get(image.digest) ?? {}
    const hasFailed = (state === 'failed' || state === 'rolled-back') && ended
    return !hasFailed || isWishedSince(ended.at, image, head)
  })
}

/** The push that the sweep makes of it: dated as the image is, so that it is no newer wish than the push itself was. */
export function asPush({ tag, image }: Wanted, now: Date): ImagePush | undefined {
  const { account, region, repository, digest, pushedAt } = image
  if (account === undefined) return undefined
  const eventId = `sweep-${digest.slice(7, 19)}`
  const at = (pushedAt ?? now).toISOString()
  return { source: 'sweep', eventId, at, account, region, repository, tag, digest }
}

function asTagged({ tag, image }: Wanted) {
  return { tag, digest: image.digest, ...(image.pushedAt && { pushedAt: image.pushedAt }) }
}
