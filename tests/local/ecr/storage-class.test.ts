import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  type ImageStatusFilter,
  ListImagesCommand,
  type TargetStorageClass,
  UpdateImageStorageClassCommand,
} from '@aws-sdk/client-ecr'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../../local/account/clock.ts'
import { createLocalAccount } from '../../../local/local-account.ts'
import { taskDefinition } from '../../simulated-world.ts'
import { registryHost } from '../wire/local-account.ts'
import { image } from './images.ts'
import { repositoryName, repositoryWith } from './pushed.ts'

async function archive(options: { tagsAreImmutable?: boolean } = {}) {
  const repository = await repositoryWith(options)
  const { aws, ecr, eventsOf } = repository
  const digest = await repository.push(image('a'), '1.0.0')
  const move = (targetStorageClass: TargetStorageClass, imageId: object = { imageTag: '1.0.0' }) =>
    aws.send(new UpdateImageStorageClassCommand({ repositoryName, imageId, targetStorageClass }))
  const listed = async (imageStatus?: ImageStatusFilter) => {
    const filter = imageStatus && { imageStatus }
    const [described, ids] = await Promise.all([
      aws.send(new DescribeImagesCommand({ repositoryName, filter })),
      aws.send(new ListImagesCommand({ repositoryName, filter })),
    ])
    expect(ids.imageIds?.map(({ imageDigest }) => imageDigest)).toEqual(
      described.imageDetails?.map(({ imageDigest }) => imageDigest),
    )
    return described.imageDetails?.map(({ imageStatus }) => imageStatus)
  }
  const canPull = () => ecr.exists(`${registryHost}/${repositoryName}@${digest}`)
  const changes = () =>
    eventsOf('ECR Image Action')
      .map(({ detail }) => detail)
      .filter(detail => detail['action-type'] !== 'PUSH')
  return { ...repository, digest, move, listed, canPull, changes }
}

