/** An image that runs, or that would be gone back to, and that ECR can't give any more: nothing fails yet, and it is said at once. */
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Config, Target } from '../config/config.ts'
import { combine, type Outcome } from '../outcome.ts'
import { RefusedError, type World } from '../ports.ts'
import { isStanding } from './decide.ts'
import { changeGate } from './park.ts'
import { asProblem, Problem } from './problem.ts'
import { deploymentsOf, readTarget, recordDecision } from './records.ts'

/** How many a target remembers. */
const mostGone = 20

/** Puts on record what an image's deletion, or its move to ECR's archive, means for the targets that need it. */
export async function noticeGone(event: EcrImageAction, config: Config, world: World): Promise<Outcome> {
  const { 'repository-name': repository, 'image-digest': digest } = event.detail
  try {
    const now = await stateOf(repository, digest, world)
    const outcomes: Outcome[] = []
    for (const target of config.targets.filter(each => each.repository === repository))
      outcomes.push(await noticeFor(target, event, now, world))
    return combine(outcomes)
  } catch (error) {
    const problem = asProblem(error, `Looking up ${repository}@${digest}`)
    if (!(problem instanceof Problem)) throw problem
    const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
    return { kind, reason: problem.reason, detail: problem.message }
  }
}

type State = 'there' | 'deleted' | 'archived'

/** A tag that is deleted leaves the image there when it has another: the registry is asked, not the event. */
async function stateOf(repository: string, digest: string, world: World): Promise<State> {
  try {
    const [image] = await world.registry.describeImages(repository, [{ digest }])
    if (!image) return 'deleted'
    return image.isArchived ? 'archived' : 'there'
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'RepositoryNotFoundException') return 'deleted'
    throw error
  }
}

async function noticeFor(target: Target, event: EcrImageAction, state: State, world: World): Promise<Outcome> {
  const { 'repository-name': repository, 'image-digest': digest, 'image-tag': tag } = event.detail
  const { gate } = await readTarget(world.table, target.name)
  const known = gate?.gone.find(each => each.digest === digest)
  if (state === 'there') {
    if (known)
      await changeGate(target.name, world, each => ({ ...each, gone: each.gone.filter(one => one.digest !== digest) }))
    return { kind: 'skipped', reason: 'image-remains' }
  }
  const need = await needFor(target, digest, world)
  if (!need) return { kind: 'skipped', reason: 'not-in-use' }
  const { what, usedTag } = need
  const at = world.clock.now().toISOString()
  if (known?.how !== state)
    await changeGate(target.name, world, each => ({
      ...each,
      gone: [{ digest, how: state, at, what }, ...each.gone.filter(one => one.digest !== digest)].slice(0, mostGone),
    }))
  const image = { repository, tag: tag || usedTag, digest }
  const decided = { verdict: 'warn' as const, reason: `image-${state}`, detail: `ECR has ${state} it: ${what}` }
  await recordDecision(world.table, {
    target: target.name,
    at,
    event: { id: event.id, at: event.time },
    image,
    ...decided,
  })
  world.log.warn(decided.reason, { target: target.name, image: `${repository}@${digest}`, detail: what })
  return { kind: 'done', what: `${target.name}: ${decided.detail}` }
}

/** What would fail without the image; undefined when the target does not need it. */
async function needFor(
  target: Target,
  digest: string,
  world: World,
): Promise<{ what: string; usedTag: string } | undefined> {
  let isRollbackTarget = false
  for await (const deployment of deploymentsOf(world.table, target.name)) {
    if (!isStanding(deployment) || !deployment.startedAt) continue
    if (deployment.image.digest === digest) {
      const usedTag = deployment.image.tag
      return isRollbackTarget
        ? { usedTag, what: `deployment ${deployment.number} (${usedTag}) could not be gone back to` }
        : {
            usedTag,
            what: `deployment ${deployment.number} (${usedTag}) runs it: a copy that has to start anew could not be pulled`,
          }
    }
    if (isRollbackTarget) return undefined
    isRollbackTarget = true
  }
  return undefined
}
