/** What the registry of one account holds: repositories, their images and tags, and the blobs behind them. */
import type { ImageStatus, RegistryScanningRule, ScanType } from '@aws-sdk/client-ecr'
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import { Blobs } from './blobs.ts'
import type { Manifest } from './manifest.ts'
import type { Scan } from './scan.ts'

export interface StoredImage {
  digest: string
  /** The manifest exactly as it was pushed: its bytes are what the digest is of. */
  text: string
  manifest: Manifest
  /** Whole seconds, as ECR keeps it. Moving or adding a tag leaves it as it is. */
  pushedAt: Date
  storage: { status: ImageStatus; archivedAt?: Date; activatedAt?: Date }
  /** The latest one; absent when the image was never scanned. */
  scan?: Scan
}

export interface Repository {
  name: string
  arn: string
  uri: string
  createdAt: Date
  tagsAreImmutable: boolean
  /** The repository's own setting, which enhanced scanning does not heed. */
  scansOnPush: boolean
  images: Map<string, StoredImage>
  /** Tag to digest. */
  tags: Map<string, string>
}

/** The state that ECR's operations and the registry protocol share. */
export interface RegistryState {
  context: AccountContext
  repositories: Map<string, Repository>
  blobs: Blobs
  scanning: { scanType: ScanType; rules: readonly RegistryScanningRule[] }
  /** Where clients reach this registry, without a slash at the end: in GetAuthorizationToken and download URLs. */
  endpoint: string
}

export function emptyRegistry(context: AccountContext): RegistryState {
  return {
    context,
    repositories: new Map(),
    blobs: new Blobs(),
    scanning: { scanType: 'BASIC', rules: [] },
    endpoint: `https://${context.registryHost}`,
  }
}

/** Throws InvalidParameterException for a `registryId` that is no account's. */
export function refuseNoRegistry(registryId: string | undefined): void {
  if (registryId !== undefined && !/^\d{12}$/.test(registryId))
    throw invalidParameter('registryId', "must satisfy regular expression '[0-9]{12}'")
}

/** Throws RepositoryNotFoundException, also for another account's registry. */
export function findRepository(state: RegistryState, name: string, registryId?: string): Repository {
  refuseNoRegistry(registryId)
  const asked = registryId ?? state.context.accountId
  const repository = asked === state.context.accountId ? state.repositories.get(name) : undefined
  if (!repository) {
    throw new AwsError(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${asked}'`,
    )
  }
  return repository
}

/** The tags that point at a digest, in the order they were set. */
export function tagsOf(repository: Repository, digest: string): string[] {
  return [...repository.tags].filter(([, target]) => target === digest).map(([tag]) => tag)
}

/** The image that a tag or digest names in this repository. */
export function findImage(repository: Repository, reference: string): StoredImage | undefined {
  return repository.images.get(repository.tags.get(reference) ?? reference)
}

/** `Invalid parameter at 'x' failed to satisfy constraint: 'y'`, as ECR words it. */
export function invalidParameter(where: string, constraint: string): AwsError {
  return new AwsError(
    'InvalidParameterException',
    `Invalid parameter at '${where}' failed to satisfy constraint: '${constraint}'`,
  )
}

/** Refuses what AWS would act on and this account would only ignore. */
export function refuseUnmodelled(operation: string, what: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(what)) {
    if (value === undefined || value === false) continue
    throw new AwsError('InvalidParameterException', `The local account does not model ${name} of ecr:${operation}.`)
  }
}
