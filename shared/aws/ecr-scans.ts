/** What scans found in images: ECR's basic scanning, and Amazon Inspector's, which ECR calls enhanced. */
import {
  DescribeImageScanFindingsCommand,
  type DescribeImageScanFindingsResponse,
  type ECRClient,
  ImageNotFoundException,
  type ImageScanFindings,
  ScanNotFoundException,
} from '@aws-sdk/client-ecr'
import { type ImageScan, type Severity, severities } from '../ports.ts'
import { callEach } from './batches.ts'
import { imagesOf, manifestOf } from './ecr-manifest.ts'
import { saying } from './sdk-error.ts'

/** As the port says. */
export async function scanOf(client: ECRClient, repository: string, digest: string): Promise<ImageScan> {
  const scan = await scanOfOne(client, repository, digest)
  if (scan.state !== 'none') return scan
  // An index is not scanned; the images that it is made of are.
  const manifest = await saying(`ecr:BatchGetImage of ${repository}`, () => manifestOf(client, repository, { digest }))
  const images = manifest && imagesOf(manifest)
  if (!images?.length) return scan
  return together(await callEach(images, image => scanOfOne(client, repository, image)))
}

async function scanOfOne(client: ECRClient, repository: string, digest: string): Promise<ImageScan> {
  return saying(`ecr:DescribeImageScanFindings of ${repository}`, async () => {
    try {
      const input = { repositoryName: repository, imageId: { imageDigest: digest } }
      // The counts are of the whole scan, on every page: the first one is enough.
      return asScan(await client.send(new DescribeImageScanFindingsCommand(input)))
    } catch (error) {
      if (error instanceof ScanNotFoundException) return none('it was never scanned')
      if (error instanceof ImageNotFoundException) return none('there is no such image')
      throw error
    }
  })
}

function asScan({ imageScanStatus, imageScanFindings }: DescribeImageScanFindingsResponse): ImageScan {
  const { status = 'UNKNOWN', description } = imageScanStatus ?? {}
  switch (status) {
    case 'PENDING':
    case 'IN_PROGRESS':
      return { state: 'pending' }
    // Enhanced scanning goes on for as long as the image is there.
    case 'ACTIVE':
      return resultOf(imageScanFindings) ?? { state: 'pending' }
    case 'COMPLETE':
      return resultOf(imageScanFindings) ?? none('ECR says that it was scanned, and not what was found')
    default:
      return none([`the scan's status is ${status}`, description].filter(Boolean).join(': '))
  }
}

/** Undefined when nothing says that a scan has ended: an empty list of findings alone may be one that has not begun. */
function resultOf(findings: ImageScanFindings | undefined): ImageScan | undefined {
  if (!findings?.findingSeverityCounts && !findings?.imageScanCompletedAt) return undefined
  const isUncounted = (findings.findings ?? findings.enhancedFindings ?? []).length > 0
  if (!findings.findingSeverityCounts && isUncounted) return undefined
  const at = findings.imageScanCompletedAt?.toISOString()
  return { state: 'complete', counts: countsOf(findings.findingSeverityCounts ?? {}), ...(at && { at }) }
}

type Counts = Partial<Record<Severity, number>>

function countsOf(said: Partial<Record<string, number>>): Counts {
  const counts: Counts = {}
  for (const [name, count = 0] of Object.entries(said)) {
    // Inspector gives their sum beside them, and severities of its own (UNTRIAGED).
    if (name === 'TOTAL' || count === 0) continue
    const severity = severities.find(each => each === name) ?? 'UNDEFINED'
    counts[severity] = (counts[severity] ?? 0) + count
  }
  return counts
}

/** One of them that is still being scanned may be the worst. */
function together(scans: readonly ImageScan[]): ImageScan {
  if (scans.some(({ state }) => state === 'pending')) return { state: 'pending' }
  const complete = scans.filter(scan => scan.state === 'complete')
  if (complete.length === 0) {
    const why = scans.flatMap(scan => (scan.state === 'none' ? [scan.why] : []))
    return none(`of its images for each platform: ${[...new Set(why)].join('; ')}`)
  }
  const counts: Counts = {}
  for (const scan of complete)
    for (const severity of severities) {
      const count = (counts[severity] ?? 0) + (scan.counts[severity] ?? 0)
      if (count > 0) counts[severity] = count
    }
  const at = complete
    .flatMap(scan => scan.at ?? [])
    .sort()
    .at(-1)
  return { state: 'complete', counts, ...(at && { at }) }
}

function none(why: string): ImageScan {
  return { state: 'none', why }
}