describe('an archived image', () => {
  test('is told, is seen only when asked for, and can’t be pulled', async () => {
    const { aws, wire, digest, move, listed, canPull, changes, describeImage } = await archive()
    expect(await move('ARCHIVE')).toMatchObject({
      imageId: { imageDigest: digest, imageTag: '1.0.0' },
      imageStatus: 'ARCHIVED',
    })
    expect(changes()).toEqual([
      {
        result: 'SUCCESS',
        'repository-name': repositoryName,
        'image-digest': digest,
        'action-type': 'UPDATE_STORAGE_CLASS',
        'target-storage-class': 'ARCHIVE',
        'image-tag': '1.0.0',
        'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
        'artifact-media-type': 'application/vnd.oci.image.config.v1+json',
      },
    ])
    expect(await listed()).toEqual([])
    expect(await listed('ACTIVE')).toEqual([])
    expect(await listed('ARCHIVED')).toEqual(['ARCHIVED'])
    expect(await listed('ANY')).toEqual(['ARCHIVED'])
    expect(await describeImage(digest, 'ACTIVE')).toBeUndefined()
    expect(await describeImage(digest)).toMatchObject({ lastArchivedAt: new Date('2026-03-01T22:00:00.750Z') })
    expect(canPull()).toBe(false)
    const imageIds = [{ imageTag: '1.0.0' }]
    const { images, failures } = await aws.send(new BatchGetImageCommand({ repositoryName, imageIds }))
    expect([images, failures]).toMatchObject([[], [{ failureCode: 'ImageNotFound' }]])
    const pull = { method: 'GET', path: `/v2/${repositoryName}/manifests/1.0.0`, query: new URLSearchParams() }
    const answer = await wire.handle({ ...pull, headers: {}, body: nothing() })
    expect(answer.status).toBe(404)
    expect(answer.body).toMatch(/is archived: restore it first/)
  })

  test('comes back when it is restored, which takes minutes', async () => {
    const { clock, digest, move, listed, canPull, changes, describeImage } = await archive()
    await move('ARCHIVE')
    await clock.advance(60_000)
    expect(await move('STANDARD')).toMatchObject({ imageStatus: 'ACTIVATING' })
    expect(await listed('ACTIVATING')).toEqual(['ACTIVATING'])
    expect(canPull()).toBe(false)
    expect(changes()).toHaveLength(1)
    await clock.advance(20 * 60_000)
    expect(await listed()).toEqual(['ACTIVE'])
    expect(canPull()).toBe(true)
    expect(changes()[1]).toMatchObject({
      'action-type': 'UPDATE_STORAGE_CLASS',
      'target-storage-class': 'STANDARD',
      'last-activated-at': '2026-03-01T22:11:00Z',
    })
    expect(await describeImage(digest)).toMatchObject({ lastActivatedAt: new Date('2026-03-01T22:11:00.750Z') })
  })

  test('archived again before it was back stays archived', async () => {
    const { clock, move, listed, changes } = await archive()
    await move('ARCHIVE')
    await move('STANDARD')
    await move('ARCHIVE')
    await clock.advance(60 * 60_000)
    expect(await listed('ANY')).toEqual(['ARCHIVED'])
    expect(changes().map(detail => detail['target-storage-class'])).toEqual(['ARCHIVE', 'ARCHIVE'])
  })

  test.each([false, true])(
    'comes back at once when it is pushed again under its tag, be that immutable: %s',
    async tagsAreImmutable => {
      const { push, clock, move, listed, canPull, eventsOf } = await archive({ tagsAreImmutable })
      await move('ARCHIVE')
      await clock.advance(60_000)
      await push(image('a'), '1.0.0')
      expect(await listed()).toEqual(['ACTIVE'])
      expect(canPull()).toBe(true)
      expect(eventsOf('ECR Image Action').map(({ detail }) => detail['action-type'])).toEqual([
        'PUSH',
        'UPDATE_STORAGE_CLASS',
        'PUSH',
      ])
    },
  )

  test('can be deleted, also on its way back', async () => {
    const { aws, clock, digest, move, listed, changes } = await archive()
    await move('ARCHIVE')
    await move('STANDARD')
    await aws.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest: digest }] }))
    await clock.advance(60 * 60_000)
    expect(await listed('ANY')).toEqual([])
    expect(changes().map(detail => detail['action-type'])).toEqual(['UPDATE_STORAGE_CLASS', 'DELETE'])
  })

  test('archived twice is told once; by digest, the event has no tag', async () => {
    const { digest, move, changes } = await archive()
    await move('STANDARD')
    await move('ARCHIVE', { imageDigest: digest })
    expect(await move('ARCHIVE')).toMatchObject({ imageStatus: 'ARCHIVED' })
    expect(changes().map(detail => detail['image-tag'])).toEqual([''])
  })

  test('what is not there, or another class, is refused', async () => {
    const { move } = await archive()
    await expect(move('ARCHIVE', { imageTag: '2.0.0' })).rejects.toMatchObject({ name: 'ImageNotFoundException' })
    await expect(move('GLACIER' as TargetStorageClass)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })
})

test('a task of an archived image fails to start, and one of the restored image runs', async () => {
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const behaviour = () => ({ kind: 'runs' as const })
  const local = createLocalAccount({ clock, region: 'eu-central-1', seed: 1, host: () => 'local', behaviour })
  const call = (service: string, operation: string, input: object) =>
    local.account.call(service, operation, input, { accessKeyId: 'test' })
  const { text, digest } = image('a')
  local.ecr.createRepository(repositoryName)
  local.ecr.putManifest({ repository: repositoryName, text, tag: '1.0.0', layers: 'may-be-missing' })
  await call('ecs', 'CreateCluster', { clusterName: 'demo' })
  const named = `${registryHost}/${repositoryName}@${digest}`
  await call('ecs', 'RegisterTaskDefinition', taskDefinition('web', named))
  const run = async () => {
    const awsvpcConfiguration = { subnets: ['subnet-0a1b2c3d'] }
    const network = { networkConfiguration: { awsvpcConfiguration } }
    await call('ecs', 'RunTask', { cluster: 'demo', taskDefinition: 'web', launchType: 'FARGATE', ...network })
    await clock.advance(5 * 60_000)
    return local.ecs.tasks().at(-1)
  }
  const move = (targetStorageClass: TargetStorageClass) =>
    call('ecr', 'UpdateImageStorageClass', { repositoryName, imageId: { imageDigest: digest }, targetStorageClass })
  await move('ARCHIVE')
  expect(await run()).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'TaskFailedToStart',
    stoppedReason: expect.stringContaining('CannotPullContainerError'),
  })
  await move('STANDARD')
  await clock.advance(20 * 60_000)
  expect(await run()).toMatchObject({ lastStatus: 'RUNNING' })
})

async function* nothing(): AsyncGenerator<Uint8Array> {}
