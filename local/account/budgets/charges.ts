/** What AWS charges for a task: the services that bill for it, and their rates. */
import { priceTable } from '../../../shared/cost/price-table.ts'
import type { RegionPrices } from '../../../shared/ports.ts'
import type { TaskRecord } from '../ecs/task-record.ts'
import type { ServiceCode } from '../pricing/products.ts'

export interface Charge {
  service: ServiceCode
  usdPerHour: number
}

/** Spot has no list price. Here it is 70 % off, the most that AWS advertises; storage has no discount. */
const spotShare = 0.3

const includedStorageGb = 20

/** An account must charge something for all that runs: what the list does not have for a Region is charged as in us-east-1. */
function pricesIn(region: string) {
  const virginia = priceTable['us-east-1'] as Required<RegionPrices>
  const listed = priceTable[region]
  const linux = { ...virginia.linux, ...listed?.linux } as Required<NonNullable<RegionPrices['linux']>>
  return { ...virginia, ...listed, linux }
}

/** What a running task costs, by the service that bills for it. */
export function chargesOf({ state, hasPublicIp }: TaskRecord, region: string): Charge[] {
  const { linux, windows, storagePerGb, publicIpv4 } = pricesIn(region)
  const isArm = state.attributes?.some(({ name, value }) => name === 'ecs.cpu-architecture' && value === 'arm64')
  const size = isWindows(state) ? windows : isArm ? linux.arm : linux.x86
  const licence = isWindows(state) ? windows.licencePerVcpu : 0
  const vcpu = Number(state.cpu) / 1024
  const memoryGb = Number(state.memory) / 1024
  const compute = vcpu * (size.perVcpu + licence) + memoryGb * size.perGb
  const share = state.capacityProviderName === 'FARGATE_SPOT' ? spotShare : 1
  const moreStorageGb = Math.max(0, (state.ephemeralStorage?.sizeInGiB ?? 0) - includedStorageGb)
  return [
    { service: 'AmazonECS', usdPerHour: compute * share + moreStorageGb * storagePerGb },
    ...(hasPublicIp ? [{ service: 'AmazonVPC' as const, usdPerHour: publicIpv4 }] : []),
  ]
}

/** The shortest time that a task is billed for. */
export const leastBilledMs = ({ state }: TaskRecord) => (isWindows(state) ? 300_000 : 60_000)

const isWindows = ({ platformFamily }: TaskRecord['state']) => platformFamily?.startsWith('Windows') ?? false
