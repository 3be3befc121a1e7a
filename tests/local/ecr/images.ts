/** Real manifests to push, made by code. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

export interface Blob {
  mediaType: string
  digest: string
  size: number
  bytes: Buffer
}

export interface Image {
  text: string
  digest: string
  mediaType: string
  blobs: Blob[]
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'

export const sha256 = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export function blob(content: string | Buffer, mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'): Blob {
  const bytes = Buffer.from(content)
  return { mediaType, digest: sha256(bytes), size: bytes.length, bytes }
}

/** An image whose content is `content`: another content is another digest. */
export function image(content: string, { labels = {}, architecture = 'amd64' } = {}): Image {
  // Compressed, or skopeo would do it on the way and the digest would be another.
  const files = `layer of ${content}`
  const layer = blob(gzipSync(files))
  const configured = {
    architecture,
    os: 'linux',
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [sha256(files)] },
  }
  const config = blob(JSON.stringify(configured), 'application/vnd.oci.image.config.v1+json')
  const descriptor = ({ bytes: _, ...rest }: Blob) => rest
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptor(config),
    layers: [descriptor(layer)],
  })
  return { text, digest: sha256(text), mediaType: ociManifest, blobs: [config, layer] }
}

export function index(children: { image: Image; platform: string }[]): Image {
  const manifests = children.map(({ image: { mediaType, digest, text }, platform }) => {
    const [os, architecture] = platform.split('/')
    return { mediaType, digest, size: Buffer.byteLength(text), platform: { os, architecture } }
  })
  const text = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
  return { text, digest: sha256(text), mediaType: ociIndex, blobs: [] }
}
