/** ECR of the local account: the operations of the AWS API, and what the registry protocol and ECS need beside them. */
import type { BatchDeleteImageRequest, BatchDeleteImageResponse } from '@aws-sdk/client-ecr'
import type { AccountContext, AccountService } from '../context.ts'
import { Logins } from './authorization.ts'
import type { Blobs } from './blobs.ts'
import { batchDeleteImage } from './delete-images.ts'
import { imageOperations } from './image-operations.ts'
import { layerOperations } from './layer-operations.ts'
import { digestOfImage, exists, labels } from './lookup.ts'
import { type ManifestPush, type PushedManifest, putManifest } from './put-manifest.ts'
import { emptyRegistry, findRepository, type Repository } from './registry.ts'
import { createRepository, repositoryOperations } from './repository-operations.ts'
import { scanOperations } from './scan-operations.ts'
import { scanSettings } from './scan-settings.ts'
import { updateImageStorageClass } from './storage-class.ts'

export interface Ecr extends AccountService {
  readonly blobs: Blobs
  readonly logins: Logins
  /** Makes an empty repository, whose images are scanned only on demand unless told. Throws AwsError as CreateRepository does. */
  createRepository(name: string, settings?: { scansOnPush?: boolean }): void
  /** Throws RepositoryNotFoundException. */
  repository(name: string): Repository
  /** The way of every push: see ManifestPush. */
  putManifest(push: ManifestPush): PushedManifest
  /** BatchDeleteImage, for the registry protocol. */
  batchDeleteImage(input: BatchDeleteImageRequest): BatchDeleteImageResponse
  /** An identifier for an upload, from the account's own randomness. */
  newUploadId(): string
  /** Whether a task could pull this image; images of other registries are taken to exist. */
  exists(image: string): boolean
  /** What an image name resolves to; undefined when it is not in this account. */
  digestOf(image: string): string | undefined
  /** Labels of the image's config. */
  labels(image: string): Record<string, string>
  /** Tells where clients reach the registry, e.g. http://127.0.0.1:4566. */
  publishedAt(endpoint: string): void
}

/** An ECR with no repositories. */
export function createEcr(context: AccountContext): Ecr {
  const state = emptyRegistry(context)
  const logins = new Logins(state)
  const batchDelete = (input: BatchDeleteImageRequest) => batchDeleteImage(state, input)
  return {
    operations: {
      ...repositoryOperations(state),
      ...imageOperations(state),
      ...layerOperations(state),
      ...scanSettings(state),
      ...scanOperations(state),
      BatchDeleteImage: batchDelete,
      UpdateImageStorageClass: input => updateImageStorageClass(state, input),
      GetAuthorizationToken: input => logins.getAuthorizationToken(input),
    },
    blobs: state.blobs,
    logins,
    createRepository: (name, settings) => void createRepository(state, name, settings),
    repository: name => findRepository(state, name),
    putManifest: push => putManifest(state, push),
    batchDeleteImage: batchDelete,
    newUploadId: () => context.random.uuid(),
    exists: image => exists(state, image),
    digestOf: image => digestOfImage(state, image),
    labels: image => labels(state, image),
    publishedAt: endpoint => {
      state.endpoint = endpoint
    },
  }
}
