/** The image that a service runs, by ECS's answer and the registry's: what a first push is compared with. */
import type { Target } from '../config/config.ts'
import type { RegistryImage, World } from '../ports.ts'
import type { RunningImage } from './decide.ts'
import { parseImageReference } from './image-reference.ts'
import type { Ground } from './prepare.ts'
import type { DeployedImage } from './records.ts'
import { containerOf } from './revision.ts'
import { compareImages } from './tag-policy.ts'

/**
 * The image that a service runs by ECS's own answer; undefined when it is not of the target's repository. Where it is named by a
 * tag, the digest stays unknown: the service resolved that tag once, when its deployment began, and the tag may have moved since.
 */
export async function imageOfService(
  target: Target,
  image: DeployedImage,
  ground: Ground,
  world: World,
): Promise<RunningImage | undefined> {
  const { service, base } = ground
  if (!service) return undefined
  const revision =
    base.revision?.arn === service.revision ? base.revision : await world.fleet.describeTaskDefinition(service.revision)
  const runs = revision && containerOf(revision.definition, target).image
  const reference = runs === undefined ? undefined : parseImageReference(runs)
  if (!reference || reference.repository !== target.repository) return undefined
  const { repository, digest, tag = 'latest' } = reference
  const [known] = await world.registry.describeImages(repository, [digest !== undefined ? { digest } : { tag }])
  // The tag has moved on to the very image that was pushed: when the one that runs was pushed is not known.
  if (digest === undefined && known?.digest === image.digest) return { repository, tag }
  const newestTag = known && highest(target, known)
  return {
    repository,
    ...(digest === undefined ? { tag } : { digest, ...(newestTag !== undefined && { tag: newestTag }) }),
    ...(known?.pushedAt && { pushedAt: known.pushedAt.toISOString() }),
  }
}

/** Which of an image's tags counts for the target: the last in its policy's order. */
function highest(target: Target, { tags, digest }: RegistryImage): string | undefined {
  const ordered = tags.map(tag => ({ tag, digest })).sort((a, b) => compareImages(target.tags, a, b))
  return ordered.at(-1)?.tag
}
