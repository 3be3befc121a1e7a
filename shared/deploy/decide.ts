/** Whether a pushed image is to be deployed to a target. Pure: facts in, a decision with its reason out. */
import type { TagPolicy, Target } from '../config/config.ts'
import { type DeployedImage, type Deployment, type DeploymentState, isStanding, type TargetHead } from './records.ts'
import { compareImages, matches } from './tag-policy.ts'

export interface Facts {
  /** What asks: a push and its event, the sweep or a gate that opened, or an operator by name. */
  source: Source
  /** When the image was pushed, or an operator asked for it, ISO 8601. */
  pushedAt: string
  /** What the pushed tag names now; undefined when it names nothing any more. */
  image: DeployedImage | undefined
  /** Why this digest must not run here, when it must not. */
  quarantined?: string | undefined
  /** What an operator went back from, and when one last lifted that. */
  floor?: TargetHead['floor'] | undefined
  releasedAt?: string | undefined
  /** The deployment that the target is about now, where it is about this place. */
  current?: CurrentDeployment | undefined
  /** What was started last and did not fail: by our records or, where there are none, by ECS's own answer. */
  running?: RunningImage | undefined
}

export type Source = 'push' | 'sweep' | 'operator'

export interface CurrentDeployment {
  number: number
  image: DeployedImage
  /** Undefined while it was claimed and nothing else is on record. */
  state: DeploymentState | undefined
  startedAt?: string | undefined
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
  /** `isRedeploy`: it runs already, and an operator wants it anew. */
  | { verdict: 'deploy'; because: string; isRedeploy?: boolean }
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
  'rolled-back-from',
  'failed-before',
  'start-unknown',
  'tag-moved',
] as const

export type SkipReason = (typeof skipReasons)[number]

/** Forward only, but for `exact:`, whose intent is whatever the tag names now, and for operators. See docs/deploying.md#order. */
export function decide(tag: string, target: Target, facts: Facts): Decision {
  const { image, quarantined, source } = facts
  if (source !== 'operator' && !matches(target.tags, tag))
    return skip('tag-not-matched', `${tag} does not match ${policyText(target.tags)}`)
  if (!image) return skip('image-gone', `${target.repository}:${tag} names no image any more`)
  if (quarantined !== undefined) return skip('quarantined', quarantined)
  return decideOnCurrent(image, facts) ?? decideOnOrder(tag, image, target, facts)
}

/** What the deployment that the target is about says of its own image; undefined when it says nothing against another one. */
function decideOnCurrent(image: DeployedImage, { current, source, pushedAt, releasedAt }: Facts): Decision | undefined {
  if (!current || current.image.repository !== image.repository || current.image.digest !== image.digest)
    return undefined
  const { state, number, ended, startedAt } = current
  if (state === undefined || state === 'starting') return { verdict: 'resume' }
  if (isStanding(current))
    return source === 'operator' ? undefined : skip('already-running', `deployment ${number} runs ${image.digest}`)
  if (!ended || source === 'operator') return undefined
  if ([pushedAt, releasedAt ?? pushedAt].some(since => Date.parse(since) > Date.parse(ended.at))) return undefined
  if (ended.reason === 'start-unknown') return skip('start-unknown', ended.detail)
  // A message from the dead letters is how a start that failed is tried again; what has run does not run again for a double.
  if (source === 'push' && startedAt === undefined) return undefined
  return skip('failed-before', `deployment ${number} of this digest: ${ended.detail}`)
}

function decideOnOrder(tag: string, image: DeployedImage, target: Target, facts: Facts): Decision {
  const { running, source, floor } = facts
  if (source === 'operator')
    return {
      verdict: 'deploy',
      because: 'an operator asked for it',
      ...(running?.digest === image.digest && { isRedeploy: true }),
    }
  const isOurs = running?.repository === image.repository
  if (isOurs && running.digest === image.digest)
    return skip('already-running', `${nameOf(running)} is this very digest`)
  if (floor && !isAbove(target, image, floor.image)) return skip('rolled-back-from', floor.because)
  if (!isOurs) return { verdict: 'deploy', because: 'nothing of this repository runs yet' }
  if (target.tags.kind === 'exact')
    return { verdict: 'deploy', because: `${tag} names another digest than ${nameOf(running)}` }
  return isNewer(target.tags, image, running)
    ? { verdict: 'deploy', because: `newer than ${nameOf(running)}` }
    : skip('older-than-running', `${nameOf(running)} is newer${orderText(target.tags)}`)
}

/** Whether an operator who went back from `floor` would want `image`: a newer one, or another one where there is no order. */
function isAbove({ tags }: Target, image: DeployedImage, floor: DeployedImage): boolean {
  return tags.kind === 'exact' ? image.digest !== floor.digest : isNewer(tags, image, floor)
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
