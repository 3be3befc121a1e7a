/** The one way an image gets into the registry: PutImage and the registry protocol both come through here. */
import { createHash } from 'node:crypto'
import { AwsError } from '../aws-error.ts'
import { emitImageAction } from './image-action.ts'
import { parseManifest } from './manifest.ts'
import { findRepository, invalidParameter, type RegistryState, type Repository, type StoredImage } from './registry.ts'
import { scanOnPush } from './scan.ts'

export interface ManifestPush {
  repository: string
  registryId?: string
  /** The manifest's text, byte for byte. */
  text: string
  mediaType?: string
  tag?: string
  /** What the client says the digest is. */
  digest?: string
  /** Whether config and layers must have been uploaded. */
  layers: 'must-exist' | 'may-be-missing'
}

export interface PushedManifest {
  image: StoredImage
  /** False when this very manifest was there already, under this very tag: nothing happened and no event was emitted. */
  changed: boolean
}

/** Stores a manifest and points the tag at it. Throws AwsError as PutImage does, having changed nothing. */
export function putManifest(state: RegistryState, push: ManifestPush): PushedManifest {
  const repository = findRepository(state, push.repository, push.registryId)
  const manifest = parseManifest(push.text, push.mediaType)
  const digest = digestOf(push.text)
  if (push.digest !== undefined && push.digest !== digest) throw otherDigest(push.digest, digest)
  if (push.tag !== undefined && !isTag(push.tag)) throw invalidTag(push.tag)

  const known = repository.images.get(digest)
  const current = push.tag === undefined ? undefined : repository.tags.get(push.tag)
  const isArchived = known !== undefined && known.storage.status !== 'ACTIVE'
  if (known && !isArchived && (push.tag === undefined || current === digest)) return { image: known, changed: false }
  if (push.tag !== undefined && current !== undefined && current !== digest && repository.tagsAreImmutable) {
    throw immutableTag(repository, push.tag)
  }
  const now = state.context.clock.now()
  const image: StoredImage = known ?? {
    digest,
    text: push.text,
    manifest,
    pushedAt: wholeSeconds(now),
    storage: { status: 'ACTIVE' },
  }
  requireChildren(state, repository, image)
  if (push.layers === 'must-exist') requireLayers(state, repository, image)

  repository.images.set(digest, image)
  if (push.tag !== undefined) repository.tags.set(push.tag, digest)
  // A push brings an archived image back at once.
  if (isArchived) image.storage = { ...image.storage, status: 'ACTIVE', activatedAt: now }
  emitImageAction(state.context, { 'action-type': 'PUSH' }, repository, image, push.tag)
  if (!known) scanOnPush(state, repository, image)
  return { image, changed: true }
}

/** `sha256:` and the hash of the text's bytes. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** The distribution spec's form of a tag. */
const isTag = (tag: string) => /^\w[\w.-]{0,127}$/.test(tag)

const wholeSeconds = (moment: Date) => new Date(Math.floor(moment.getTime() / 1000) * 1000)

function requireChildren(state: RegistryState, repository: Repository, image: StoredImage): void {
  const missing = image.manifest.children.map(child => child.digest).filter(digest => !repository.images.has(digest))
  if (missing.length === 0) return
  throw new AwsError(
    'ReferencedImagesNotFoundException',
    `Images with digests '[${missing.join(', ')}]' required for pushing image into repository with name ` +
      `'${repository.name}' in the registry with id '${state.context.accountId}' do not exist`,
  )
}

function requireLayers(state: RegistryState, repository: Repository, image: StoredImage): void {
  const missing = image.manifest.blobs.filter(digest => !state.blobs.get(repository.name, digest))
  if (missing.length === 0) return
  throw new AwsError(
    'LayersNotFoundException',
    `Layers with digests '[${missing.join(', ')}]' required for pushing image into repository with name ` +
      `'${repository.name}' in the registry with id '${state.context.accountId}' do not exist`,
  )
}

function otherDigest(stated: string, actual: string): AwsError {
  return new AwsError(
    'ImageDigestDoesNotMatchException',
    `The provided image digest '${stated}' does not match the digest '${actual}' that Amazon ECR calculated for the manifest`,
  )
}

function invalidTag(tag: string): AwsError {
  return invalidParameter(
    'imageTag',
    `'${tag}' must be letters, digits, and then . _ - too, at most 128 of them (such as 1.4.2)`,
  )
}

function immutableTag(repository: Repository, tag: string): AwsError {
  return new AwsError(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${repository.name}' repository and cannot be overwritten because the tag is immutable.`,
  )
}
