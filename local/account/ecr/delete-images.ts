/** How images go: by tag, which takes the image along with its last one, or by digest with all its tags. */
import type * as sdk from '@aws-sdk/client-ecr'
import { emitImageAction } from './image-action.ts'
import { checkCount, identifiers, resolve } from './image-identifiers.ts'
import { findRepository, type RegistryState, type Repository, type StoredImage, tagsOf } from './registry.ts'

/** BatchDeleteImage: each identifier on its own, in order; what can't be deleted is a failure and stops no other. */
export function batchDeleteImage(
  state: RegistryState,
  input: sdk.BatchDeleteImageRequest,
): sdk.BatchDeleteImageResponse {
  const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
  const imageIds: sdk.ImageIdentifier[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of checkCount(input.imageIds)) {
    const image = resolve(repository, id)
    if (!('digest' in image)) {
      failures.push(image)
      continue
    }
    const gone =
      id.imageTag === undefined
        ? identifiers(repository, image)
        : [{ imageDigest: image.digest, imageTag: id.imageTag }]
    const lists = wholeImageGoes(repository, image, id) ? listsThatName(repository, image) : []
    if (lists.length > 0) {
      const failureReason = `Requested image referenced by manifest list: [${lists.join(', ')}]`
      failures.push({ imageId: id, failureCode: 'ImageReferencedByManifestList', failureReason })
      continue
    }
    remove(state, repository, image, gone)
    imageIds.push(...gone)
  }
  return { imageIds, failures }
}

function wholeImageGoes(repository: Repository, image: StoredImage, id: sdk.ImageIdentifier): boolean {
  return id.imageTag === undefined || tagsOf(repository, image.digest).length === 1
}

function listsThatName(repository: Repository, image: StoredImage): string[] {
  return [...repository.images.values()]
    .filter(list => list.manifest.children.some(child => child.digest === image.digest))
    .map(list => list.digest)
}

function remove(state: RegistryState, repository: Repository, image: StoredImage, gone: sdk.ImageIdentifier[]): void {
  for (const { imageTag } of gone) if (imageTag !== undefined) repository.tags.delete(imageTag)
  if (tagsOf(repository, image.digest).length === 0) repository.images.delete(image.digest)
  for (const { imageTag } of gone)
    emitImageAction(state.context, { 'action-type': 'DELETE' }, repository, image, imageTag)
}
