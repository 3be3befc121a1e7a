/** Images' manifests, in ECR. */
import { BatchGetImageCommand, type ECRClient } from '@aws-sdk/client-ecr'
import type { ImageId } from '../ports.ts'

/** Without these ECR may answer with a manifest converted to a type of its own choice. */
const acceptedMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

export interface Manifest {
  annotations?: Record<string, string>
  config?: { digest?: string }
  /** Only an index has them. */
  manifests?: { digest?: string; platform?: { os?: string; architecture?: string } }[]
}

/** Undefined when there is no such image. */
export async function manifestOf(client: ECRClient, repository: string, id: ImageId): Promise<Manifest | undefined> {
  const imageIds = ['tag' in id ? { imageTag: id.tag } : { imageDigest: id.digest }]
  const answer = await client.send(
    new BatchGetImageCommand({ repositoryName: repository, imageIds, acceptedMediaTypes }),
  )
  const text = answer.images?.[0]?.imageManifest
  return text === undefined ? undefined : JSON.parse(text)
}

/** Digests of the images that an index is made of; undefined when it is no index. */
export function imagesOf({ manifests }: Manifest): string[] | undefined {
  return manifests?.flatMap(({ digest, platform }) =>
    // BuildKit's provenance is listed among the images, with a platform of its own.
    digest !== undefined && platform?.os !== 'unknown' ? [digest] : [],
  )
}
