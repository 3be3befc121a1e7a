/** Images that go to the archive, from where no task can pull them, and come back. */
import type * as sdk from '@aws-sdk/client-ecr'
import { emitImageAction } from './image-action.ts'
import { resolveOrThrow } from './image-identifiers.ts'
import { findRepository, invalidParameter, type RegistryState, type Repository, type StoredImage } from './registry.ts'

/** ECR takes up to 20 minutes to bring an image back. */
const restoreMs = 10 * 60 * 1000

/** UpdateImageStorageClass: what is there already, or on its way, stays so and is not told again. */
export function updateImageStorageClass(
  state: RegistryState,
  input: sdk.UpdateImageStorageClassRequest,
): sdk.UpdateImageStorageClassResponse {
  const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
  const image = resolveOrThrow(state, repository, input.imageId ?? {})
  const { imageTag } = input.imageId ?? {}
  switch (input.targetStorageClass) {
    case 'ARCHIVE':
      archive(state, repository, image, imageTag)
      break
    case 'STANDARD':
      restore(state, repository, image, imageTag)
      break
    default:
      throw invalidParameter('targetStorageClass', 'Member must satisfy enum value set: [STANDARD, ARCHIVE]')
  }
  return {
    registryId: state.context.accountId,
    repositoryName: repository.name,
    imageId: { imageDigest: image.digest, ...(imageTag === undefined ? {} : { imageTag }) },
    imageStatus: image.storage.status,
  }
}

function archive(state: RegistryState, repository: Repository, image: StoredImage, tag: string | undefined): void {
  if (image.storage.status === 'ARCHIVED') return
  image.storage = { ...image.storage, status: 'ARCHIVED', archivedAt: state.context.clock.now() }
  tell(state, repository, image, 'ARCHIVE', tag)
}

function restore(state: RegistryState, repository: Repository, image: StoredImage, tag: string | undefined): void {
  if (image.storage.status !== 'ARCHIVED') return
  const { clock } = state.context
  const restoring: StoredImage['storage'] = { ...image.storage, status: 'ACTIVATING' }
  image.storage = restoring
  clock.after(restoreMs, () => {
    const isStillThere = state.repositories.get(repository.name)?.images.get(image.digest) === image
    // Archived again, or pushed again, meanwhile.
    if (!isStillThere || image.storage !== restoring) return
    image.storage = { ...restoring, status: 'ACTIVE', activatedAt: clock.now() }
    tell(state, repository, image, 'STANDARD', tag)
  })
}

function tell(
  { context }: RegistryState,
  repository: Repository,
  image: StoredImage,
  to: sdk.TargetStorageClass,
  tag: string | undefined,
): void {
  const { activatedAt } = image.storage
  const action = {
    'action-type': 'UPDATE_STORAGE_CLASS' as const,
    'target-storage-class': to,
    ...(activatedAt ? { 'last-activated-at': `${activatedAt.toISOString().slice(0, 19)}Z` } : {}),
  }
  emitImageAction(context, action, repository, image, tag)
}
