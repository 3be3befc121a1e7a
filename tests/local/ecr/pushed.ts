/** A repository behind the real SDK, and pushes whose config, with its labels, the registry holds. */
import { CreateRepositoryCommand, DescribeImagesCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import { localAccount } from '../wire/local-account.ts'
import type { Image } from './images.ts'

export const repositoryName = 'acme/web'
export const repositoryArn = `arn:aws:ecr:eu-central-1:123456789012:repository/${repositoryName}`

export async function repositoryWith({ scanOnPush = false, tagsAreImmutable = false } = {}) {
  const local = localAccount()
  const aws = new ECRClient(local.client)
  const imageTagMutability = tagsAreImmutable ? 'IMMUTABLE' : 'MUTABLE'
  const imageScanningConfiguration = { scanOnPush }
  await aws.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability, imageScanningConfiguration }))

  /** Gives the digest; `tag` absent pushes by digest. */
  async function push(pushed: Image, imageTag?: string): Promise<string> {
    const { blobs } = local.ecr
    for (const { digest, bytes } of pushed.blobs) {
      const upload = blobs.begin(repositoryName, local.ecr.newUploadId())
      blobs.append(upload, bytes)
      blobs.finish(upload, digest)
    }
    await aws.send(new PutImageCommand({ repositoryName, imageManifest: pushed.text, imageTag }))
    return pushed.digest
  }

  async function describeImage(imageDigest: string, imageStatus: 'ANY' | 'ACTIVE' = 'ANY') {
    const imageIds = [{ imageDigest }]
    const { imageDetails = [] } = await aws.send(
      new DescribeImagesCommand({ repositoryName, imageIds, filter: { imageStatus } }),
    )
    return imageDetails[0]
  }

  const eventsOf = (detailType: string) => local.events.filter(event => event['detail-type'] === detailType)
  return { ...local, aws, push, describeImage, eventsOf }
}
