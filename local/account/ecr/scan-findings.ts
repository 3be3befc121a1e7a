/** Findings in ECR's shapes, as many of each severity as a scan counted. Made up: nobody looked into the image. */
import type * as sdk from '@aws-sdk/client-ecr'
import type { AccountContext } from '../context.ts'
import type { StoredImage } from './registry.ts'
import { type SeverityCounts, severities } from './scan-plan.ts'

const description = 'Made up by the local account, from the label local.findings of the image.'

/** One for each that was counted, the gravest first, named `LOCAL-CRITICAL-0001`. */
function named(counts: SeverityCounts): { name: string; severity: sdk.FindingSeverity }[] {
  return severities.flatMap(severity =>
    Array.from({ length: counts[severity] ?? 0 }, (_, nth) => ({
      name: `LOCAL-${severity}-${String(nth + 1).padStart(4, '0')}`,
      severity,
    })),
  )
}

export function basicFindings(counts: SeverityCounts): sdk.ImageScanFinding[] {
  return named(counts).map(({ name, severity }) => ({
    name,
    severity,
    description,
    attributes: [
      { key: 'package_name', value: 'example' },
      { key: 'package_version', value: '1.0.0' },
    ],
  }))
}

export function enhancedFindings(
  { accountId, region }: Pick<AccountContext, 'accountId' | 'region'>,
  image: StoredImage,
  { completedAt, counts }: { completedAt: Date; counts: SeverityCounts },
): sdk.EnhancedImageScanFinding[] {
  return named(counts).map(({ name, severity }) => ({
    awsAccountId: accountId,
    findingArn: `arn:aws:inspector2:${region}:${accountId}:finding/${image.digest.slice(7, 23)}-${name}`,
    title: `${name} - example`,
    description,
    severity,
    status: 'ACTIVE',
    type: 'PACKAGE_VULNERABILITY',
    firstObservedAt: completedAt,
    lastObservedAt: completedAt,
    updatedAt: completedAt,
    packageVulnerabilityDetails: {
      vulnerabilityId: name,
      vulnerablePackages: [{ name: 'example', version: '1.0.0' }],
    },
  }))
}
