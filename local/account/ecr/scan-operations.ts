/** ECR's operations on scans: start one, and read what it found. */
import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import { resolveOrThrow } from './image-identifiers.ts'
import { page } from './page.ts'
import { findRepository, type RegistryState, type StoredImage } from './registry.ts'
import { isScannable, type Scan, startScan } from './scan.ts'
import { basicFindings, enhancedFindings } from './scan-findings.ts'

const dayMs = 24 * 60 * 60 * 1000

export function scanOperations(state: RegistryState) {
  return {
    StartImageScan: (input: sdk.StartImageScanRequest): sdk.StartImageScanResponse => {
      const { repository, image, about } = find(state, input)
      if (state.scanning.scanType === 'ENHANCED') throw new AwsError('ValidationException', 'This feature is disabled')
      refuseUnlessScannable(image)
      refuseWithinADay(state, image)
      startScan(state, repository, image)
      return { ...about, ...statusOf(image) }
    },

    DescribeImageScanFindings: (input: sdk.DescribeImageScanFindingsRequest): sdk.DescribeImageScanFindingsResponse => {
      const { repository, image, about } = find(state, input)
      if (!image.scan) {
        throw new AwsError(
          'ScanNotFoundException',
          `Image scan does not exist for the image with '${named(about.imageId)}' in the repository with name ` +
            `'${repository.name}' in the registry with id '${state.context.accountId}'`,
        )
      }
      const found = findingsOf(state, image, image.scan, input)
      return { ...about, ...statusOf(image), ...found }
    },
  }
}

/** What DescribeImages says of an image's scan: nothing when there was none. */
export function scanDetail(image: StoredImage): Pick<sdk.ImageDetail, 'imageScanStatus' | 'imageScanFindingsSummary'> {
  const result = image.scan?.result
  return { ...statusOf(image), ...(result ? { imageScanFindingsSummary: summaryOf(result) } : {}) }
}

function statusOf({ scan, storage }: StoredImage): { imageScanStatus?: sdk.ImageScanStatus } {
  if (!scan) return {}
  // Inspector lets go of what is archived; a basic scan's answer stays what it was.
  if (scan.type === 'ENHANCED' && storage.status === 'ARCHIVED') {
    return { imageScanStatus: { status: 'IMAGE_ARCHIVED', description: 'The image is archived.' } }
  }
  return { imageScanStatus: { status: scan.status, description: scan.description } }
}

function summaryOf({ completedAt, counts }: NonNullable<Scan['result']>): sdk.ImageScanFindingsSummary {
  const vulnerabilitySourceUpdatedAt = new Date(Math.floor(completedAt.getTime() / dayMs) * dayMs)
  return { imageScanCompletedAt: completedAt, vulnerabilitySourceUpdatedAt, findingSeverityCounts: counts }
}

/** Nothing until a scan has completed: a status alone. */
function findingsOf(
  { context }: RegistryState,
  image: StoredImage,
  { type, result }: Scan,
  request: sdk.DescribeImageScanFindingsRequest,
): Pick<sdk.DescribeImageScanFindingsResponse, 'imageScanFindings' | 'nextToken'> {
  if (!result) return {}
  const summary = summaryOf(result)
  if (type === 'BASIC') {
    const { items: findings, ...next } = page(inOrder(basicFindings(result.counts)), ({ at }) => at, request)
    return { imageScanFindings: { ...summary, findings: findings.map(({ finding }) => finding) }, ...next }
  }
  const all = inOrder(enhancedFindings(context, image, result))
  const { items, ...next } = page(all, ({ at }) => at, request)
  return { imageScanFindings: { ...summary, enhancedFindings: items.map(({ finding }) => finding) }, ...next }
}

/** Pages are cut along a key that sorts as text: here the findings' own order. */
function inOrder<Finding>(findings: readonly Finding[]): { finding: Finding; at: string }[] {
  return findings.map((finding, nth) => ({ finding, at: String(nth).padStart(6, '0') }))
}

function find(state: RegistryState, input: sdk.DescribeImageScanFindingsRequest | sdk.StartImageScanRequest) {
  const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
  const image = resolveOrThrow(state, repository, input.imageId ?? {})
  const { imageTag } = input.imageId ?? {}
  const about = {
    registryId: state.context.accountId,
    repositoryName: repository.name,
    imageId: { imageDigest: image.digest, ...(imageTag === undefined ? {} : { imageTag }) },
  }
  return { repository, image, about }
}

function named({ imageDigest, imageTag }: sdk.ImageIdentifier): string {
  return `{imageDigest:'${imageDigest}', imageTag:'${imageTag ?? 'null'}'}`
}

function refuseUnlessScannable(image: StoredImage): void {
  if (image.storage.status !== 'ACTIVE') {
    throw new AwsError('ImageArchivedException', `The image '${image.digest}' is archived and cannot be scanned.`)
  }
  if (isScannable(image)) return
  const { mediaType, artifactMediaType } = image.manifest
  const what = `'${mediaType}'${artifactMediaType ? ` of '${artifactMediaType}'` : ''}`
  throw new AwsError(
    'UnsupportedImageTypeException',
    `The image '${image.digest}' is ${what}, which cannot be scanned.`,
  )
}

/** A scan on push counts too. */
function refuseWithinADay({ context }: RegistryState, { scan, digest }: StoredImage): void {
  if (scan?.type !== 'BASIC' || context.clock.now().getTime() - scan.beganAt.getTime() >= dayMs) return
  throw new AwsError(
    'LimitExceededException',
    `The scan quota per image has been exceeded. Wait and try again: '${digest}' was scanned within 24 hours.`,
  )
}
