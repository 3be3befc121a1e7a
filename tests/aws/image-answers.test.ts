/** What ECR may answer of images and scans, and the local account does not. */
import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  type DescribeImageScanFindingsCommandInput,
  type DescribeImageScanFindingsResponse,
  DescribeImagesCommand,
  type DescribeImagesCommandInput,
  ECRClient,
  ImageNotFoundException,
  InvalidParameterException,
  RepositoryNotFoundException,
  ScanNotFoundException,
} from '@aws-sdk/client-ecr'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { ecrRegistry } from '../../shared/aws/ecr-registry.ts'
import { type ImageScan, RefusedError, RetryableError } from '../../shared/ports.ts'
import { everyPage } from './every-page.ts'

const ecr = mockClient(ECRClient)
const registry = ecrRegistry({ region: 'eu-north-1' })
beforeEach(() => {
  ecr.reset()
})

const $metadata = { httpStatusCode: 400 }
const message = 'no'

describe('images', () => {
  test.each([
    { imageStatus: 'ACTIVE' as const, isArchived: false },
    { imageStatus: undefined, isArchived: false },
    { imageStatus: 'ARCHIVED' as const, isArchived: true },
    { imageStatus: 'ACTIVATING' as const, isArchived: true },
  ])('$imageStatus: archived $isArchived', async ({ imageStatus, isArchived }) => {
    const detail = { imageDigest: 'sha256:a', imageTags: ['1'], ...(imageStatus && { imageStatus }) }
    ecr.on(DescribeImagesCommand).resolves({ imageDetails: [detail] })
    expect(await registry.describeImages('acme/web', [{ tag: '1' }])).toStrictEqual([
      { repository: 'acme/web', digest: 'sha256:a', tags: ['1'], region: 'eu-north-1', isArchived },
    ])
    expect((await everyPage(registry.listImages('acme/web'))).flat()).toHaveLength(isArchived ? 0 : 1)
  })

  test.each([
    { case: 'is none', error: new ImageNotFoundException({ message, $metadata }) },
    { case: 'can not be asked for with a filter', error: new InvalidParameterException({ message, $metadata }) },
  ])('an image that is not found, and archived $case: absent', async ({ error }) => {
    ecr.on(DescribeImagesCommand).callsFake(({ filter }: DescribeImagesCommandInput) => {
      throw filter ? error : new ImageNotFoundException({ message, $metadata })
    })
    expect(await registry.describeImages('acme/web', [{ tag: '1' }])).toEqual([])
    const filters = ecr.commandCalls(DescribeImagesCommand).map(call => call.args[0].input.filter)
    expect(filters).toEqual([undefined, { imageStatus: 'ANY' }])
  })

  test('ECR that throttles the second look does not make the image absent', async () => {
    ecr.on(DescribeImagesCommand).callsFake(({ filter }: DescribeImagesCommandInput) => {
      if (filter) throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata })
      throw new ImageNotFoundException({ message, $metadata })
    })
    await expect(registry.describeImages('acme/web', [{ tag: '1' }])).rejects.toThrow(RetryableError)
  })

  test('what ECR lists without a digest or a tag is nothing to deploy', async () => {
    const imageDetails = [
      { imageTags: ['1'] },
      { imageDigest: 'sha256:a' },
      { imageDigest: 'sha256:b', imageTags: ['2'] },
    ]
    ecr.on(DescribeImagesCommand).resolvesOnce({ nextToken: '2' }).resolvesOnce({ imageDetails, nextToken: '' })
    expect((await everyPage(registry.listImages('acme/web'))).flat().map(({ digest }) => digest)).toEqual(['sha256:b'])
    expect(ecr.commandCalls(DescribeImagesCommand)[0]?.args[0].input).toMatchObject({
      filter: { tagStatus: 'TAGGED' },
      maxResults: 1000,
    })
  })
})

