/** Blobs in the distribution protocol: read, upload whole or in chunks, mount from another repository. */
import type { Upload } from '../account/ecr/blobs.ts'
import type { Ecr } from '../account/ecr/ecr.ts'
import { isDigest } from '../account/ecr/manifest.ts'
import type { WireRequest, WireResponse } from './http.ts'
import { RegistryError } from './registry-error.ts'

/** GET and HEAD of a blob. */
export function handleBlob(ecr: Ecr, request: WireRequest, name: string, digest: string): WireResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new RegistryError(405, 'UNSUPPORTED', 'A blob takes GET and HEAD; it goes with its repository')
  }
  ecr.repository(name)
  const blob = ecr.blobs.get(name, digest)
  if (!blob) throw new RegistryError(404, 'BLOB_UNKNOWN', `The repository '${name}' has no blob '${digest}'`)
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(blob.length),
    'docker-content-digest': digest,
  }
  return { status: 200, headers, body: request.method === 'HEAD' ? '' : blob }
}

/** An upload: POST begins (or mounts, or takes the blob whole), PATCH adds, PUT ends, GET asks how far it is, DELETE gives up. */
export async function handleUpload(ecr: Ecr, request: WireRequest, name: string, id: string): Promise<WireResponse> {
  ecr.repository(name)
  if (id === '') {
    if (request.method === 'POST') return begin(ecr, request, name)
    throw new RegistryError(405, 'UNSUPPORTED', 'An upload begins with POST')
  }
  const upload = ecr.blobs.upload(name, id)
  if (!upload) throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', `The repository '${name}' has no upload '${id}'`)
  if (request.method === 'PATCH') {
    await receive(ecr, request, upload)
    return progress(202, upload)
  }
  if (request.method === 'PUT') return finish(ecr, request, upload, request.query.get('digest'))
  if (request.method === 'GET') return progress(204, upload)
  if (request.method === 'DELETE') {
    ecr.blobs.cancel(upload)
    return { status: 204, headers: {}, body: '' }
  }
  throw new RegistryError(405, 'UNSUPPORTED', 'An upload takes PATCH, PUT, GET and DELETE')
}

async function begin(ecr: Ecr, request: WireRequest, name: string): Promise<WireResponse> {
  const mount = request.query.get('mount')
  const from = request.query.get('from')
  // Where there is nothing to mount, the protocol goes on as with any upload.
  if (mount && from && ecr.blobs.mount(mount, from, name)) return stored(name, mount)
  const upload = ecr.blobs.begin(name, ecr.newUploadId())
  const digest = request.query.get('digest')
  return digest === null ? progress(202, upload) : finish(ecr, request, upload, digest)
}

async function finish(ecr: Ecr, request: WireRequest, upload: Upload, digest: string | null): Promise<WireResponse> {
  if (digest === null || !isDigest(digest)) {
    throw new RegistryError(400, 'DIGEST_INVALID', `digest must be sha256: and 64 hex digits, not "${digest ?? ''}"`)
  }
  await receive(ecr, request, upload)
  if (ecr.blobs.finish(upload, digest)) return stored(upload.repository, digest)
  throw new RegistryError(
    400,
    'DIGEST_INVALID',
    `What was uploaded does not have the digest ${digest}: upload it again`,
  )
}

const receiving = new WeakSet<Upload>()

/** Adds the request's body. When it breaks off, or there is no room, the upload is given up: its bytes would stay for nobody. */
async function receive(ecr: Ecr, request: WireRequest, upload: Upload): Promise<void> {
  if (receiving.has(upload)) throw new RegistryError(409, 'BLOB_UPLOAD_INVALID', 'This upload is being written already')
  checkStart(request, upload)
  receiving.add(upload)
  try {
    for await (const chunk of request.body) ecr.blobs.append(upload, chunk)
  } catch (error) {
    ecr.blobs.cancel(upload)
    throw error
  } finally {
    receiving.delete(upload)
  }
}

function checkStart(request: WireRequest, upload: Upload): void {
  const range = request.headers['content-range']
  if (range === undefined) return
  const start = /^(?:bytes[ =])?(\d+)-\d+/.exec(range)?.[1]
  if (Number(start) === upload.size) return
  const headers = progress(416, upload).headers
  throw new RegistryError(
    416,
    'BLOB_UPLOAD_INVALID',
    `The next chunk begins at byte ${upload.size}, not "${range}"`,
    headers,
  )
}

function progress(status: number, upload: Upload): WireResponse {
  return {
    status,
    headers: {
      location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
      // An inclusive range can't be empty: `0-0` is what registries say of nothing.
      range: `0-${Math.max(0, upload.size - 1)}`,
      'docker-upload-uuid': upload.id,
    },
    body: '',
  }
}

function stored(name: string, digest: string): WireResponse {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
    body: '',
  }
}
