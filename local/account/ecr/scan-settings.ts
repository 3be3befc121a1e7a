/** ECR's operations on what is scanned, and how. */
import type * as sdk from '@aws-sdk/client-ecr'
import { findRepository, invalidParameter, type RegistryState } from './registry.ts'
import { scanWhatIsThere } from './scan.ts'

/** The frequencies that each type's rules may name. */
const frequencies: Record<sdk.ScanType, readonly sdk.ScanFrequency[]> = {
  BASIC: ['SCAN_ON_PUSH'],
  ENHANCED: ['SCAN_ON_PUSH', 'CONTINUOUS_SCAN'],
}
const filterPattern = /^[a-z0-9*](?:[._\-/a-z0-9*]*[a-z0-9*])?$/
const mostRules = 2
const mostFilters = 100

export function scanSettings(state: RegistryState) {
  return {
    PutImageScanningConfiguration: (
      input: sdk.PutImageScanningConfigurationRequest,
    ): sdk.PutImageScanningConfigurationResponse => {
      const repository = findRepository(state, input.repositoryName ?? '', input.registryId)
      repository.scansOnPush = input.imageScanningConfiguration?.scanOnPush ?? false
      return {
        registryId: state.context.accountId,
        repositoryName: repository.name,
        imageScanningConfiguration: { scanOnPush: repository.scansOnPush },
      }
    },

    PutRegistryScanningConfiguration: (
      input: sdk.PutRegistryScanningConfigurationRequest,
    ): sdk.PutRegistryScanningConfigurationResponse => {
      const { scanType = 'BASIC', rules = [] } = input
      checkRules(scanType, rules)
      state.scanning = { scanType, rules: structuredClone(rules) }
      if (scanType === 'ENHANCED') scanWhatIsThere(state)
      return { registryScanningConfiguration: current(state) }
    },

    GetRegistryScanningConfiguration: (): sdk.GetRegistryScanningConfigurationResponse => ({
      registryId: state.context.accountId,
      scanningConfiguration: current(state),
    }),
  }
}

function current({ scanning: { scanType, rules } }: RegistryState): sdk.RegistryScanningConfiguration {
  return { scanType, rules: structuredClone([...rules]) }
}

function checkRules(scanType: sdk.ScanType, rules: readonly sdk.RegistryScanningRule[]): void {
  if (!Object.hasOwn(frequencies, scanType)) throw invalidParameter('scanType', `it must be BASIC or ENHANCED`)
  if (rules.length > mostRules) throw invalidParameter('rules', `at most ${mostRules} rules`)
  for (const { scanFrequency, repositoryFilters = [] } of rules) {
    const allowed = frequencies[scanType]
    if (!allowed.some(frequency => frequency === scanFrequency)) {
      throw invalidParameter('rules.scanFrequency', `${scanType} scanning takes ${allowed.join(', ')}`)
    }
    if (repositoryFilters.length > mostFilters) throw invalidParameter('rules.repositoryFilters', '100 at most')
    for (const { filter = '', filterType } of repositoryFilters) {
      if (filterType !== 'WILDCARD') throw invalidParameter('rules.repositoryFilters.filterType', 'it must be WILDCARD')
      if (!filterPattern.test(filter)) {
        throw invalidParameter(
          'rules.repositoryFilters.filter',
          `must satisfy regular expression '${filterPattern.source}'`,
        )
      }
    }
  }
}
