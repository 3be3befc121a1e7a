/** What a target's policy takes of what its repository holds now. */
import type { Target } from '../config/config.ts'
import { RefusedError, type RegistryImage, type World } from '../ports.ts'
import { isStanding } from './decide.ts'
import { isSamePlace, placeOf } from './place.ts'
import { asProblem } from './problem.ts'
import { type ImagePush, isSignature } from './push.ts'
import type { DeployedImage, KnownTarget } from './records.ts'
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

/** The better of two images for a target; what must not run, or has no tag that the policy takes, is none. */
export function better(
  target: Target,
  known: KnownTarget,
  best: Wanted | undefined,
  image: RegistryImage,
): Wanted | undefined {
  if (isOut(image, known, target)) return best
  const { tags } = target
  return image.tags
    .filter(tag => !isSignature(tag) && matches(tags, tag))
    .map(tag => ({ tag, image }))
    .reduce((before: Wanted | undefined, each) => {
      if (!before) return each
      return compareImages(tags, asTagged(each), asTagged(before)) > 0 ? each : before
    }, best)
}

/** Quarantined, or what failed last and was not pushed or released since: then the next best is what is wanted. */
function isOut({ digest, pushedAt }: RegistryImage, { head, newest }: KnownTarget, target: Target): boolean {
  if (head?.quarantine.some(each => each.digest === digest)) return true
  if (!newest || newest.image.digest !== digest || newest.number !== head?.current.number) return false
  const { ended } = newest
  if (!ended || isStanding(newest) || !isSamePlace(newest.where, placeOf(target))) return false
  const wishes = [pushedAt?.getTime() ?? 0, Date.parse(head.releasedAt ?? '') || 0]
  return wishes.every(wish => wish <= Date.parse(ended.at))
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
