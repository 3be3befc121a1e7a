/** A real, tiny OCI image, and its push by the distribution protocol: no docker needed. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

export interface TinyImage {
  manifest: string
  blobs: Buffer[]
}

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** An image with one empty layer. The same labels and time give the same digest. */
export function tinyImage(labels: Record<string, string>, created: Date): TinyImage {
  // Two blocks of zeros are how a tar archive ends: this one ends at once.
  const tar = Buffer.alloc(1024)
  const layer = gzipSync(tar)
  const config = Buffer.from(
    JSON.stringify({
      created: created.toISOString(),
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: labels },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  )
  const descriptor = (mediaType: string, blob: Buffer) => ({ mediaType, digest: digestOf(blob), size: blob.length })
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config, config),
    layers: [descriptor(mediaTypes.layer, layer)],
  })
  return { manifest, blobs: [config, layer] }
}

/** `endpoint`: of the registry, `http://127.0.0.1:4666`. Gives the digest. Throws Error with what the registry said. */
export async function pushImage(endpoint: string, repository: string, tag: string, image: TinyImage): Promise<string> {
  const base = `${endpoint}/v2/${repository}`
  for (const blob of image.blobs) {
    const begun = await expectStatus(202, fetch(`${base}/blobs/uploads/`, { method: 'POST' }))
    const upload = new URL(begun.headers.get('location') ?? '', endpoint)
    upload.searchParams.set('digest', digestOf(blob))
    await expectStatus(
      201,
      fetch(upload, {
        method: 'PUT',
        body: new Uint8Array(blob),
        headers: { 'content-type': 'application/octet-stream' },
      }),
    )
  }
  const headers = { 'content-type': mediaTypes.manifest }
  await expectStatus(201, fetch(`${base}/manifests/${tag}`, { method: 'PUT', body: image.manifest, headers }))
  return digestOf(image.manifest)
}

function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function expectStatus(status: number, answer: Promise<Response>): Promise<Response> {
  const response = await answer
  if (response.status === status) return response
  const text = await response.text()
  throw new Error(`The registry answered ${response.status}: ${messageOf(text)}`)
}

/** The registry's own words, from its error body. */
function messageOf(text: string): string {
  try {
    return JSON.parse(text).errors[0].message
  } catch {
    return text
  }
}
