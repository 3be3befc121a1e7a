/** What an image says of itself: OCI annotations of its manifest, labels of its configuration. */
import { ECRClient, type ECRClientConfig, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr'
import type { ImageAnnotations, ImageId } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { imagesOf, manifestOf } from './ecr-manifest.ts'
import { saying } from './sdk-error.ts'

/** `options`: for a client other than the environment's. */
export function ecrAnnotations(options: ECRClientConfig = {}): ImageAnnotations {
  const client = new ECRClient({ ...clientConfig, ...options })
  return {
    annotationsOf: (repository, image) =>
      saying(`ecr:BatchGetImage of ${repository}`, () => annotationsOf(client, repository, image)),
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
  const child = imagesOf(manifest)?.[0]
  const ofChild = child === undefined ? {} : ((await annotationsOf(client, repository, { digest: child })) ?? {})
  const labels = manifest.config?.digest === undefined ? {} : await labelsOf(client, repository, manifest.config.digest)
  return { ...ofChild, ...labels, ...manifest.annotations }
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
