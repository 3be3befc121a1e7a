/** When the images of a repository are scanned: the registry's rules, and the repository's own older setting. */
import type * as sdk from '@aws-sdk/client-ecr'
import type { RegistryState, Repository } from './registry.ts'

/** MANUAL: only when asked to. With enhanced scanning that is never, for StartImageScan is basic scanning's. */
export function scanFrequency({ scanning }: RegistryState, repository: Repository): sdk.ScanFrequency {
  const rules = scanning.rules.filter(({ repositoryFilters = [] }) =>
    repositoryFilters.some(({ filter = '' }) => isMeant(filter, repository.name)),
  )
  const frequencies = rules.map(rule => rule.scanFrequency)
  if (frequencies.includes('CONTINUOUS_SCAN')) return 'CONTINUOUS_SCAN'
  const isOwn = scanning.scanType === 'BASIC' && repository.scansOnPush
  return isOwn || frequencies.includes('SCAN_ON_PUSH') ? 'SCAN_ON_PUSH' : 'MANUAL'
}

/** A filter without a wildcard means every name that contains it. */
function isMeant(filter: string, name: string): boolean {
  if (!filter.includes('*')) return name.includes(filter)
  const parts = filter.split('*').map(part => part.replace(/[.\\/]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