describe('scans', () => {
  const at = new Date('2026-03-01T22:01:00Z')
  const noScan = new ScanNotFoundException({ message, $metadata })

  /** ECR that answers so for each digest, and has these manifests. */
  function scans(
    answers: Record<string, Partial<DescribeImageScanFindingsResponse> | Error>,
    manifests: Record<string, object> = {},
  ): void {
    ecr.on(DescribeImageScanFindingsCommand).callsFake(({ imageId }: DescribeImageScanFindingsCommandInput) => {
      const answer = answers[imageId?.imageDigest ?? '']
      if (answer instanceof Error) throw answer
      return answer
    })
    ecr.on(BatchGetImageCommand).callsFake(({ imageIds }) => {
      const manifest = manifests[imageIds[0].imageDigest]
      return { images: manifest ? [{ imageManifest: JSON.stringify(manifest) }] : [] }
    })
  }

  const complete = (findingSeverityCounts: Record<string, number>, completedAt = at) => ({
    imageScanStatus: { status: 'COMPLETE' as const },
    imageScanFindings: { findingSeverityCounts, imageScanCompletedAt: completedAt },
  })

  test.each<[string, Partial<DescribeImageScanFindingsResponse>, ImageScan]>([
    ['basic', complete({ HIGH: 2, LOW: 1 }), { state: 'complete', counts: { HIGH: 2, LOW: 1 }, at: at.toISOString() }],
    ['clean', complete({}), { state: 'complete', counts: {}, at: at.toISOString() }],
    [
      'zeros are left out',
      complete({ CRITICAL: 0, MEDIUM: 1 }),
      { state: 'complete', counts: { MEDIUM: 1 }, at: at.toISOString() },
    ],
    [
      'enhanced, with a total and a severity that ECR does not have',
      { ...complete({ CRITICAL: 1, UNTRIAGED: 2, UNDEFINED: 1, TOTAL: 4 }), imageScanStatus: { status: 'ACTIVE' } },
      { state: 'complete', counts: { CRITICAL: 1, UNDEFINED: 3 }, at: at.toISOString() },
    ],
    [
      'counts without a time',
      { imageScanStatus: { status: 'ACTIVE' }, imageScanFindings: { findingSeverityCounts: { LOW: 1 } } },
      { state: 'complete', counts: { LOW: 1 } },
    ],
    ['in progress', { imageScanStatus: { status: 'IN_PROGRESS' } }, { state: 'pending' }],
    ['enhanced, not begun', { imageScanStatus: { status: 'PENDING' } }, { state: 'pending' }],
    [
      'enhanced, of which nothing says that it ended: an empty list is no clean bill',
      { imageScanStatus: { status: 'ACTIVE' }, imageScanFindings: { findings: [] } },
      { state: 'pending' },
    ],
    [
      'complete, and not what was found',
      { imageScanStatus: { status: 'COMPLETE' } },
      { state: 'none', why: 'ECR says that it was scanned, and not what was found' },
    ],
    [
      'findings that nobody counted',
      {
        imageScanStatus: { status: 'COMPLETE' },
        imageScanFindings: { imageScanCompletedAt: at, findings: [{ name: 'CVE-2026-1', severity: 'CRITICAL' }] },
      },
      { state: 'none', why: 'ECR says that it was scanned, and not what was found' },
    ],
    [
      'failed',
      { imageScanStatus: { status: 'FAILED', description: 'UnsupportedImageError' } },
      { state: 'none', why: "the scan's status is FAILED: UnsupportedImageError" },
    ],
    ...(
      [
        'UNSUPPORTED_IMAGE',
        'SCAN_ELIGIBILITY_EXPIRED',
        'FINDINGS_UNAVAILABLE',
        'LIMIT_EXCEEDED',
        'IMAGE_ARCHIVED',
        'NEW',
      ] as const
    ).map((status): [string, Partial<DescribeImageScanFindingsResponse>, ImageScan] => [
      status,
      // An old result beside a status that disowns it is none.
      { ...complete({ LOW: 1 }), imageScanStatus: { status: status as never } },
      { state: 'none', why: `the scan's status is ${status}` },
    ]),
    ['no status at all', {}, { state: 'none', why: "the scan's status is UNKNOWN" }],
  ])('%s', async (_, answer, expected) => {
    scans({ 'sha256:a': answer })
    expect(await registry.scanOf('acme/web', 'sha256:a')).toStrictEqual(expected)
  })

  test.each([
    { error: noScan, why: 'it was never scanned' },
    { error: new ImageNotFoundException({ message, $metadata }), why: 'there is no such image' },
  ])('$error.name: none, because $why', async ({ error, why }) => {
    scans({ 'sha256:a': error }, { 'sha256:a': { config: { digest: 'sha256:c' } } })
    expect(await registry.scanOf('acme/web', 'sha256:a')).toEqual({ state: 'none', why })
  })

  const amd = { os: 'linux', architecture: 'amd64' }
  const arm = { os: 'linux', architecture: 'arm64' }
  const provenance = { os: 'unknown', architecture: 'unknown' }
  const index = {
    manifests: [
      { digest: 'sha256:amd', platform: amd },
      { digest: 'sha256:provenance', platform: provenance },
      { digest: 'sha256:arm', platform: arm },
    ],
  }
  const later = new Date('2026-03-01T22:05:00Z')
  const pending = { imageScanStatus: { status: 'IN_PROGRESS' as const } }
  const unsupported = { imageScanStatus: { status: 'UNSUPPORTED_IMAGE' as const } }

  test.each<[string, { amd: object | Error; arm: object | Error; index?: object | Error }, ImageScan]>([
    [
      'counts are added up, at the time of the latest',
      { amd: complete({ HIGH: 2 }, later), arm: complete({ HIGH: 1, LOW: 4 }) },
      { state: 'complete', counts: { HIGH: 3, LOW: 4 }, at: later.toISOString() },
    ],
    ['one that is pending makes all pending', { amd: complete({}), arm: pending }, { state: 'pending' }],
    [
      'one without a result says nothing against the other',
      { amd: noScan, arm: complete({ CRITICAL: 1 }) },
      { state: 'complete', counts: { CRITICAL: 1 }, at: at.toISOString() },
    ],
    [
      'none has a result',
      { amd: noScan, arm: unsupported },
      {
        state: 'none',
        why: "of its images for each platform: it was never scanned; the scan's status is UNSUPPORTED_IMAGE",
      },
    ],
    [
      'an index that is unsupported, as enhanced scanning may say of it',
      { index: unsupported, amd: complete({}), arm: complete({ LOW: 1 }) },
      { state: 'complete', counts: { LOW: 1 }, at: at.toISOString() },
    ],
  ])('of an index: %s', async (_, answers, expected) => {
    scans(
      { 'sha256:i': answers.index ?? noScan, 'sha256:amd': answers.amd, 'sha256:arm': answers.arm },
      { 'sha256:i': index },
    )
    expect(await registry.scanOf('acme/web', 'sha256:i')).toStrictEqual(expected)
    const asked = ecr
      .commandCalls(DescribeImageScanFindingsCommand)
      .map(call => call.args[0].input.imageId?.imageDigest)
    expect(asked).toEqual(['sha256:i', 'sha256:amd', 'sha256:arm'])
  })

  test('an index of provenance alone was never scanned', async () => {
    scans({ 'sha256:i': noScan }, { 'sha256:i': { manifests: [{ digest: 'sha256:p', platform: provenance }] } })
    expect(await registry.scanOf('acme/web', 'sha256:i')).toEqual({ state: 'none', why: 'it was never scanned' })
  })

  test('a repository that is gone is refused, ECR that throttles is asked again later: neither is "none"', async () => {
    scans({ 'sha256:a': new RepositoryNotFoundException({ message, $metadata }) })
    await expect(registry.scanOf('acme/web', 'sha256:a')).rejects.toThrow(RefusedError)
    scans({ 'sha256:a': Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata }) })
    await expect(registry.scanOf('acme/web', 'sha256:a')).rejects.toThrow(RetryableError)
    scans({ 'sha256:a': noScan })
    ecr.on(BatchGetImageCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata }))
    await expect(registry.scanOf('acme/web', 'sha256:a')).rejects.toThrow('ecr:BatchGetImage of acme/web: Access')
  })
})
