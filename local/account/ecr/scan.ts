/** An image's scan: how it begins, what it comes to, and the event that tells. */
import type * as sdk from '@aws-sdk/client-ecr'
import { labelsOf } from './lookup.ts'
import { type RegistryState, type Repository, type StoredImage, tagsOf } from './registry.ts'
import { type ScanPlan, type SeverityCounts, scanPlan } from './scan-plan.ts'
import { scanFrequency } from './scan-rules.ts'

export interface Scan {
  type: sdk.ScanType
  status: sdk.ScanStatus
  description: string
  beganAt: Date
  /** Of the latest scan that completed, while another one runs too. */
  result?: { completedAt: Date; counts: SeverityCounts }
}

const imageConfigs = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json']

/** An index has no scan of its own: its images have. Signatures and other artifacts have none at all. */
export function isScannable({ manifest }: StoredImage): boolean {
  return manifest.children.length === 0 && imageConfigs.includes(manifest.artifactMediaType ?? '')
}

/** Scans what was just pushed, where the registry or the repository wants that. */
export function scanOnPush(state: RegistryState, repository: Repository, image: StoredImage): void {
  if (isScannable(image) && scanFrequency(state, repository) !== 'MANUAL') startScan(state, repository, image)
}

/** Enhanced scanning that is switched on turns to what is there already. */
export function scanWhatIsThere(state: RegistryState): void {
  for (const repository of state.repositories.values()) {
    for (const image of repository.images.values()) {
      if (image.scan?.type !== 'ENHANCED') scanOnPush(state, repository, image)
    }
  }
}

/** Begins a scan of the registry's present type. */
export function startScan(state: RegistryState, repository: Repository, image: StoredImage): void {
  const { clock } = state.context
  const type = state.scanning.scanType
  const isBasic = type === 'BASIC'
  const scan: Scan = {
    type,
    status: isBasic ? 'IN_PROGRESS' : 'PENDING',
    description: isBasic ? 'The scan is in progress.' : 'The image is waiting for its first scan.',
    beganAt: clock.now(),
    ...(image.scan?.result ? { result: image.scan.result } : {}),
  }
  image.scan = scan
  const plan = scanPlan(labelsOf(state, repository, image))
  clock.after(plan.afterMs, () => {
    const isStillThere = state.repositories.get(repository.name)?.images.get(image.digest) === image
    if (isStillThere && image.scan === scan) end(state, repository, image, scan, plan)
  })
}

function end(state: RegistryState, repository: Repository, image: StoredImage, scan: Scan, plan: ScanPlan): void {
  if (plan.outcome === 'complete') {
    const isWatched = scan.type === 'ENHANCED' && scanFrequency(state, repository) === 'CONTINUOUS_SCAN'
    scan.status = isWatched ? 'ACTIVE' : 'COMPLETE'
    scan.description = isWatched ? 'Continuous scan is selected for image.' : 'The scan was completed successfully.'
    scan.result = { completedAt: state.context.clock.now(), counts: plan.counts }
  } else {
    scan.status = plan.outcome === 'fails' ? 'FAILED' : 'UNSUPPORTED_IMAGE'
    scan.description = plan.because
  }
  tell(state, repository, image, scan, plan)
}

function tell(state: RegistryState, repository: Repository, image: StoredImage, scan: Scan, plan: ScanPlan): void {
  const counts = plan.outcome === 'complete' ? plan.counts : {}
  const about = { 'image-digest': image.digest, 'image-tags': tagsOf(repository, image.digest) }
  if (scan.type === 'BASIC') {
    state.context.emit({
      source: 'aws.ecr',
      'detail-type': 'ECR Image Scan',
      resources: [repository.arn],
      detail: {
        'scan-status': scan.status,
        'repository-name': repository.name,
        'finding-severity-counts': counts,
        ...about,
      },
    })
  } else if (plan.outcome === 'complete') {
    // Inspector tells of first scans that completed, and of no others.
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    state.context.emit({
      source: 'aws.inspector2',
      'detail-type': 'Inspector2 Scan',
      resources: [repository.arn],
      detail: {
        'scan-status': 'INITIAL_SCAN_COMPLETE',
        'repository-name': repository.arn,
        'finding-severity-counts': { ...counts, TOTAL: total },
        ...about,
        version: '1.0',
      },
    })
  }
}
