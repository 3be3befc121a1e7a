/** What an image says of itself: OCI annotations of its manifest, labels of its configuration. */
import {
  BatchGetImageCommand,
  ECRClient,
  type ECRClientConfig,
  GetDownloadUrlForLayerCommand,
} from '@aws-sdk/client-ecr'
import type { ImageAnnotations, ImageId } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { portError } from './sdk-error.ts'

/** Without these ECR may answer with a manifest converted to a type of its own choice. */
const acceptedMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

interface Manifest {
  annotations?: Record<string, string>
  config?: { digest?: string }
  manifests?: { digest?: string; platform?: { os?: string } }[]
}

/** `options`: for a client other than the environment's. */
export function ecrAnnotations(options: ECRClientConfig = {}): ImageAnnotations {
  const client = new ECRClient({ ...clientConfig, ...options })
  return {
    async annotationsOf(repository, image) {
      try {
        return await annotationsOf(client, repository, image)
      } catch (error) {
        throw portError(error, `ecr:BatchGetImage of ${repository}`)
      }
    },
  }
}

/** An index speaks for all of its images; where it says nothing, its first image that can run does. */
async function annotationsOf(
  client: ECRClient,
  repository: string,
  id: ImageId,
): Promise<Record<string, string> | undefined> {
  const manifest = await manifestOf(client, repository, id)
  if (!manifest) return undefined
  // BuildKit's provenance is listed among the images, with a platform of its own.
  const child = manifest.manifests?.find(each => each.digest && each.platform?.os !== 'unknown')?.digest
  const ofChild = child === undefined ? {} : ((await annotationsOf(client, repository, { digest: child })) ?? {})
  const labels = manifest.config?.digest === undefined ? {} : await labelsOf(client, repository, manifest.config.digest)
  return { ...ofChild, ...labels, ...manifest.annotations }
}

async function manifestOf(client: ECRClient, repository: string, id: ImageId): Promise<Manifest | undefined> {
  const imageIds = ['tag' in id ? { imageTag: id.tag } : { imageDigest: id.digest }]
  const answer = await client.send(
    new BatchGetImageCommand({ repositoryName: repository, imageIds, acceptedMediaTypes }),
  )
  const text = answer.images?.[0]?.imageManifest
  return text === undefined ? undefined : JSON.parse(text)
}

/** Labels are in the configuration, a layer like others. One that can't be had, or is no JSON, says nothing. */
async function labelsOf(client: ECRClient, repository: string, layerDigest: string): Promise<Record<string, string>> {
  try {
    const { downloadUrl } = await client.send(
      new GetDownloadUrlForLayerCommand({ repositoryName: repository, layerDigest }),
    )
    if (downloadUrl === undefined) return {}
    const response = await fetch(downloadUrl, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) return {}
    const configuration = (await response.json()) as { config?: { Labels?: Record<string, string> | null } }
    return configuration.config?.Labels ?? {}
  } catch {
    return {}
  }
}
