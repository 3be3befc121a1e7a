import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  ImageAlreadyExistsException,
  ImageNotFoundException,
  ListImagesCommand,
  PutImageCommand,
  paginateListImages,
} from '@aws-sdk/client-ecr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localAccount } from '../wire/local-account.ts'
import { type Image, image, index, ociIndex, ociManifest } from './images.ts'

const repositoryName = 'acme/web'

async function withRepository(imageTagMutability: 'MUTABLE' | 'IMMUTABLE' = 'MUTABLE') {
  const local = localAccount()
  const ecr = new ECRClient(local.client)
  await ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability }))
  const put = (pushed: Image, imageTag?: string) =>
    ecr.send(new PutImageCommand({ repositoryName, imageManifest: pushed.text, imageTag }))
  const describeImages = async (...tags: string[]) => {
    const imageIds = tags.map(imageTag => ({ imageTag }))
    return (await ecr.send(new DescribeImagesCommand({ repositoryName, imageIds }))).imageDetails ?? []
  }
  const pushes = () =>
    local.events.map(({ detail }) => [detail['action-type'], detail['image-tag'], detail['image-digest']])
  return { ...local, aws: ecr, put, describeImages, pushes }
}

const [a, b] = [image('a'), image('b')]

describe('PutImage', () => {
  test('emits the event that ECR emits', async () => {
    const { put, events } = await withRepository()
    await put(a, '1.0.0')
    expect(events).toEqual([
      {
        source: 'aws.ecr',
        'detail-type': 'ECR Image Action',
        resources: [],
        detail: {
          result: 'SUCCESS',
          'repository-name': repositoryName,
          'image-digest': a.digest,
          'action-type': 'PUSH',
          'image-tag': '1.0.0',
          'manifest-media-type': a.mediaType,
          'artifact-media-type': 'application/vnd.oci.image.config.v1+json',
        },
      },
    ])
  })

  test('moves a tag, and leaves the old image untagged', async () => {
    const { aws, put, describeImages } = await withRepository()
    await put(a, 'prod')
    await put(b, 'prod')
    expect(await describeImages('prod')).toMatchObject([{ imageDigest: b.digest, imageTags: ['prod'] }])
    const untagged = await aws.send(new ListImagesCommand({ repositoryName, filter: { tagStatus: 'UNTAGGED' } }))
    expect(untagged.imageIds).toEqual([{ imageDigest: a.digest }])
  })

  test('gives a known digest another tag: one image, one more event, pushed when it was first', async () => {
    const { clock, put, describeImages, pushes } = await withRepository()
    await put(a, '1.0.0')
    await clock.advance(60_000)
    await put(a, 'latest')
    const [detail, ...others] = await describeImages('latest', '1.0.0')
    expect(others).toEqual([])
    expect(detail).toMatchObject({ imageTags: ['1.0.0', 'latest'], imagePushedAt: new Date('2026-03-01T22:00:00Z') })
    expect(pushes()).toEqual([
      ['PUSH', '1.0.0', a.digest],
      ['PUSH', 'latest', a.digest],
    ])
  })

  test('refuses what is there already under this tag, with no event', async () => {
    const { put, pushes } = await withRepository()
    await put(a, '1.0.0')
    await expect(put(a, '1.0.0')).rejects.toThrow(ImageAlreadyExistsException)
    await expect(put(a)).rejects.toThrow(ImageAlreadyExistsException)
    expect(pushes()).toHaveLength(1)
  })

  test.each([
    {
      case: 'an immutable tag',
      push: () => ({ imageManifest: b.text, imageTag: '1.0.0' }),
      code: 'ImageTagAlreadyExistsException',
    },
    {
      case: 'another digest',
      push: () => ({ imageManifest: b.text, imageDigest: a.digest }),
      code: 'ImageDigestDoesNotMatchException',
    },
    { case: 'a bad tag', push: () => ({ imageManifest: b.text, imageTag: '-x' }), code: 'InvalidParameterException' },
    { case: 'no manifest', push: () => ({ imageManifest: 'hello' }), code: 'InvalidParameterException' },
    {
      case: 'an index without its children',
      push: () => ({ imageManifest: index([{ image: b, platform: 'linux/amd64' }]).text }),
      code: 'ReferencedImagesNotFoundException',
    },
    {
      case: 'another account',
      push: () => ({ imageManifest: b.text, registryId: '999999999999' }),
      code: 'RepositoryNotFoundException',
    },
  ])('refuses $case and changes nothing', async ({ push, code }) => {
    const { aws, put, pushes } = await withRepository('IMMUTABLE')
    await put(a, '1.0.0')
    await expect(aws.send(new PutImageCommand({ repositoryName, ...push() }))).rejects.toMatchObject({ name: code })
    const { imageIds } = await aws.send(new ListImagesCommand({ repositoryName }))
    expect(imageIds).toEqual([{ imageDigest: a.digest, imageTag: '1.0.0' }])
    expect(pushes()).toHaveLength(1)
  })

  test('an index is as large as its largest image', async () => {
    const { put, describeImages, pushes } = await withRepository()
    await put(a)
    await put(b)
    const both = index([
      { image: a, platform: 'linux/amd64' },
      { image: b, platform: 'linux/arm64' },
    ])
    await put(both, '1.0.0')
    const largest = Math.max(...[a, b].map(({ blobs }) => blobs.reduce((sum, { size }) => sum + size, 0)))
    expect(await describeImages('1.0.0')).toMatchObject([
      { imageSizeInBytes: largest, imageManifestMediaType: ociIndex },
    ])
    expect(pushes()).toEqual([
      ['PUSH', '', a.digest],
      ['PUSH', '', b.digest],
      ['PUSH', '1.0.0', both.digest],
    ])
  })
})

