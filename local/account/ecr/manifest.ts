/** What an image manifest says: the parts of the OCI and Docker formats that a registry acts on. */
import { AwsError } from '../aws-error.ts'

export interface Manifest {
  mediaType: string
  /** `artifactType`, or the media type of the config: what kind of artifact this is. */
  artifactMediaType?: string
  /** Digest of the config blob; absent from an index. */
  config?: string
  /** Digests of the blobs that a registry must hold: config and layers, without layers that live elsewhere. */
  blobs: readonly string[]
  /** The manifests that an index names. */
  children: readonly Child[]
  /** Bytes of config and layers as the manifest states them. */
  size: number
}

interface Child {
  digest: string
  /** `os/architecture`; buildx marks its provenance as `unknown/unknown`. */
  platform?: string
}

interface Descriptor {
  mediaType?: unknown
  digest?: unknown
  size?: unknown
  urls?: unknown
  platform?: { os?: unknown; architecture?: unknown }
}

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]
const imageTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
/** ECR takes 4 MiB of manifest. */
const largestManifest = 4 * 1024 * 1024

/** Reads a manifest; `stated` is the media type that came with it, when one did. Throws InvalidParameterException. */
export function parseManifest(text: string, stated?: string): Manifest {
  if (Buffer.byteLength(text) > largestManifest) throw invalid(`it has more than ${largestManifest} bytes`)
  const json = parseObject(text)
  const mediaType = typeof json.mediaType === 'string' ? json.mediaType : (stated ?? typeByShape(json))
  if (stated && stated !== mediaType) throw invalid(`it says mediaType '${mediaType}' but was sent as '${stated}'`)
  if (json.schemaVersion !== 2) throw invalid('schemaVersion must be 2')
  if (indexTypes.includes(mediaType)) return index(json, mediaType)
  if (imageTypes.includes(mediaType)) return image(json, mediaType)
  throw invalid(`the media type '${mediaType}' is none of ${[...imageTypes, ...indexTypes].join(', ')}`)
}

/** An OCI manifest may leave its mediaType out: then what it contains tells. */
function typeByShape(json: Record<string, unknown>): string {
  return Array.isArray(json.manifests)
    ? 'application/vnd.oci.image.index.v1+json'
    : 'application/vnd.oci.image.manifest.v1+json'
}

function index(json: Record<string, unknown>, mediaType: string): Manifest {
  const children = descriptors(json, 'manifests').map(child => {
    const { os, architecture } = child.platform ?? {}
    return { digest: child.digest, ...(os && architecture ? { platform: `${os}/${architecture}` } : {}) }
  })
  return { mediaType, ...artifactType(json.artifactType), blobs: [], children, size: 0 }
}

function image(json: Record<string, unknown>, mediaType: string): Manifest {
  const config = descriptor(json.config, 'config')
  const layers = descriptors(json, 'layers')
  // A layer with urls ("foreign") is fetched from there and never pushed.
  const held = [config, ...layers].filter(blob => !(Array.isArray(blob.urls) && blob.urls.length > 0))
  return {
    mediaType,
    ...artifactType(json.artifactType ?? config.mediaType),
    config: config.digest,
    blobs: [...new Set(held.map(blob => blob.digest))],
    children: [],
    size: [config, ...layers].reduce((sum, blob) => sum + blob.size, 0),
  }
}

const artifactType = (type: unknown) => (typeof type === 'string' ? { artifactMediaType: type } : {})

function descriptors(json: Record<string, unknown>, member: string) {
  const list = json[member]
  if (!Array.isArray(list)) throw invalid(`${member} must be a list`)
  return list.map((entry, position) => descriptor(entry, `${member}[${position}]`))
}

function descriptor(value: unknown, where: string): Descriptor & { digest: string; size: number } {
  const { digest, size, ...rest } = (isObject(value) ? value : {}) as Descriptor
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`${where}.digest must be sha256: and 64 hex digits`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${where}.size must be a count of bytes`)
  }
  return { ...rest, digest, size }
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid('Invalid JSON syntax')
  }
  if (!isObject(json)) throw invalid('it must be a JSON object')
  return json
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The one digest algorithm that ECR takes. */
export const isDigest = (text: string) => /^sha256:[a-f0-9]{64}$/.test(text)

function invalid(what: string): AwsError {
  return new AwsError(
    'InvalidParameterException',
    `Invalid parameter at 'ImageManifest' failed to satisfy constraint: '${what}'`,
  )
}
