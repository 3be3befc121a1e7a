import {
  BatchDeleteImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeRepositoriesCommand,
  GetRegistryScanningConfigurationCommand,
  ImageArchivedException,
  LimitExceededException,
  PutImageScanningConfigurationCommand,
  PutRegistryScanningConfigurationCommand,
  paginateDescribeImageScanFindings,
  type RegistryScanningRule,
  ScanNotFoundException,
  type ScanType,
  StartImageScanCommand,
  UnsupportedImageTypeException,
  UpdateImageStorageClassCommand,
} from '@aws-sdk/client-ecr'
import { describe, expect, test } from 'vitest'
import { scanPlan } from '../../../local/account/ecr/scan-plan.ts'
import { image, index, sha256 } from './images.ts'
import { repositoryArn, repositoryName, repositoryWith } from './pushed.ts'

async function scanned(options: { scanOnPush?: boolean } = {}) {
  const repository = await repositoryWith(options)
  const { aws } = repository
  return {
    ...repository,
    findings: (imageDigest: string) =>
      aws.send(new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageDigest } })),
    scan: (imageDigest: string) => aws.send(new StartImageScanCommand({ repositoryName, imageId: { imageDigest } })),
    setRegistry: (scanType: ScanType, ...rules: RegistryScanningRule[]) =>
      aws.send(new PutRegistryScanningConfigurationCommand({ scanType, rules })),
  }
}

const rule = (scanFrequency: RegistryScanningRule['scanFrequency'], filter: string): RegistryScanningRule => ({
  scanFrequency,
  repositoryFilters: [{ filter, filterType: 'WILDCARD' }],
})

const flawed = image('flawed', { labels: { 'local.findings': 'HIGH=3,CRITICAL=1' } })

