/** How calls name images: by tag, by digest, or by both when they agree. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import { isDigest } from './manifest.ts'
import { invalidParameter, type RegistryState, type Repository, type StoredImage, tagsOf } from './registry.ts'

/** One identifier for each tag; the digest alone when there is none. */
export function identifiers(repository: Repository, image: StoredImage): sdk.ImageIdentifier[] {
  const tags = tagsOf(repository, image.digest)
  if (tags.length === 0) return [{ imageDigest: image.digest }]
  return tags.map(imageTag => ({ imageDigest: image.digest, imageTag }))
}

/** Finds each image; what names none is a failure, with ECR's code and reason. */
export function resolve(repository: Repository, id: sdk.ImageIdentifier): StoredImage | sdk.ImageFailure {
  const { imageDigest, imageTag } = id
  const failure = (failureCode: sdk.ImageFailureCode, failureReason: string) => ({
    imageId: id,
    failureCode,
    failureReason,
  })
  if (imageDigest !== undefined && !isDigest(imageDigest)) {
    return failure('InvalidImageDigest', 'Invalid request parameters: image digest should be sha256: and 64 hex digits')
  }
  if (imageDigest === undefined && imageTag === undefined) {
    return failure('MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null')
  }
  const tagged = imageTag === undefined ? imageDigest : repository.tags.get(imageTag)
  const image = repository.images.get(imageDigest ?? tagged ?? '')
  if (!image || tagged === undefined) return failure('ImageNotFound', 'Requested image not found')
  if (tagged !== image.digest) {
    return failure('ImageTagDoesNotMatchDigest', 'Requested image tag does not match the image digest')
  }
  return image
}

/** Throws InvalidParameterException unless there are 1 to 100. */
export function checkCount(ids: readonly sdk.ImageIdentifier[] | undefined): readonly sdk.ImageIdentifier[] {
  if (!ids || ids.length < 1 || ids.length > 100) throw invalidParameter('imageIds', 'it takes 1 to 100 images')
  return ids
}

/** Those that are there to pull, and those that are not, each by its identifier: a pull from the archive ends like one of nothing. */
export function resolveToPull(repository: Repository, ids: readonly sdk.ImageIdentifier[]) {
  const found: { id: sdk.ImageIdentifier; image: StoredImage }[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of ids) {
    const image = resolve(repository, id)
    if (!('digest' in image)) failures.push(image)
    else if (image.storage.status === 'ACTIVE') found.push({ id, image })
    else failures.push({ imageId: id, failureCode: 'ImageNotFound', failureReason: 'Requested image is archived' })
  }
  return { found, failures }
}

/** Throws ImageNotFoundException, or InvalidParameterException for an identifier that names nothing. */
export function resolveOrThrow(state: RegistryState, repository: Repository, id: sdk.ImageIdentifier): StoredImage {
  const image = resolve(repository, id)
  if ('digest' in image) return image
  const bad = image.failureCode === 'InvalidImageDigest' || image.failureCode === 'MissingDigestAndTag'
  if (bad) throw new AwsError('InvalidParameterException', image.failureReason ?? '')
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'} does not exist ` +
      `within the repository with name '${repository.name}' in the registry with id '${state.context.accountId}'`,
  )
}
