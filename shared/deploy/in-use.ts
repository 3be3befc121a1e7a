/** An image that runs, or that would be gone back to, and that ECR can't give any more: nothing fails yet, and it is said at once. */
import { isDeepStrictEqual } from 'node:util'
import type { EcrImageAction } from '../../events/ecr-image-action.ts'
import type { Config, Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import { RefusedError, type RegistryImage, type World } from '../ports.ts'
import { historyOf } from './gone-back-to.ts'
import { changeGate } from './park.ts'
import { asOutcome } from './problem.ts'
import {
  type DeployedImage,
  type Deployment,
  isOpen,
  type KnownTarget,
  readTarget,
  recordDecision,
  type TargetGate,
} from './records.ts'

type Gone = TargetGate['gone'][number]

/** What a target needs of its repository, and what was known to be gone of it. */
interface Needs {
  target: Target
  gone: readonly Gone[]
  needed: Needed[]
}

interface Needed extends DeployedImage {
  /** What would fail without it. */
  what: string
}

/** An image was deleted, archived or restored: what that means for the targets that need it goes on record. */
export async function noticeGone(event: EcrImageAction, config: Config, world: World): Promise<Outcome> {
  const { 'repository-name': repository, 'image-digest': digest } = event.detail
  try {
    const concerned: Needs[] = []
    for (const target of config.targets.filter(each => each.repository === repository)) {
      const needs = await needsOf(target, await readTarget(world.table, target.name), world)
      if ([...needs.needed, ...needs.gone].some(each => each.digest === digest)) concerned.push(needs)
    }
    const lost = await lostOf(repository, concerned, world)
    const said: string[] = []
    for (const needs of concerned) said.push(...(await note(needs, lost, { id: event.id, at: event.time }, world)))
    if (said.length > 0) return { kind: 'done', what: said.join('; ') }
    if (concerned.length === 0) return { kind: 'skipped', reason: 'not-in-use' }
    return { kind: 'skipped', reason: lost.has(digest) ? 'on-record' : 'image-remains' }
  } catch (error) {
    return asOutcome(error, `Looking up ${repository}@${digest}`)
  }
}

/**
 * As noticeGone where the event was lost: `listed` is what the repository holds now, of which images without a tag are missing;
 * `known`: what is on record of targets, as far as that is known. Gives what was news, a line each.
 */
export async function noticeMissing(
  repository: string,
  listed: readonly RegistryImage[],
  targets: readonly Target[],
  known: ReadonlyMap<string, KnownTarget>,
  world: World,
): Promise<string[]> {
  const there = new Set(listed.map(({ digest }) => digest))
  const doubtful: Needs[] = []
  for (const target of targets) {
    const onRecord = known.get(target.name) ?? (await readTarget(world.table, target.name))
    const { head, gate } = onRecord
    const claims = head ? [head.current, ...head.earlier] : []
    const isWhole = claims.every(({ image }) => image.repository !== repository || there.has(image.digest))
    if (!isWhole || (gate && gate.gone.length > 0)) doubtful.push(await needsOf(target, onRecord, world))
  }
  const lost = await lostOf(repository, doubtful, world, there)
  const said: string[] = []
  for (const needs of doubtful) said.push(...(await note(needs, lost, undefined, world)))
  return said
}

/** Every sweep looks through so many deployments of targets whose tags move on. */
const mostDeployments = 40

/** What a rollback would go to, and what runs. */
async function needsOf(target: Target, known: KnownTarget, world: World): Promise<Needs> {
  const { all, before } = await historyOf(target, known, world, mostDeployments)
  const [runs] = all
  const isElse = before && before.image.digest !== runs?.image.digest
  const needed = [
    ...(isElse ? [neededBy(before, 'could not be gone back to')] : []),
    // A job that has ended needs its image no more.
    ...(runs && (runs.where.kind !== 'job' || isOpen(runs))
      ? [neededBy(runs, 'runs it: a copy that has to start anew could not be pulled')]
      : []),
  ]
  return { target, gone: known.gate?.gone ?? [], needed: needed.filter(each => each.repository === target.repository) }
}

function neededBy({ image, number }: Deployment, what: string): Needed {
  return { ...image, what: `deployment ${number} (${image.tag}) ${what}` }
}

/** Those of the needed images that ECR can't give, and why. A tag that is deleted leaves its image there when it has another one. */
async function lostOf(
  repository: string,
  whose: readonly Needs[],
  world: World,
  there: ReadonlySet<string> = new Set(),
): Promise<Map<string, Gone['how']>> {
  const digests = new Set(whose.flatMap(({ needed }) => needed.map(({ digest }) => digest)))
  const asked = [...digests].filter(digest => !there.has(digest))
  if (asked.length === 0) return new Map()
  const found = await world.registry
    .describeImages(
      repository,
      asked.map(digest => ({ digest })),
    )
    .catch(error => {
      if (error instanceof RefusedError && error.code === 'RepositoryNotFoundException') return []
      throw error
    })
  const lost = new Map<string, Gone['how']>(asked.map(digest => [digest, 'deleted']))
  for (const { digest, isArchived } of found) {
    if (isArchived) lost.set(digest, 'archived')
    else lost.delete(digest)
  }
  return lost
}

/** Puts on record what is gone of what a target needs, and no other; gives what was news. `event`: absent where the sweep found it. */
async function note(
  { target, gone, needed }: Needs,
  lost: ReadonlyMap<string, Gone['how']>,
  event: { id: string; at: string } | undefined,
  world: World,
): Promise<string[]> {
  const at = world.clock.now().toISOString()
  const now: Gone[] = []
  const said: string[] = []
  for (const { what, ...image } of needed) {
    const how = lost.get(image.digest)
    if (!how) continue
    const before = gone.find(each => each.digest === image.digest && each.how === how)
    now.push({ digest: image.digest, how, at: before?.at ?? at, what })
    if (before) continue
    const detail = `ECR has ${how} it: ${what}`
    const by = event ?? { id: `sweep-${how}-${image.digest.slice(7, 19)}`, at }
    const decided = { verdict: 'warn' as const, reason: `image-${how}`, detail }
    // First the reason: whoever comes again after a death in between finds it to be news still.
    await recordDecision(world.table, { target: target.name, at, event: by, image, ...decided })
    world.log.warn(decided.reason, { target: target.name, image: `${image.repository}@${image.digest}`, detail: what })
    said.push(`target ${target.name}: ${image.tag}: ${detail}`)
  }
  if (!isDeepStrictEqual(now, gone)) await changeGate(target.name, world, gate => ({ ...gate, gone: now }))
  return said
}
