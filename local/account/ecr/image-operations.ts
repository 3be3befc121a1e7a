/** ECR's operations on images: put, read, list. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import { checkCount, identifiers, resolveOrThrow, resolveToPull } from './image-identifiers.ts'
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
import { scanDetail } from './scan-operations.ts'

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
      const { found, failures } = resolveToPull(repository, checkCount(input.imageIds))
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

function matches(repository: Repository, image: StoredImage, filter: sdk.DescribeImagesFilter | undefined): boolean {
  const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = filter ?? {}
  if (!['ANY', 'TAGGED', 'UNTAGGED'].includes(tagStatus)) {
    throw invalidParameter('filter.tagStatus', 'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]')
  }
  if (!['ANY', 'ACTIVE', 'ARCHIVED', 'ACTIVATING'].includes(imageStatus)) {
    throw invalidParameter(
      'filter.imageStatus',
      'Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]',
    )
  }
  if (imageStatus !== 'ANY' && imageStatus !== image.storage.status) return false
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
    imageStatus: image.storage.status,
    ...(image.storage.archivedAt ? { lastArchivedAt: image.storage.archivedAt } : {}),
    ...(image.storage.activatedAt ? { lastActivatedAt: image.storage.activatedAt } : {}),
    ...scanDetail(image),
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
