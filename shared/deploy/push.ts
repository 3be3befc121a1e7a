/** Which image events are pushes that can be deployed. */
import type { EcrImageAction } from '../../events/ecr-image-action.ts'

import type { Source } from './decide.ts'

/** An image that a target may be to run, and what says so. */
export interface ImagePush {
  source: Source
  eventId: string
  /** When it was pushed, as the event says it, or when an operator asked for it: ISO 8601. */
  at: string
  /** The operator. */
  by?: string
  account: string
  region: string
  repository: string
  tag: string
  digest: string
}

export type NoPush = 'not-a-push' | 'failed-push' | 'untagged' | 'signature'

/** Signatures, attestations and SBOMs are pushed under tags of this form, named after the digest that they are about. */
const signature = /^sha256-[0-9a-f]{64}(\.[a-z]+)?$/

/** Whether a tag is a signer's, not an image's. */
export function isSignature(tag: string): boolean {
  return signature.test(tag)
}

/** The push that an event is about, or why it is none that could be deployed. */
export function deployablePush(event: EcrImageAction): ImagePush | { dropped: NoPush } {
  const { detail } = event
  if (detail['action-type'] !== 'PUSH') return { dropped: 'not-a-push' }
  if (detail.result !== 'SUCCESS') return { dropped: 'failed-push' }
  const tag = detail['image-tag']
  if (!tag) return { dropped: 'untagged' }
  if (isSignature(tag)) return { dropped: 'signature' }
  return {
    source: 'push',
    eventId: event.id,
    at: event.time,
    account: event.account,
    region: event.region,
    repository: detail['repository-name'],
    tag,
    digest: detail['image-digest'],
  }
}
