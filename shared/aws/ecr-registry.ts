/** Images, in ECR. */
import {
  DescribeImagesCommand,
  ECRClient,
  type ECRClientConfig,
  type ImageDetail,
  ImageNotFoundException,
} from '@aws-sdk/client-ecr'

import type { ImageId, Registry, RegistryImage } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { portError } from './sdk-error.ts'

/** `options`: for a client other than the environment's. */
export function ecrRegistry(options: ECRClientConfig = {}): Registry {
  const client = new ECRClient({ ...clientConfig, ...options })
  return { describeImages: (repository, ids) => describeImages(client, repository, ids) }
}

/** ECR fails the whole call when one image of several is missing: the others are then asked for one by one. */
async function describeImages(
  client: ECRClient,
  repository: string,
  ids: readonly ImageId[],
): Promise<RegistryImage[]> {
  const imageIds = ids.map(id => ('tag' in id ? { imageTag: id.tag } : { imageDigest: id.digest }))
  try {
    const answer = await client.send(new DescribeImagesCommand({ repositoryName: repository, imageIds }))
    return (answer.imageDetails ?? []).flatMap(detail => registryImage(repository, detail))
  } catch (error) {
    if (!(error instanceof ImageNotFoundException)) throw portError(error, `ecr:DescribeImages of ${repository}`)
    if (ids.length <= 1) return []
    return (await Promise.all(ids.map(id => describeImages(client, repository, [id])))).flat()
  }
}

function registryImage(repository: string, detail: ImageDetail): RegistryImage[] {
  if (detail.imageDigest === undefined) return []
  return [
    {
      repository,
      digest: detail.imageDigest,
      tags: detail.imageTags ?? [],
      ...(detail.imagePushedAt && { pushedAt: detail.imagePushedAt }),
    },
  ]
}
