/** One push: which targets it is for, and what the tag names now. */
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Config } from '../config/config.ts'
import { combine, type Outcome } from '../outcome.ts'
import { RefusedError, type World } from '../ports.ts'
import { deployToTarget } from './deploy-to-target.ts'
import { asProblem } from './problem.ts'
import { deployablePush, type ImagePush } from './push.ts'
import type { DeployedImage } from './records.ts'

/**
 * Deploys the image that an event tells of to every target that takes it. May run twice, late and out of order: the event is a
 * hint, what the tag names now and what is on record decide.
 */
export async function deployImage(event: EcrImageAction, config: Config, world: World): Promise<Outcome> {
  const push = deployablePush(event)
  if ('dropped' in push) {
    world.log.info('dropped', { reason: push.dropped, repository: event.detail['repository-name'], event: event.id })
    return { kind: 'skipped', reason: push.dropped }
  }
  const targets = config.targets.filter(target => target.repository === push.repository)
  const look = () => imageNow(push, world)
  let once: ReturnType<typeof look> | undefined
  const lookOnce = () => {
    once ??= look()
    return once
  }
  const outcomes: Outcome[] = []
  let defect: unknown
  for (const target of targets) {
    try {
      // Where the tag itself is the intent, it has to be what the tag names after the head was read, at every try.
      outcomes.push(await deployToTarget(push, target.tags.kind === 'exact' ? look : lookOnce, target, world))
    } catch (error) {
      world.log.error('failed', { target: target.name, image: `${push.repository}:${push.tag}`, error })
      defect = error
    }
  }
  // Every target has had its turn; what went wrong in a way that nothing describes is tried again with the event.
  if (defect !== undefined) throw defect
  return combine(outcomes)
}

/** What the pushed tag names now: it may have moved, or be gone, since the event was sent. Throws Problem. */
async function imageNow(push: ImagePush, world: World): Promise<DeployedImage | undefined> {
  try {
    const [found] = await world.registry.describeImages(push.repository, [{ tag: push.tag }])
    if (!found) return undefined
    const { repository, digest, pushedAt } = found
    return { repository, tag: push.tag, digest, ...(pushedAt && { pushedAt: pushedAt.toISOString() }) }
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'RepositoryNotFoundException') return undefined
    throw asProblem(error, `Looking up ${push.repository}:${push.tag}`)
  }
}
