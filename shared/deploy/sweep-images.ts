/** What the repositories hold now, deployed where it differs from what targets are about: a lost event costs minutes, not a deploy. */
import type { Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { RegistryImage, World } from '../ports.ts'
import { decideOn, deployToTarget } from './deploy-to-target.ts'
import { sendLook } from './look.ts'
import { drop } from './park.ts'
import { asOutcome } from './problem.ts'
import type { ImagePush } from './push.ts'
import { isOpen, type KnownTarget, readTarget } from './records.ts'
import { asPush, bestOf, imageNow, withoutFailed } from './wanted.ts'
import { whatRuns } from './what-runs.ts'

/** What came of those targets that were not on the best image that the repository holds now. */
export async function deployWanted(
  repository: string,
  targets: readonly Target[],
  world: World,
): Promise<Map<string, Outcome>> {
  return deployBest(await imagesOf(repository, world), targets, world)
}

/** Every image of a repository that can be pulled and has a tag. */
export async function imagesOf(repository: string, world: World): Promise<RegistryImage[]> {
  const images: RegistryImage[] = []
  for await (const page of world.registry.listImages(repository)) images.push(...page)
  return images
}

/** What was found out already. Whoever acts asks again. */
interface Known {
  /** Answers for services. */
  services: World
  /** What is on record of targets, by name. */
  known: ReadonlyMap<string, KnownTarget>
}

/** As deployWanted, of images that were listed already. */
export async function deployBest(
  images: readonly RegistryImage[],
  targets: readonly Target[],
  world: World,
  { services, known }: Known = { services: world, known: new Map() },
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  for (const target of targets) {
    const act = async () => {
      const onRecord = known.get(target.name) ?? (await readTarget(world.table, target.name))
      return deployBestTo(target, onRecord, images, world, services)
    }
    const outcome = await act().catch(error => failure(error, target, world))
    if (outcome) outcomes.set(target.name, outcome)
  }
  return outcomes
}

/** What one target meets keeps no other one from its turn. */
function failure(error: unknown, target: Target, world: World): Outcome {
  const doing = `Looking for what ${target.name} is to run`
  try {
    return asOutcome(error, doing)
  } catch (defect) {
    world.log.error('failed', { target: target.name, error: defect })
    return {
      kind: 'retryable',
      reason: 'failed',
      detail: `${doing}: ${defect instanceof Error ? defect.message : defect}`,
    }
  }
}

/** Undefined where nothing is to be done: then nothing is written either. */
async function deployBestTo(
  target: Target,
  known: KnownTarget,
  images: readonly RegistryImage[],
  world: World,
  services: World,
): Promise<Outcome | undefined> {
  const best = await choose(images, known, target, world, services)
  const waited = known.gate?.parked
  if (waited && waited.image.digest !== best?.digest) await drop(waited, target, world)
  const outcome = best && (await deploy(best, target, world))
  if (outcome?.kind !== 'skipped') return outcome
  // Of what is far off no look was sent when it began to wait.
  await sendLook(target.name, undefined, waited?.until, world)
  if (!target.gates.needsApproval) return outcome
  // What nobody has approved yet holds back nothing that is older and is.
  const approvals = new Set(known.gate?.approvals.map(({ digest }) => digest))
  const approved = images.filter(({ digest }) => approvals.has(digest) && digest !== best?.digest)
  const next = await choose(approved, known, target, world, services)
  return next ? deploy(next, target, world) : outcome
}

function deploy(push: ImagePush, target: Target, world: World): Promise<Outcome> {
  return deployToTarget(push, () => imageNow(push, world), target, world)
}

/** The best image, where it is to be deployed or carried on. */
async function choose(
  images: readonly RegistryImage[],
  known: KnownTarget,
  target: Target,
  world: World,
  services: World,
): Promise<ImagePush | undefined> {
  const push = bestPush(images, known, target, world)
  if (!push) return undefined
  const verdict = await decision(push, known, target, services)
  if (verdict === 'resume') return push
  if (verdict !== 'deploy') return undefined
  if (!known.head) return push
  // Only before something is tried is it worth asking what was tried and failed before.
  const left = await withoutFailed(images, known.head, target, world)
  if (left.some(({ digest }) => digest === push.digest)) return push
  const next = bestPush(left, known, target, world)
  return next && (await decision(next, known, target, services)) === 'deploy' ? next : undefined
}

function bestPush(
  images: readonly RegistryImage[],
  known: KnownTarget,
  target: Target,
  world: World,
): ImagePush | undefined {
  const wanted = bestOf(images, known, target)
  const push = wanted && asPush(wanted, world.clock.now())
  if (wanted && !push)
    world.log.warn('no account known', { target: target.name, image: `${target.repository}:${wanted.tag}` })
  return push
}

async function decision(push: ImagePush, known: KnownTarget, target: Target, world: World): Promise<string> {
  const { repository, tag, digest, at } = push
  const { head, newest } = known
  const isCurrent = head?.current.image.digest === digest && head.current.image.repository === repository
  // An open rollout of this very image is carried on by its own looks.
  if (isCurrent && (newest?.number !== head.current.number || isOpen(newest))) return 'under way'
  const image = { repository, tag, digest, pushedAt: at }
  const place = await whatRuns(known, image, target, world, by => decideOn(push, image, known, target, by))
  return decideOn(push, image, known, target, place).verdict
}
