/** Whether a pushed image is to be deployed to a target. Pure: facts in, a decision with its reason out. */
import type { Target } from '../config/config.ts'
import type { DeployedImage, Deployment, DeploymentState, TargetHead } from './records.ts'
import { compareImages, matches } from './tag-policy.ts'

export interface Facts {
  /** What the pushed tag names now; undefined when it names nothing any more. */
  image: DeployedImage | undefined
  head: TargetHead | undefined
  /** State of the deployment that the head names; undefined while it was claimed and nothing else is on record. */
  headState: DeploymentState | undefined
  /** What was started last and did not fail, by our records or, where there are none, by ECS's own answer. */
  running: RunningImage | undefined
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

export const skipReasons = [
  'tag-not-matched',
  'image-gone',
  'quarantined',
  'already-running',
  'older-than-running',
] as const

export type SkipReason = (typeof skipReasons)[number]

/** Forward only, but for `exact:`, whose intent is whatever the tag names now. See docs/deploying.md#order. */
export function decide(tag: string, target: Target, facts: Facts): Decision {
  const { image, head, headState, running } = facts
  if (!matches(target.tags, tag)) return skip('tag-not-matched', `${tag} does not match ${policyText(target)}`)
  if (!image) return skip('image-gone', `${target.repository}:${tag} names no image any more`)
  const quarantined = head?.quarantine.find(each => each.digest === image.digest)
  if (quarantined) return skip('quarantined', quarantined.because)

  if (head && isSame(head.current.image, image)) {
    if (headState === undefined || headState === 'starting') return { verdict: 'resume' }
    if (headState === 'started')
      return skip('already-running', `deployment ${head.current.number} runs ${image.digest}`)
  }
  if (!running || running.repository !== image.repository)
    return { verdict: 'deploy', because: 'nothing of this repository runs yet' }
  if (running.digest === image.digest) return skip('already-running', `${nameOf(running)} is this very digest`)
  if (target.tags.kind === 'exact')
    return { verdict: 'deploy', because: `${tag} names another digest than ${nameOf(running)}` }
  return isNewer(target, image, running)
    ? { verdict: 'deploy', because: `newer than ${nameOf(running)}` }
    : skip('older-than-running', `${nameOf(running)} is newer${whichOrder(target)}`)
}

/** What the head stands for in the order: its image, unless its start failed or was given up. */
export function standing(head: TargetHead, headState: DeploymentState | undefined): RunningImage | undefined {
  if (headState === 'failed' || headState === 'superseded') return undefined
  return { ...head.current.image, number: head.current.number }
}

/** A deployment that started, as what runs. */
export function asRunning(deployment: Deployment): RunningImage {
  return { ...deployment.image, number: deployment.number }
}

/** Whether `image` comes after `running` in the order of the target's policy. */
export function isNewer(target: Target, image: DeployedImage, running: RunningImage): boolean {
  return compareImages(target.tags, ordered(image), ordered(running)) > 0
}

function isSame(a: DeployedImage, b: DeployedImage): boolean {
  return a.repository === b.repository && a.digest === b.digest
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
  return running.number === undefined ? `${image}, which the service runs` : `${image} of deployment ${running.number}`
}

function whichOrder(target: Target): string {
  return target.tags.kind === 'semver' ? ' by semver' : ' by the time of its push'
}

function policyText(target: Target): string {
  const { tags } = target
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