describe('reading', () => {
  test('BatchGetImage gives what is there and says what is not', async () => {
    const { aws, put } = await withRepository()
    await put(a, '1.0.0')
    await put(b)
    const imageIds = [{ imageTag: '1.0.0' }, { imageTag: '2.0.0' }, { imageTag: '1.0.0', imageDigest: b.digest }, {}]
    const { images, failures } = await aws.send(new BatchGetImageCommand({ repositoryName, imageIds }))
    expect(images).toMatchObject([{ imageManifest: a.text, imageId: { imageDigest: a.digest, imageTag: '1.0.0' } }])
    expect(failures?.map(({ failureCode }) => failureCode)).toEqual([
      'ImageNotFound',
      'ImageTagDoesNotMatchDigest',
      'MissingDigestAndTag',
    ])
  })

  test('BatchGetImage converts nothing: it refuses where a type that is stored is not accepted', async () => {
    const { aws, put } = await withRepository()
    await put(a, '1.0.0')
    const get = (...acceptedMediaTypes: string[]) =>
      aws.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: '1.0.0' }], acceptedMediaTypes }))
    expect((await get(ociIndex, ociManifest)).images).toMatchObject([{ imageManifest: a.text }])
    await expect(get('application/vnd.docker.distribution.manifest.v2+json')).rejects.toThrow(
      `The local account does not model the conversion of ${ociManifest} into one of the acceptedMediaTypes of ecr:BatchGetImage.`,
    )
    await expect(get()).rejects.toThrow("'acceptedMediaTypes'")
  })

  test('DescribeImages refuses as a whole when one image is missing', async () => {
    const { put, describeImages } = await withRepository()
    await put(a, '1.0.0')
    await expect(describeImages('1.0.0', '2.0.0')).rejects.toThrow(ImageNotFoundException)
  })

  test('pages hold every image once, whatever their size', async () => {
    const { aws, put } = await withRepository()
    for (let i = 0; i < 12; i++) await put(image(`${i}`), `1.0.${i}`)
    for (const pageSize of [1, 5, 12, 13]) {
      const tags: (string | undefined)[] = []
      for await (const page of paginateListImages({ client: aws, pageSize }, { repositoryName })) {
        expect(page.imageIds?.length).toBeLessThanOrEqual(pageSize)
        tags.push(...(page.imageIds ?? []).map(({ imageTag }) => imageTag))
      }
      expect(tags.sort()).toEqual(Array.from({ length: 12 }, (_, i) => `1.0.${i}`).sort())
    }
  })

  test('a token that no page gave is refused', async () => {
    const { aws } = await withRepository()
    const made = new ListImagesCommand({ repositoryName, nextToken: 'made-up' })
    await expect(aws.send(made)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })
})