describe('a basic scan on push', () => {
  test('is in progress, then complete: the same in the event, in DescribeImages and in its findings', async () => {
    const { clock, push, findings, describeImage, eventsOf } = await scanned({ scanOnPush: true })
    const digest = await push(flawed, '1.0.0')
    expect(await findings(digest)).toMatchObject({ imageScanStatus: { status: 'IN_PROGRESS' } })
    expect(await findings(digest)).not.toHaveProperty('imageScanFindings')
    await clock.advance(20_000)
    const counts = { CRITICAL: 1, HIGH: 3 }
    const imageScanCompletedAt = new Date('2026-03-01T22:00:20.750Z')
    expect(await findings(digest)).toMatchObject({
      registryId: '123456789012',
      repositoryName,
      imageId: { imageDigest: digest },
      imageScanStatus: { status: 'COMPLETE' },
      imageScanFindings: {
        findingSeverityCounts: counts,
        imageScanCompletedAt,
        vulnerabilitySourceUpdatedAt: new Date('2026-03-01T00:00:00Z'),
        findings: [
          { severity: 'CRITICAL', name: 'LOCAL-CRITICAL-0001' },
          { severity: 'HIGH' },
          { severity: 'HIGH' },
          { severity: 'HIGH', name: 'LOCAL-HIGH-0003' },
        ],
      },
    })
    expect(await describeImage(digest)).toMatchObject({
      imageScanStatus: { status: 'COMPLETE' },
      imageScanFindingsSummary: { imageScanCompletedAt, findingSeverityCounts: counts },
    })
    expect(eventsOf('ECR Image Scan')).toEqual([
      {
        source: 'aws.ecr',
        'detail-type': 'ECR Image Scan',
        resources: [repositoryArn],
        detail: {
          'scan-status': 'COMPLETE',
          'repository-name': repositoryName,
          'finding-severity-counts': counts,
          'image-digest': digest,
          'image-tags': ['1.0.0'],
        },
      },
    ])
  })

  test.each([
    { case: 'later', label: 'after 90s', seconds: 90, status: 'COMPLETE', counts: {} },
    { case: 'failing', label: 'fails', seconds: 20, status: 'FAILED', counts: {} },
    { case: 'unsupported', label: 'unsupported', seconds: 20, status: 'UNSUPPORTED_IMAGE', counts: {} },
  ])('$case, as the label local.scan says', async ({ label, seconds, status, counts }) => {
    const { clock, push, findings, eventsOf } = await scanned({ scanOnPush: true })
    const digest = await push(image('a', { labels: { 'local.scan': label } }))
    await clock.advance(seconds * 1000 - 1)
    expect((await findings(digest)).imageScanStatus).toMatchObject({ status: 'IN_PROGRESS' })
    await clock.advance(1)
    expect((await findings(digest)).imageScanStatus).toMatchObject({ status })
    expect(eventsOf('ECR Image Scan').map(({ detail }) => detail)).toMatchObject([
      { 'scan-status': status, 'finding-severity-counts': counts, 'image-tags': [] },
    ])
  })

  test('of an index is none, but one of each image in it; of a signature there is none either', async () => {
    const { clock, push, findings, describeImage, eventsOf } = await scanned({ scanOnPush: true })
    const child = image('child')
    await push(child)
    const list = await push(index([{ image: child, platform: 'linux/amd64' }]), '1.0.0')
    const { blobs, mediaType, text } = image('signature')
    const artifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json'
    const signature = JSON.stringify({ ...JSON.parse(text), artifactType })
    const signed = sha256(signature)
    await push({ blobs, mediaType, text: signature, digest: signed }, 'sha256-1.sig')
    await clock.advance(60_000)
    expect(eventsOf('ECR Image Scan').map(({ detail }) => detail['image-digest'])).toEqual([child.digest])
    await expect(findings(list)).rejects.toThrow(ScanNotFoundException)
    expect(await describeImage(list)).not.toHaveProperty('imageScanStatus')
    await expect(findings(signed)).rejects.toThrow(ScanNotFoundException)
  })

  test('of an image that gets another tag is not repeated', async () => {
    const { clock, push, eventsOf } = await scanned({ scanOnPush: true })
    await push(flawed, '1.0.0')
    await clock.advance(60_000)
    await push(flawed, 'latest')
    await clock.advance(60_000)
    expect(eventsOf('ECR Image Scan')).toHaveLength(1)
  })

  test('of what was deleted meanwhile tells nothing', async () => {
    const { aws, clock, push, eventsOf } = await scanned({ scanOnPush: true })
    const digest = await push(flawed, '1.0.0')
    await aws.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest: digest }] }))
    await clock.advance(60_000)
    expect(eventsOf('ECR Image Scan')).toEqual([])
  })

  test('follows the repository as it is set now', async () => {
    const { aws, push, findings } = await scanned()
    const digest = await push(flawed)
    await expect(findings(digest)).rejects.toThrow(
      /Image scan does not exist for the image with '\{imageDigest:'sha256:/,
    )
    const imageScanningConfiguration = { scanOnPush: true }
    await aws.send(new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration }))
    const { repositories } = await aws.send(new DescribeRepositoriesCommand())
    expect(repositories).toMatchObject([{ imageScanningConfiguration }])
    expect(await findings(await push(image('next')))).toMatchObject({ imageScanStatus: { status: 'IN_PROGRESS' } })
  })
})

describe('StartImageScan', () => {
  test('scans what is there, once a day', async () => {
    const { clock, push, scan, findings } = await scanned()
    const digest = await push(flawed, '1.0.0')
    expect(await scan(digest)).toMatchObject({ imageScanStatus: { status: 'IN_PROGRESS' } })
    await clock.advance(24 * 3_600_000 - 1)
    await expect(scan(digest)).rejects.toThrow(LimitExceededException)
    await clock.advance(1)
    await scan(digest)
    // What the last one found is kept until the new one is done.
    expect(await findings(digest)).toMatchObject({
      imageScanStatus: { status: 'IN_PROGRESS' },
      imageScanFindings: { imageScanCompletedAt: new Date('2026-03-01T22:00:20.750Z') },
    })
    await clock.advance(20_000)
    expect(await findings(digest)).toMatchObject({
      imageScanFindings: { imageScanCompletedAt: new Date('2026-03-02T22:00:20.750Z') },
    })
  })

  test('a scan on push counts', async () => {
    const { push, scan } = await scanned({ scanOnPush: true })
    await expect(scan(await push(flawed))).rejects.toThrow(LimitExceededException)
  })

  test('refuses an index, an archived image, and all with enhanced scanning', async () => {
    const { aws, push, scan, setRegistry } = await scanned()
    const digest = await push(flawed)
    const list = await push(index([{ image: flawed, platform: 'linux/amd64' }]), '1.0.0')
    await expect(scan(list)).rejects.toThrow(UnsupportedImageTypeException)
    await setRegistry('ENHANCED')
    await expect(scan(digest)).rejects.toThrow('This feature is disabled')
    await setRegistry('BASIC')
    const imageId = { imageDigest: digest }
    await aws.send(new UpdateImageStorageClassCommand({ repositoryName, imageId, targetStorageClass: 'ARCHIVE' }))
    await expect(scan(digest)).rejects.toThrow(ImageArchivedException)
  })
})

