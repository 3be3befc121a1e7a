/** What a deployment adds a month to what is spent, by the sizes and numbers of copies. Pure. */
import { readCpu, readMemory } from '../config/quantities.ts'
import type { TaskDefinition } from '../ports.ts'
import { type Amount, sumOf, times } from './amount.ts'
import type { Prices } from './prices.ts'
import { type Priced, rateOf } from './rate.ts'

/** Copies of one size. */
export interface Copies {
  size: Priced
  count: number
}

/** A month as AWS's own calculator counts it. */
const hoursAMonth = 730

/** US dollars a month, negative where it takes less than before. `before`: none when nothing ran. */
export function monthlyAddition(before: readonly Copies[], after: readonly Copies[], prices: Prices): Amount {
  return sumOf([monthOf(after, prices), times(monthOf(before, prices), -1)])
}

function monthOf(copies: readonly Copies[], prices: Prices): Amount {
  const hours = copies
    .filter(({ count }) => count > 0)
    .map(({ size, count }) => times(rateOf(size, prices).perHour, count))
  return times(sumOf(hours), hoursAMonth)
}

/** What a revision's copies are priced by; what it does not say is absent. */
export function sizeOf(
  { cpu, memory, ephemeralStorage, runtimePlatform }: TaskDefinition,
  where: Pick<Priced, 'capacityProvider' | 'publicIp'>,
): Priced {
  const { operatingSystemFamily, cpuArchitecture } = members(runtimePlatform)
  const { sizeInGiB } = members(ephemeralStorage)
  const units = isQuantity(cpu) ? readCpu(cpu) : undefined
  const mib = isQuantity(memory) ? readMemory(memory) : undefined
  return {
    ...(units !== undefined && { cpu: units }),
    ...(mib !== undefined && { memoryMib: mib }),
    ...(typeof sizeInGiB === 'number' && { ephemeralStorageGib: sizeInGiB }),
    ...(typeof operatingSystemFamily === 'string' && { platformFamily: operatingSystemFamily }),
    ...(typeof cpuArchitecture === 'string' && { architecture: cpuArchitecture }),
    ...where,
  }
}

const isQuantity = (value: unknown) => typeof value === 'string' || typeof value === 'number'

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
