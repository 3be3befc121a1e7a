/** ECR's operations on images: put, read, list. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import { isDigest } from './manifest.ts'
import { page } from './page.ts'
import { putManifest } from './put-manifest.ts'
import {
  findRepository,
  invalidParameter,
  type RegistryState,
  type Repository,
  refuseUnmodelled,
  type StoredImage,
  tagsOf,
} from './registry.ts'

export function imageOperations(state: RegistryState) {
  return {
    /**
     * Takes any well-formed manifest, also one whose layers were never uploaded, where AWS answers LayersNotFoundException:
     * the account runs no containers, so nothing ever reads them, and trying a push is one command. The registry protocol does ask for layers.
     */
    PutImage: (input: sdk.PutImageRequest): sdk.PutImageResponse => {
      const pushed = putManifest(state, {
        repository: input.repositoryName ?? '',
        text: input.imageManifest ?? '',
        layers: 'may-be-missing',
        ...(input.registryId === undefined ? {} : { registryId: input.registryId }),
        ...(input.imageManifestMediaType === undefined ? {} : { mediaType: input.imageManifestMediaType }),
        ...(input.imageTag === undefined ? {} : { tag: input.imageTag }),
        ...(input.imageDigest === undefined ? {} : { digest: input.imageDigest }),
      })
      const repository = findRepository(state, input.repositoryName ?? '')
      if (!pushed.changed) throw alreadyThere(state, repository, pushed.image, input.imageTag)
      return { image: describeManifest(state, repository, pushed.image, input.imageTag) }
    },

    BatchGetImage: (input: sdk.BatchGetImageRequest): sdk.BatchGetImageResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const { found, failures } = resolveAll(repository, checkCount(input.imageIds))
      refuseConversion(
        found.map(({ image }) => image),
        input.acceptedMediaTypes,
      )
      return {
        images: found.map(({ id, image }) => describeManifest(state, repository, image, id.imageTag)),
        failures,
      }
    },

    DescribeImages: (input: sdk.DescribeImagesRequest): sdk.DescribeImagesResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const detail = (image: StoredImage) => describeImage(state, repository, image)
      if (!input.imageIds) {
        const wanted = [...repository.images.values()].filter(image => matches(repository, image, input.filter))
        const { items, ...next } = page(wanted, image => image.digest, input)
        return { imageDetails: items.map(detail), ...next }
      }
      if (input.maxResults !== undefined || input.nextToken !== undefined) {
        throw invalidParameter('imageIds', 'it cannot be combined with maxResults or nextToken')
      }
      const images = checkCount(input.imageIds).map(id => resolveOrThrow(state, repository, id))
      return {
        imageDetails: [...new Set(images)].filter(image => matches(repository, image, input.filter)).map(detail),
      }
    },

    ListImages: (input: sdk.ListImagesRequest): sdk.ListImagesResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const ids = [...repository.images.values()]
        .filter(image => matches(repository, image, input.filter))
        .flatMap(image => identifiers(repository, image))
      const { items, ...next } = page(ids, id => `${id.imageDigest}:${id.imageTag ?? ''}`, input)
      return { imageIds: items, ...next }
    },
  }
}

/** ECR would convert a manifest whose type the caller does not accept, into other bytes than the digest is of. */
function refuseConversion(images: readonly StoredImage[], accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return
  if (accepted.length < 1 || accepted.length > 100)
    throw invalidParameter('acceptedMediaTypes', 'it takes 1 to 100 media types')
  const other = images.find(image => !accepted.includes(image.manifest.mediaType))?.manifest.mediaType
  refuseUnmodelled('BatchGetImage', { [`the conversion of ${other} into one of the acceptedMediaTypes`]: other })
}

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

function resolveAll(repository: Repository, ids: readonly sdk.ImageIdentifier[]) {
  const found: { id: sdk.ImageIdentifier; image: StoredImage }[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of ids) {
    const image = resolve(repository, id)
    if ('failureCode' in image) failures.push(image)
    else if ('digest' in image) found.push({ id, image })
  }
  return { found, failures }
}

function resolveOrThrow(state: RegistryState, repository: Repository, id: sdk.ImageIdentifier): StoredImage {
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

function matches(repository: Repository, image: StoredImage, filter: sdk.DescribeImagesFilter | undefined): boolean {
  const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = filter ?? {}
  if (!['ANY', 'TAGGED', 'UNTAGGED'].includes(tagStatus)) {
    throw invalidParameter('filter.tagStatus', 'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]')
  }
  // No image of the local account is ever archived.
  if (imageStatus !== 'ACTIVE' && imageStatus !== 'ANY') return false
  return tagStatus === 'ANY' || (tagStatus === 'TAGGED') === tagsOf(repository, image.digest).length > 0
}

function describeImage(state: RegistryState, repository: Repository, image: StoredImage): sdk.ImageDetail {
  const tags = tagsOf(repository, image.digest)
  const { mediaType, artifactMediaType } = image.manifest
  return {
    registryId: state.context.accountId,
    repositoryName: repository.name,
    imageDigest: image.digest,
    ...(tags.length > 0 ? { imageTags: tags } : {}),
    imageSizeInBytes: sizeOf(repository, image),
    imagePushedAt: image.pushedAt,
    imageManifestMediaType: mediaType,
    ...(artifactMediaType ? { artifactMediaType } : {}),
    imageStatus: 'ACTIVE',
  }
}

/** An index counts as its largest image: so says ECR's reference of ImageDetail. */
function sizeOf(repository: Repository, image: StoredImage): number {
  const children = image.manifest.children.map(child => repository.images.get(child.digest)?.manifest.size ?? 0)
  return Math.max(image.manifest.size, ...children)
}

function describeManifest(state: RegistryState, repository: Repository, image: StoredImage, tag?: string): sdk.Image {
  return {
    registryId: state.context.accountId,
    repositoryName: repository.name,
    imageId: { imageDigest: image.digest, ...(tag === undefined ? {} : { imageTag: tag }) },
    imageManifest: image.text,
    imageManifestMediaType: image.manifest.mediaType,
  }
}

function alreadyThere(
  state: RegistryState,
  repository: Repository,
  image: StoredImage,
  tag: string | undefined,
): AwsError {
  const named = tag === undefined ? `digest '${image.digest}'` : `digest '${image.digest}' and tag '${tag}'`
  return new AwsError(
    'ImageAlreadyExistsException',
    `Image with ${named} already exists in the repository with name '${repository.name}' in registry with id '${state.context.accountId}'`,
  )
}
