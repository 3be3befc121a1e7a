/** ECR's operations on layers: upload in parts, availability, download. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import type { Upload } from './blobs.ts'
import { isDigest } from './manifest.ts'
import { findRepository, invalidParameter, type RegistryState } from './registry.ts'

/** ECR takes parts of up to 20 MiB, and asks for that size. */
const partSize = 20 * 1024 * 1024
/** Every part but the last must have this much. */
const smallestPart = 5 * 1024 * 1024

export function layerOperations(state: RegistryState) {
  /** The smallest part of each upload but its last, to judge when it is completed. */
  const parts = new WeakMap<Upload, number[]>()
  const registryId = state.context.accountId

  const findUpload = (repository: string, id: string | undefined): Upload => {
    const upload = state.blobs.upload(repository, id ?? '')
    if (upload) return upload
    throw new AwsError(
      'UploadNotFoundException',
      `An upload with id '${id}' could not be found for the repository with name '${repository}'`,
    )
  }

  return {
    InitiateLayerUpload: (input: sdk.InitiateLayerUploadRequest): sdk.InitiateLayerUploadResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const { id } = state.blobs.begin(repository.name, state.context.random.uuid())
      return { uploadId: id, partSize }
    },

    UploadLayerPart: (input: sdk.UploadLayerPartRequest): sdk.UploadLayerPartResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const upload = findUpload(repository.name, input.uploadId)
      const { partFirstByte = 0, partLastByte = 0, layerPartBlob = new Uint8Array() } = input
      const fits = partFirstByte === upload.size && partLastByte === partFirstByte + layerPartBlob.length - 1
      if (!fits || layerPartBlob.length > partSize) {
        throw invalidPart(upload, registryId, partFirstByte, partLastByte, layerPartBlob.length)
      }
      state.blobs.append(upload, layerPartBlob)
      parts.set(upload, [...(parts.get(upload) ?? []), layerPartBlob.length])
      return { registryId, repositoryName: repository.name, uploadId: upload.id, lastByteReceived: upload.size - 1 }
    },

    CompleteLayerUpload: (input: sdk.CompleteLayerUploadRequest): sdk.CompleteLayerUploadResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const upload = findUpload(repository.name, input.uploadId)
      const [layerDigest = '', ...more] = input.layerDigests ?? []
      if (more.length > 0 || !isDigest(layerDigest)) {
        throw invalidParameter('layerDigests', 'it takes one digest: sha256: and 64 hex digits')
      }
      checkParts(upload, parts.get(upload) ?? [])
      const held = state.blobs.get(repository.name, layerDigest) !== undefined
      if (!state.blobs.finish(upload, layerDigest)) throw otherLayer(upload, layerDigest)
      if (held) throw layerAlreadyThere(repository.name, registryId, layerDigest)
      return { registryId, repositoryName: repository.name, uploadId: upload.id, layerDigest }
    },

    BatchCheckLayerAvailability: (
      input: sdk.BatchCheckLayerAvailabilityRequest,
    ): sdk.BatchCheckLayerAvailabilityResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const digests = input.layerDigests ?? []
      if (digests.length < 1 || digests.length > 100)
        throw invalidParameter('layerDigests', 'it takes 1 to 100 digests')
      return {
        layers: digests.filter(isDigest).map(layerDigest => {
          const blob = state.blobs.get(repository.name, layerDigest)
          if (!blob) return { layerDigest, layerAvailability: 'UNAVAILABLE' }
          return { layerDigest, layerAvailability: 'AVAILABLE', layerSize: blob.length }
        }),
        failures: digests
          .filter(digest => !isDigest(digest))
          .map(layerDigest => ({
            layerDigest,
            failureCode: 'InvalidLayerDigest',
            failureReason: 'Invalid request parameters: layer digest should be sha256: and 64 hex digits',
          })),
      }
    },

    /** The URL is the registry protocol's own: the local account needs no signature on it. */
    GetDownloadUrlForLayer: (input: sdk.GetDownloadUrlForLayerRequest): sdk.GetDownloadUrlForLayerResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      const layerDigest = input.layerDigest ?? ''
      if (!state.blobs.get(repository.name, layerDigest)) {
        throw new AwsError(
          'LayersNotFoundException',
          `The layer with digest '${layerDigest}' does not exist within the repository with name '${repository.name}' in the registry with id '${registryId}'`,
        )
      }
      return { downloadUrl: `${state.endpoint}/v2/${repository.name}/blobs/${layerDigest}`, layerDigest }
    },
  }
}

function checkParts(upload: Upload, sizes: readonly number[]): void {
  if (upload.size === 0) {
    throw new AwsError('EmptyUploadException', `The upload with id '${upload.id}' does not contain any layer parts`)
  }
  if (sizes.slice(0, -1).some(size => size < smallestPart)) {
    throw new AwsError(
      'LayerPartTooSmallException',
      `Layer parts but the last must have at least ${smallestPart} bytes`,
    )
  }
}

function invalidPart(upload: Upload, registryId: string, first: number, last: number, length: number): AwsError {
  const due = `the next part begins at byte ${upload.size} and has at most ${partSize} bytes`
  return new AwsError(
    'InvalidLayerPartException',
    `The layer part from byte ${first} to byte ${last} with ${length} bytes is not valid: ${due}`,
    {
      members: {
        registryId,
        repositoryName: upload.repository,
        uploadId: upload.id,
        lastValidByteReceived: Math.max(0, upload.size - 1),
      },
    },
  )
}

function otherLayer(upload: Upload, digest: string): AwsError {
  return new AwsError(
    'InvalidLayerException',
    `The layer that was uploaded as '${upload.id}' does not have the digest '${digest}': upload it again`,
  )
}

function layerAlreadyThere(repository: string, registryId: string, digest: string): AwsError {
  return new AwsError(
    'LayerAlreadyExistsException',
    `Layer with digest '${digest}' already exists in the repository with name '${repository}' in registry with id '${registryId}'`,
  )
}
