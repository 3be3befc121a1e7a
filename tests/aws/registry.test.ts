/** Images through the SDK: on the local account. */
import { expect, test } from 'vitest'
import { RefusedError } from '../../shared/ports.ts'
import { accountId, region, simulatedWorld } from '../simulated-world.ts'
import { everyPage } from './every-page.ts'

function pushed(versions: readonly string[]) {
  const simulated = simulatedWorld()
  const digests = versions.map(version => simulated.push('acme/web', version).detail['image-digest'])
  simulated.calls.length = 0
  const archive = (imageDigest: string) =>
    simulated.call('ecr', 'UpdateImageStorageClass', {
      repositoryName: 'acme/web',
      imageId: { imageDigest },
      targetStorageClass: 'ARCHIVE',
    })
  return { ...simulated, registry: simulated.world.registry, digests, archive }
}

test('an image is told whole: every tag, where it is, when it was pushed', async () => {
  const { registry, push, digests, calls } = pushed(['1.0.0'])
  push('acme/web', 'latest', '1.0.0')
  expect(await registry.describeImages('acme/web', [{ tag: '1.0.0' }])).toEqual([
    {
      repository: 'acme/web',
      digest: digests[0],
      tags: expect.toSatisfy((tags: string[]) => tags.toSorted().join() === '1.0.0,latest'),
      pushedAt: new Date('2026-03-01T22:00:00Z'),
      account: accountId,
      region,
      isArchived: false,
    },
  ])
  expect(calls).toEqual(['ecr:DescribeImages'])
})

test('of several that are asked for, those that are missing keep none of the others away; each is told once', async () => {
  const { registry, digests } = pushed(['1.0.0', '1.1.0'])
  const [first = '', second = ''] = digests
  const ids = [{ tag: '1.0.0' }, { digest: first }, { tag: 'none' }, { digest: second }]
  expect((await registry.describeImages('acme/web', ids)).map(({ digest }) => digest)).toEqual([first, second])
  expect(await registry.describeImages('acme/web', [{ tag: 'none' }])).toEqual([])
  expect(await registry.describeImages('acme/web', [])).toEqual([])
})

test('an archived image is told as archived by its name, and not listed among what can run', async () => {
  const { registry, digests, archive } = pushed(['1.0.0', '1.1.0'])
  const [first = '', second = ''] = digests
  await archive(first)
  const both = await registry.describeImages('acme/web', [{ digest: first }, { tag: '1.1.0' }])
  expect(new Map(both.map(({ digest, isArchived }) => [digest, isArchived]))).toEqual(
    new Map([
      [first, true],
      [second, false],
    ]),
  )
  expect((await everyPage(registry.listImages('acme/web'))).flat()).toMatchObject([{ digest: second, tags: ['1.1.0'] }])
})

test('every tagged image of a repository, by pages of a thousand', async () => {
  const versions = Array.from({ length: 1_030 }, (_, nth) => `1.0.${nth}`)
  const { registry, digests, calls, call } = pushed(versions)
  await call('ecr', 'BatchDeleteImage', { repositoryName: 'acme/web', imageIds: [{ imageTag: '1.0.7' }] })
  calls.length = 0
  const pages = await everyPage(registry.listImages('acme/web'))
  expect(pages.map(({ length }) => length)).toEqual([1000, 29])
  expect(new Set(pages.flat().map(({ digest }) => digest))).toEqual(
    new Set(digests.filter((_, nth) => versions[nth] !== '1.0.7')),
  )
  expect(calls).toEqual(['ecr:DescribeImages', 'ecr:DescribeImages'])
})

test('a repository that does not exist lists none, and tells of an image only that it is refused', async () => {
  const { registry } = pushed([])
  expect((await everyPage(registry.listImages('acme/none'))).flat()).toEqual([])
  const asked = registry.describeImages('acme/none', [{ tag: '1.0.0' }])
  await expect(asked).rejects.toThrow(RefusedError)
  await expect(asked).rejects.toMatchObject({ code: 'RepositoryNotFoundException' })
})