describe('BatchDeleteImage', () => {
  test('by tag takes the tag, and the image along with its last one', async () => {
    const { aws, put, pushes } = await withRepository()
    await put(a, '1')
    await put(a, '2')
    const remove = (imageTag: string) =>
      aws.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag }] }))
    await remove('1')
    expect((await aws.send(new ListImagesCommand({ repositoryName }))).imageIds).toEqual([
      { imageDigest: a.digest, imageTag: '2' },
    ])
    await remove('2')
    expect((await aws.send(new ListImagesCommand({ repositoryName }))).imageIds).toEqual([])
    expect(pushes().slice(2)).toEqual([
      ['DELETE', '1', a.digest],
      ['DELETE', '2', a.digest],
    ])
  })

  test('spares an image that an index still needs', async () => {
    const { aws, put } = await withRepository()
    await put(a)
    await put(index([{ image: a, platform: 'linux/amd64' }]), 'both')
    const imageIds = [{ imageDigest: a.digest }]
    const { failures } = await aws.send(new BatchDeleteImageCommand({ repositoryName, imageIds }))
    expect(failures).toMatchObject([{ failureCode: 'ImageReferencedByManifestList' }])
  })
})

describe('repositories', () => {
  test('are found by name, and deleted only when empty or forced', async () => {
    const { aws, put } = await withRepository()
    await put(a, '1')
    await expect(aws.send(new DeleteRepositoryCommand({ repositoryName }))).rejects.toMatchObject({
      name: 'RepositoryNotEmptyException',
    })
    await aws.send(new DeleteRepositoryCommand({ repositoryName, force: true }))
    const names = { repositoryNames: [repositoryName] }
    await expect(aws.send(new DescribeRepositoriesCommand(names))).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    })
  })

  test.each([
    {
      case: 'a name in another registry',
      input: { repositoryNames: [repositoryName], registryId: '999999999999' },
      refused: {
        name: 'RepositoryNotFoundException',
        message: "The repository with name 'acme/web' does not exist in the registry with id '999999999999'",
      },
    },
    {
      case: 'the list of another registry',
      input: { registryId: '999999999999' },
      refused: { name: 'AccessDeniedException' },
    },
    {
      case: 'an id that is no registry',
      input: { registryId: 'mine' },
      refused: { name: 'InvalidParameterException' },
    },
    {
      case: 'a name beside an id that is no registry',
      input: { repositoryNames: [repositoryName], registryId: '1' },
      refused: { name: 'InvalidParameterException' },
    },
  ])('$case is refused', async ({ input, refused }) => {
    const { aws } = await withRepository()
    await expect(aws.send(new DescribeRepositoriesCommand(input))).rejects.toMatchObject(refused)
  })

  test.each([
    { case: 'a bad name', input: { repositoryName: 'Acme' }, says: 'repositoryName' },
    { case: 'a taken name', input: { repositoryName }, says: 'already exists' },
    { case: 'tags', input: { repositoryName: 'new', tags: [{ Key: 'a', Value: 'b' }] }, says: 'does not model tags' },
  ])('$case is refused and makes none', async ({ input, says }) => {
    const { aws } = await withRepository()
    await expect(aws.send(new CreateRepositoryCommand(input))).rejects.toThrow(says)
    expect((await aws.send(new DescribeRepositoriesCommand())).repositories).toHaveLength(1)
  })
})

test('whatever is pushed and deleted, each tag leads to the image that its last event named', () => {
  const images = ['a', 'b', 'c'].map(content => image(content))
  const step = fc.record({
    push: fc.boolean(),
    image: fc.constantFrom(...images),
    tag: fc.option(fc.constantFrom('1', '2', 'latest')),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const { ecr, events } = localAccount()
      ecr.createRepository(repositoryName)
      for (const {
        push,
        image: { text, digest },
        tag,
      } of steps) {
        const tagged = tag === null ? {} : { tag }
        if (push) ecr.putManifest({ repository: repositoryName, text, layers: 'may-be-missing', ...tagged })
        else
          ecr.batchDeleteImage({
            repositoryName,
            imageIds: [tag === null ? { imageDigest: digest } : { imageTag: tag }],
          })
      }
      // The world as someone sees it who only hears the events.
      const heard = new Map<unknown, unknown>()
      for (const { detail } of events) {
        if (detail['image-tag'] === '') continue
        if (detail['action-type'] === 'PUSH') heard.set(detail['image-tag'], detail['image-digest'])
        else heard.delete(detail['image-tag'])
      }
      const { tags, images: held } = ecr.repository(repositoryName)
      expect(new Map([...tags].sort())).toEqual(new Map([...heard].sort() as [string, string][]))
      for (const digest of tags.values()) expect(held.has(digest)).toBe(true)
    }),
  )
})