describe('the registry', () => {
  test.each<{ filter: string; type: ScanType; frequency: RegistryScanningRule['scanFrequency']; status?: string }>([
    { type: 'BASIC', frequency: 'SCAN_ON_PUSH', filter: '*', status: 'COMPLETE' },
    { type: 'BASIC', frequency: 'SCAN_ON_PUSH', filter: 'acme/*', status: 'COMPLETE' },
    { type: 'BASIC', frequency: 'SCAN_ON_PUSH', filter: 'web', status: 'COMPLETE' },
    { type: 'BASIC', frequency: 'SCAN_ON_PUSH', filter: 'web*' },
    { type: 'ENHANCED', frequency: 'SCAN_ON_PUSH', filter: '*/web', status: 'COMPLETE' },
    { type: 'ENHANCED', frequency: 'CONTINUOUS_SCAN', filter: '*', status: 'ACTIVE' },
    { type: 'ENHANCED', frequency: 'CONTINUOUS_SCAN', filter: 'acme/worker' },
  ])('$type $frequency of $filter: a push to acme/web ends $status', async ({ type, frequency, filter, status }) => {
    const { clock, push, describeImage, setRegistry } = await scanned()
    await setRegistry(type, rule(frequency, filter))
    const digest = await push(flawed)
    await clock.advance(60_000)
    expect((await describeImage(digest))?.imageScanStatus?.status).toBe(status)
  })

  test('enhanced: the event is Inspector’s, and turning it on scans what is there', async () => {
    const { clock, push, findings, eventsOf, setRegistry } = await scanned()
    const digest = await push(flawed, '1.0.0')
    await setRegistry('ENHANCED', rule('CONTINUOUS_SCAN', '*'))
    expect((await findings(digest)).imageScanStatus).toMatchObject({ status: 'PENDING' })
    await clock.advance(20_000)
    const { imageScanFindings } = await findings(digest)
    expect(imageScanFindings).not.toHaveProperty('findings')
    expect(imageScanFindings?.enhancedFindings?.map(({ severity, status }) => [severity, status])).toEqual([
      ['CRITICAL', 'ACTIVE'],
      ...Array(3).fill(['HIGH', 'ACTIVE']),
    ])
    expect(eventsOf('ECR Image Scan')).toEqual([])
    expect(eventsOf('Inspector2 Scan')).toEqual([
      {
        source: 'aws.inspector2',
        'detail-type': 'Inspector2 Scan',
        resources: [repositoryArn],
        detail: {
          'scan-status': 'INITIAL_SCAN_COMPLETE',
          'repository-name': repositoryArn,
          'finding-severity-counts': { CRITICAL: 1, HIGH: 3, TOTAL: 4 },
          'image-digest': digest,
          'image-tags': ['1.0.0'],
          version: '1.0',
        },
      },
    ])
    await setRegistry('ENHANCED', rule('CONTINUOUS_SCAN', 'acme/*'))
    expect((await findings(digest)).imageScanStatus).toMatchObject({ status: 'ACTIVE' })
  })

  test('enhanced, turned on while a basic scan runs, takes its place', async () => {
    const { clock, push, eventsOf, setRegistry } = await scanned({ scanOnPush: true })
    await push(flawed)
    await clock.advance(10_000)
    await setRegistry('ENHANCED', rule('CONTINUOUS_SCAN', '*'))
    await clock.advance(60_000)
    expect(eventsOf('ECR Image Scan')).toEqual([])
    expect(eventsOf('Inspector2 Scan')).toHaveLength(1)
  })

  test('enhanced: of a scan that failed Inspector tells nothing', async () => {
    const { clock, push, findings, eventsOf, setRegistry } = await scanned()
    await setRegistry('ENHANCED', rule('SCAN_ON_PUSH', '*'))
    const digest = await push(image('a', { labels: { 'local.scan': 'unsupported' } }))
    await clock.advance(60_000)
    expect((await findings(digest)).imageScanStatus).toMatchObject({ status: 'UNSUPPORTED_IMAGE' })
    expect(eventsOf('Inspector2 Scan')).toEqual([])
  })

  test('is read as it was set', async () => {
    const { aws, setRegistry } = await scanned()
    const read = async () => (await aws.send(new GetRegistryScanningConfigurationCommand({}))).scanningConfiguration
    expect(await read()).toEqual({ scanType: 'BASIC', rules: [] })
    await setRegistry('ENHANCED', rule('CONTINUOUS_SCAN', 'acme/*'))
    expect(await read()).toEqual({ scanType: 'ENHANCED', rules: [rule('CONTINUOUS_SCAN', 'acme/*')] })
  })

  test.each<{ case: string; type: ScanType; rules: RegistryScanningRule[]; says: string }>([
    { case: 'continuous basic scans', type: 'BASIC', rules: [rule('CONTINUOUS_SCAN', '*')], says: 'SCAN_ON_PUSH' },
    { case: 'a filter of another form', type: 'ENHANCED', rules: [rule('SCAN_ON_PUSH', 'Acme?')], says: 'filter' },
    { case: 'three rules', type: 'ENHANCED', rules: Array(3).fill(rule('SCAN_ON_PUSH', '*')), says: 'at most 2 rules' },
  ])('$case are refused and change nothing', async ({ type, rules, says }) => {
    const { aws, setRegistry } = await scanned()
    await expect(setRegistry(type, ...rules)).rejects.toThrow(says)
    const { scanningConfiguration } = await aws.send(new GetRegistryScanningConfigurationCommand({}))
    expect(scanningConfiguration).toEqual({ scanType: 'BASIC', rules: [] })
  })
})

