/** What the repositories hold now, deployed where it differs from what targets are about: a lost event costs minutes, not a deploy. */
import type { Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { decideOn, deployToTarget } from './deploy-to-target.ts'
import { unpark } from './park.ts'
import { isOpen, type KnownTarget, readTarget } from './records.ts'
import { asPush, better, imageNow, type Wanted } from './wanted.ts'
import { whatRuns } from './what-runs.ts'

/** What came of the targets of one repository that were not as they should be. `services`: answers what is known of services already. */
export async function deployWanted(
  repository: string,
  targets: readonly Target[],
  world: World,
  services: World = world,
): Promise<Map<string, Outcome>> {
  const known = new Map<string, KnownTarget>()
  for (const target of targets) known.set(target.name, await readTarget(world.table, target.name))
  const best = new Map<string, Wanted>()
  for await (const page of world.registry.listImages(repository))
    for (const image of page)
      for (const target of targets) {
        const wanted = better(target, known.get(target.name) ?? {}, best.get(target.name), image)
        if (wanted) best.set(target.name, wanted)
      }
  const outcomes = new Map<string, Outcome>()
  for (const target of targets) {
    const outcome = await deployBest(best.get(target.name), known.get(target.name) ?? {}, target, world, services)
    if (outcome) outcomes.set(target.name, outcome)
  }
  return outcomes
}

/** Undefined where nothing is to be done: then nothing is written either. */
async function deployBest(
  wanted: Wanted | undefined,
  known: KnownTarget,
  target: Target,
  world: World,
  services: World,
): Promise<Outcome | undefined> {
  const push = wanted && asPush(wanted, world.clock.now())
  if (wanted && !push)
    world.log.warn('no account known', { target: target.name, image: `${target.repository}:${wanted.tag}` })
  const decided = push && (await decision(push, known, target, services))
  if (push && (decided === 'deploy' || decided === 'resume'))
    return deployToTarget(push, () => imageNow(push, world), target, world)
  // What waited is not wanted any more: it was deleted, or something else took its place.
  if (known.gate?.parked) await unpark(target, world)
  return undefined
}

async function decision(
  push: NonNullable<ReturnType<typeof asPush>>,
  known: KnownTarget,
  target: Target,
  world: World,
): Promise<string> {
  const { repository, tag, digest, at } = push
  const { head, newest } = known
  const isCurrent = head?.current.image.digest === digest && head.current.image.repository === repository
  // An open rollout of this very image is carried on by its own looks.
  if (isCurrent && (newest?.number !== head.current.number || isOpen(newest))) return 'under way'
  const image = { repository, tag, digest, pushedAt: at }
  const place = await whatRuns(known, image, target, world, by => decideOn(push, image, known, target, by))
  return decideOn(push, image, known, target, place).verdict
}
