/** What a task costs an hour, from what ECS tells of it. */
import type { RegionPrices, SizePrices, Task } from '../ports.ts'
import type { Amount } from './amount.ts'
import type { Prices } from './prices.ts'

/** What a task's price depends on. `publicIp`: absent where nothing says; ECS's task does not. */
export type Priced = Pick<
  Task,
  'cpu' | 'memoryMib' | 'ephemeralStorageGib' | 'architecture' | 'platformFamily' | 'capacityProvider'
> & { publicIp?: boolean }

export interface Rate {
  perHour: Amount
  /** What ECS did not say, and how it was taken; for people. */
  assumes: readonly string[]
  /** What is charged beside it and is not counted, because nothing tells; for people. */
  leavesOut: readonly string[]
}

/** The system and the processor that `farguard.yml` and ECS have names for. */
type Platform = 'x86' | 'arm' | 'windows'

/** Ephemeral storage that is part of the price. */
const freeStorageGib = 20

const linuxAssumed = 'Linux, where ECS does not tell the system'
const x86Assumed = 'x86, where ECS does not tell the processor'
const addressesLeftOut = 'public IPv4 addresses'

/**
 * US dollars an hour. A task event tells no platform family, and an emulator no processor: both are then what a task definition that is
 * silent on them runs on, Linux and x86, and that is said.
 */
export function rateOf(task: Priced, prices: Prices): Rate {
  const { platformFamily, architecture } = task
  const assumes = [
    ...(platformFamily === undefined ? [linuxAssumed] : []),
    ...(architecture === undefined && !isWindows(platformFamily) ? [x86Assumed] : []),
  ]
  const leavesOut = task.publicIp === undefined ? [addressesLeftOut] : []
  return { perHour: perHourOf(task, prices), assumes, leavesOut }
}

function perHourOf(task: Priced, prices: Prices): Amount {
  const { region, list, settings } = prices
  if (!list)
    return { unknown: `No price of Fargate in ${region} is known${prices.problem ? `. ${prices.problem}` : ''}` }
  const { cpu, memoryMib } = task
  if (!isSize(cpu) || !isSize(memoryMib)) return { unknown: 'ECS does not tell its CPU and memory' }
  const platform = platformOf(task)
  if (typeof platform !== 'string') return platform
  const size = task.capacityProvider === 'FARGATE_SPOT' ? spotPrices(platform, prices) : listed(platform, prices)
  const storage = storagePerHour(task, list, region)
  const address = addressPerHour(task, list, region)
  if ('unknown' in size) return size
  if ('unknown' in storage) return storage
  if ('unknown' in address) return address
  const vcpus = cpu / 1024
  const licence = platform === 'windows' ? (list.windows?.licencePerVcpu ?? 0) * vcpus : 0
  const ofSize = (size.perVcpu * vcpus + size.perGb * (memoryMib / 1024)) * (size.isOwn ? 1 : settings.multiplier)
  return { usd: ofSize + (licence + storage.usd + address.usd) * settings.multiplier }
}

const isSize = (size: number | undefined): size is number => size !== undefined && Number.isFinite(size) && size > 0

/** ECS says `Windows Server 2022 Core` of a task and WINDOWS_SERVER_2022_CORE in a task definition. */
export const isWindows = (platformFamily: string | undefined) => /^windows/i.test(platformFamily ?? '')

function platformOf({ platformFamily, architecture }: Priced): Platform | { unknown: string } {
  if (isWindows(platformFamily)) return 'windows'
  if ((platformFamily ?? 'linux').toLowerCase() !== 'linux')
    return { unknown: `The price of the platform family ${platformFamily} is not known` }
  switch (architecture?.toLowerCase()) {
    case undefined:
    case 'x86_64':
      return 'x86'
    case 'arm64':
      return 'arm'
    default:
      return { unknown: `The price of the processor ${architecture} is not known` }
  }
}

/** `isOwn`: farguard.yml says what is paid, so that no discount comes on top. */
type Sized = (SizePrices & { isOwn?: boolean }) | { unknown: string }

function listed(platform: Platform, { region, list }: Prices): Sized {
  const found = platform === 'windows' ? list?.windows : list?.linux?.[platform]
  const name = { x86: 'Linux on x86', arm: 'Linux on ARM', windows: 'Windows' }[platform]
  return found ?? { unknown: `The price of ${name} in ${region} is not known` }
}

function spotPrices(platform: Platform, prices: Prices): Sized {
  const { region, settings } = prices
  if (platform === 'windows') return { unknown: 'There is no Spot price of Windows: Fargate has none' }
  const { spot } = settings
  if (!spot) return { unknown: 'What Spot costs is not known. Set cost.spot in farguard.yml' }
  if ('rates' in spot) {
    const rates = spot.rates[region]
    return rates
      ? { ...rates, isOwn: true }
      : { unknown: `What Spot costs in ${region} is not known. Set cost.spot.rates.${region} in farguard.yml` }
  }
  const full = listed(platform, prices)
  if ('unknown' in full) return full
  return { perVcpu: full.perVcpu * (1 - spot.discount), perGb: full.perGb * (1 - spot.discount) }
}

function storagePerHour({ ephemeralStorageGib = freeStorageGib }: Priced, list: RegionPrices, region: string): Amount {
  const above = ephemeralStorageGib - freeStorageGib
  if (!(above > 0)) return { usd: 0 }
  return list.storagePerGb === undefined
    ? { unknown: `The price of ephemeral storage above ${freeStorageGib} GB in ${region} is not known` }
    : { usd: above * list.storagePerGb }
}

function addressPerHour({ publicIp }: Priced, list: RegionPrices, region: string): Amount {
  if (!publicIp) return { usd: 0 }
  return list.publicIpv4 === undefined
    ? { unknown: `The price of a public IPv4 address in ${region} is not known` }
    : { usd: list.publicIpv4 }
}
