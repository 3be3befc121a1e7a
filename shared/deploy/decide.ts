/** Whether a pushed image is to be deployed to a target. Pure: facts in, a decision with its reason out. */
import type { TagPolicy, Target } from '../config/config.ts'
import type { DeployedImage, Deployment, DeploymentState } from './records.ts'
import { compareImages, matches } from './tag-policy.ts'

export interface Facts {
  /** When the push was, ISO 8601. */
  pushedAt: string
  /** What the pushed tag names now; undefined when it names nothing any more. */
  image: DeployedImage | undefined
  /** Why this digest must not run here, when it must not. */
  quarantined?: string | undefined
  /** The deployment that the target is about now, where it is about this place. */
  current?: CurrentDeployment | undefined
  /** What was started last and did not fail: by our records or, where there are none, by ECS's own answer. */
  running?: RunningImage | undefined
}

export interface CurrentDeployment {
  number: number
  image: DeployedImage
  /** Undefined while it was claimed and nothing else is on record. */
  state: DeploymentState | undefined
  ended?: Deployment['ended'] | undefined
}

export interface RunningImage {
  repository: string
  tag?: string
  digest?: string
  pushedAt?: string
  number?: number
}

export type Decision =
  | { verdict: 'deploy'; because: string }
  /** The head names this image already and its start is not finished: whoever comes carries on. */
  | { verdict: 'resume' }
  | { verdict: 'skip'; reason: SkipReason; detail: string }

/** Each is explained in docs/deploying.md; a test keeps that complete. */
export const skipReasons = [
  'tag-not-matched',
  'image-gone',
  'quarantined',
  'already-running',
  'older-than-running',
  'start-unknown',
  'tag-moved',
] as const

export type SkipReason = (typeof skipReasons)[number]

/** Forward only, but for `exact:`, whose intent is whatever the tag names now. See docs/deploying.md#order. */
export function decide(tag: string, target: Target, facts: Facts): Decision {
  const { image, quarantined, current, running } = facts
  if (!matches(target.tags, tag)) return skip('tag-not-matched', `${tag} does not match ${policyText(target.tags)}`)
  if (!image) return skip('image-gone', `${target.repository}:${tag} names no image any more`)
  if (quarantined !== undefined) return skip('quarantined', quarantined)

  if (current && current.image.repository === image.repository && current.image.digest === image.digest) {
    if (current.state === undefined || current.state === 'starting') return { verdict: 'resume' }
    if (current.state === 'started') return skip('already-running', `deployment ${current.number} runs ${image.digest}`)
    // What may have run must not run again for a double of the push that it was for.
    if (current.ended?.reason === 'start-unknown' && facts.pushedAt <= current.ended.at)
      return skip('start-unknown', current.ended.detail)
  }
  if (!running || running.repository !== image.repository)
    return { verdict: 'deploy', because: 'nothing of this repository runs yet' }
  if (running.digest === image.digest) return skip('already-running', `${nameOf(running)} is this very digest`)
  if (target.tags.kind === 'exact')
    return { verdict: 'deploy', because: `${tag} names another digest than ${nameOf(running)}` }
  return isNewer(target.tags, image, running)
    ? { verdict: 'deploy', because: `newer than ${nameOf(running)}` }
    : skip('older-than-running', `${nameOf(running)} is newer${orderText(target.tags)}`)
}

/** Whether a deployment in this state counts as what runs: what failed or was overtaken before it started does not. */
export function isStanding(state: DeploymentState | undefined): boolean {
  return state !== 'failed' && state !== 'superseded'
}

/** Whether `image` comes after `running` in the order of the policy. */
export function isNewer(tags: TagPolicy, image: DeployedImage, running: RunningImage): boolean {
  return compareImages(tags, ordered(image), ordered(running)) > 0
}

function ordered(image: RunningImage): { tag: string; digest: string; pushedAt?: Date } {
  return {
    tag: image.tag ?? '',
    digest: image.digest ?? '',
    ...(image.pushedAt !== undefined && { pushedAt: new Date(image.pushedAt) }),
  }
}

function skip(reason: SkipReason, detail: string): Decision {
  return { verdict: 'skip', reason, detail }
}

function nameOf(running: RunningImage): string {
  const image = running.tag ? `${running.repository}:${running.tag}` : `${running.repository}@${running.digest}`
  return running.number === undefined ? `${image}, which the service runs,` : `${image} of deployment ${running.number}`
}

function orderText(tags: TagPolicy): string {
  return tags.kind === 'semver' ? ' by semver' : ' by the time of its push'
}

function policyText(tags: TagPolicy): string {
  switch (tags.kind) {
    case 'exact':
      return `exact:${tags.tag}`
    case 'semver':
      return `semver:${tags.range}`
    case 'glob':
    case 'regex':
      return `${tags.kind}:${tags.pattern}`
    case 'newest':
      return 'newest'
  }
}
