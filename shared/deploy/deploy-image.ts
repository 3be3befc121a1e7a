/** One event of a repository: a push goes to the targets that take it; an image that ECR can't give any more is noticed. */
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Config, Target } from '../config/config.ts'
import { combine, type Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { deployToTarget } from './deploy-to-target.ts'
import { noticeGone } from './in-use.ts'
import { deployablePush, type ImagePush } from './push.ts'
import { imageNow } from './wanted.ts'

/**
 * Deploys the image that an event tells of to every target that takes it. May run twice, late and out of order: the event is a
 * hint, what the tag names now and what is on record decide.
 */
export async function deployImage(event: EcrImageAction, config: Config, world: World): Promise<Outcome> {
  const action = event.detail['action-type']
  if (action === 'DELETE' || action === 'UPDATE_STORAGE_CLASS') return noticeGone(event, config, world)
  const push = deployablePush(event)
  if ('dropped' in push) {
    world.log.info('dropped', { reason: push.dropped, repository: event.detail['repository-name'], event: event.id })
    return { kind: 'skipped', reason: push.dropped }
  }
  const targets = config.targets.filter(target => target.repository === push.repository)
  return deployToTargets(push, targets, world)
}

/** Deploys what a tag names now to each of these targets; every one of them has its turn, whatever comes of the others. */
async function deployToTargets(push: ImagePush, targets: readonly Target[], world: World): Promise<Outcome> {
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
  // What went wrong in a way that nothing describes is tried again with the event.
  if (defect !== undefined) throw defect
  return combine(outcomes)
}