test.each([1, 5, 12, 100])('pages of %i hold every finding once, the gravest first', async pageSize => {
  const { aws, clock, push } = await scanned({ scanOnPush: true })
  const digest = await push(image('a', { labels: { 'local.findings': 'LOW=9,CRITICAL=3' } }))
  await clock.advance(20_000)
  const names: (string | undefined)[] = []
  const request = { repositoryName, imageId: { imageDigest: digest } }
  for await (const page of paginateDescribeImageScanFindings({ client: aws, pageSize }, request)) {
    expect(page.imageScanFindings?.findings?.length).toBeLessThanOrEqual(pageSize)
    names.push(...(page.imageScanFindings?.findings ?? []).map(({ severity }) => severity))
  }
  expect(names).toEqual([...Array(3).fill('CRITICAL'), ...Array(9).fill('LOW')])
})

test.each<{ labels: Record<string, string>; plan: object }>([
  { labels: {}, plan: { outcome: 'complete', afterMs: 20_000, counts: {} } },
  { labels: { 'local.findings': '' }, plan: { outcome: 'complete', counts: {} } },
  { labels: { 'local.findings': ' HIGH=2 , LOW=0' }, plan: { outcome: 'complete', counts: { HIGH: 2 } } },
  { labels: { 'local.scan': 'after 1m30s' }, plan: { outcome: 'complete', afterMs: 90_000 } },
  { labels: { 'local.findings': 'GRAVE=1' }, plan: failing(/local.findings is "GRAVE=1"/) },
  { labels: { 'local.findings': 'HIGH=1,HIGH=2' }, plan: failing(/Try CRITICAL=1,HIGH=3/) },
  { labels: { 'local.findings': 'HIGH' }, plan: failing(/local.findings is "HIGH"/) },
  { labels: { 'local.scan': 'soon' }, plan: failing(/local.scan is "soon". Try after 90s/) },
])('the labels $labels', ({ labels, plan }) => {
  expect(scanPlan(labels)).toMatchObject(plan)
})

function failing(because: RegExp) {
  return { outcome: 'fails', because: expect.stringMatching(because) }
}
