/** Images, in ECR. */
import {
  DescribeImagesCommand,
  type DescribeImagesFilter,
  ECRClient,
  type ECRClientConfig,
  type ImageDetail,
  ImageNotFoundException,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr'
import type { ImageId, Registry, RegistryImage } from '../ports.ts'
import { batchesOf, callEach } from './batches.ts'
import { clientConfig } from './client-config.ts'
import { scanOf } from './ecr-scans.ts'
import { saying } from './sdk-error.ts'

/** DescribeImages takes this many at most. */
const idsPerCall = 100
/** DescribeImages gives this many a page at most. */
const imagesPerPage = 1000

/** `options`: for a client other than the environment's. */
export function ecrRegistry(options: ECRClientConfig = {}): Registry {
  const client = new ECRClient({ ...clientConfig, ...options })
  return {
    describeImages: (repository, ids) =>
      saying(`ecr:DescribeImages of ${repository}`, () => describeImages(client, repository, ids)),
    listImages: repository => listImages(client, repository),
    scanOf: (repository, digest) => scanOf(client, repository, digest),
  }
}

async function describeImages(
  client: ECRClient,
  repository: string,
  ids: readonly ImageId[],
): Promise<RegistryImage[]> {
  const portions = await callEach(batchesOf(ids, idsPerCall), portion => describePortion(client, repository, portion))
  // Two tags of one image name it twice.
  return [...new Map(portions.flat().map(image => [image.digest, image])).values()]
}

/** ECR fails the whole call when one image of several is missing: the others are then asked for one by one. */
async function describePortion(client: ECRClient, repository: string, ids: ImageId[]): Promise<RegistryImage[]> {
  const found = await described(client, repository, ids)
  if (!found && ids.length > 1) return (await callEach(ids, id => describePortion(client, repository, [id]))).flat()
  const images = found ?? []
  const absent = ids.filter(id => !images.some(image => isNamed(image, id)))
  return [...images, ...(await callEach(absent, id => describeArchived(client, repository, id))).flat()]
}

/** Undefined when ECR knows one of them not. */
async function described(client: ECRClient, repository: string, ids: ImageId[]): Promise<RegistryImage[] | undefined> {
  try {
    return await describe(client, repository, ids)
  } catch (error) {
    if (error instanceof ImageNotFoundException) return undefined
    throw error
  }
}

const isNamed = (image: RegistryImage, id: ImageId) =>
  'tag' in id ? image.tags.includes(id.tag) : image.digest === id.digest

/** Without a filter ECR tells of active images only. Whether it takes a filter beside ids is not documented: asked last, and alone. */
async function describeArchived(client: ECRClient, repository: string, id: ImageId): Promise<RegistryImage[]> {
  try {
    return await describe(client, repository, [id], { imageStatus: 'ANY' })
  } catch (error) {
    if (error instanceof ImageNotFoundException || isInvalid(error)) return []
    throw error
  }
}

const isInvalid = (error: unknown) =>
  error instanceof Error && ['InvalidParameterException', 'ValidationException'].includes(error.name)

async function describe(
  client: ECRClient,
  repository: string,
  ids: readonly ImageId[],
  filter?: DescribeImagesFilter,
): Promise<RegistryImage[]> {
  const imageIds = ids.map(id => ('tag' in id ? { imageTag: id.tag } : { imageDigest: id.digest }))
  const input = { repositoryName: repository, imageIds, ...(filter && { filter }) }
  const answer = await client.send(new DescribeImagesCommand(input))
  return registryImages(client, repository, answer.imageDetails)
}

async function* listImages(client: ECRClient, repository: string): AsyncGenerator<readonly RegistryImage[]> {
  let nextToken: string | undefined
  do {
    const from = nextToken === undefined ? {} : { nextToken }
    const page = await pageOf(client, repository, from)
    if (!page) return
    const images = await registryImages(client, repository, page.imageDetails)
    yield images.filter(({ isArchived, tags }) => !isArchived && tags.length > 0)
    nextToken = page.nextToken
  } while (nextToken)
}

/** Undefined when there is no such repository. */
async function pageOf(client: ECRClient, repository: string, from: { nextToken?: string }) {
  const filter = { tagStatus: 'TAGGED' as const }
  return saying(`ecr:DescribeImages of ${repository}`, async () => {
    try {
      const input = { repositoryName: repository, filter, maxResults: imagesPerPage, ...from }
      return await client.send(new DescribeImagesCommand(input))
    } catch (error) {
      if (error instanceof RepositoryNotFoundException) return undefined
      throw error
    }
  })
}

async function registryImages(
  client: ECRClient,
  repository: string,
  details: readonly ImageDetail[] = [],
): Promise<RegistryImage[]> {
  const region = await client.config.region()
  return details.flatMap(({ imageDigest, imageTags, imagePushedAt, registryId, imageStatus }) =>
    imageDigest === undefined
      ? []
      : [
          {
            repository,
            digest: imageDigest,
            tags: imageTags ?? [],
            ...(imagePushedAt && { pushedAt: imagePushedAt }),
            ...(registryId && { account: registryId }),
            region,
            // One that is being restored (ACTIVATING) can't be pulled yet.
            isArchived: imageStatus === 'ARCHIVED' || imageStatus === 'ACTIVATING',
          },
        ],
  )
}
