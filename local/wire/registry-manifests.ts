/** Manifests in the distribution protocol. A push goes the same way as PutImage, so its event is the same. */
import type { Ecr } from '../account/ecr/ecr.ts'
import { findImage, type StoredImage } from '../account/ecr/registry.ts'
import { readBody, type WireRequest, type WireResponse } from './http.ts'
import { RegistryError } from './registry-error.ts'

const limit = 4 * 1024 * 1024

/** GET, HEAD, PUT and DELETE of a manifest by tag or digest. */
export async function handleManifest(
  ecr: Ecr,
  request: WireRequest,
  name: string,
  reference: string,
): Promise<WireResponse> {
  if (request.method === 'GET' || request.method === 'HEAD') return read(ecr, request, name, reference)
  if (request.method === 'PUT') return put(ecr, request, name, reference)
  if (request.method === 'DELETE') return remove(ecr, name, reference)
  throw new RegistryError(405, 'UNSUPPORTED', 'A manifest takes GET, HEAD, PUT and DELETE')
}

function read(ecr: Ecr, request: WireRequest, name: string, reference: string): WireResponse {
  const image = find(ecr, name, reference)
  if (image.storage.status !== 'ACTIVE') {
    throw new RegistryError(
      404,
      'MANIFEST_UNKNOWN',
      `The image '${reference}' of '${name}' is archived: restore it first`,
    )
  }
  const headers = {
    'content-type': image.manifest.mediaType,
    'docker-content-digest': image.digest,
    'content-length': String(Buffer.byteLength(image.text)),
  }
  return { status: 200, headers, body: request.method === 'HEAD' ? '' : image.text }
}

async function put(ecr: Ecr, request: WireRequest, name: string, reference: string): Promise<WireResponse> {
  ecr.repository(name)
  const body = await readBody(request, limit)
  if (!body) throw new RegistryError(413, 'MANIFEST_INVALID', `A manifest has at most ${limit} bytes`)
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim()
  const { image } = ecr.putManifest({
    repository: name,
    text: utf8(body),
    layers: 'must-exist',
    ...(mediaType ? { mediaType } : {}),
    ...(isDigest(reference) ? { digest: reference } : { tag: reference }),
  })
  return {
    status: 201,
    headers: { location: `/v2/${name}/manifests/${image.digest}`, 'docker-content-digest': image.digest },
    body: '',
  }
}

async function remove(ecr: Ecr, name: string, reference: string): Promise<WireResponse> {
  find(ecr, name, reference)
  const imageIds = [isDigest(reference) ? { imageDigest: reference } : { imageTag: reference }]
  const { failures } = ecr.batchDeleteImage({ repositoryName: name, imageIds })
  const [failure] = failures ?? []
  if (failure) throw new RegistryError(403, 'DENIED', failure.failureReason ?? 'The image cannot be deleted')
  return { status: 202, headers: {}, body: '' }
}

function find(ecr: Ecr, name: string, reference: string): StoredImage {
  const image = findImage(ecr.repository(name), reference)
  if (image) return image
  throw new RegistryError(404, 'MANIFEST_UNKNOWN', `The repository '${name}' has no image '${reference}'`)
}

/** A digest is of bytes: text that does not give them back can't be kept as text. */
function utf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new RegistryError(400, 'MANIFEST_INVALID', 'The manifest is not UTF-8')
  }
}

/** Tags have no colon. */
const isDigest = (reference: string) => reference.includes(':')
