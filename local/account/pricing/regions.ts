/** The Regions of the local Price List, as usage types and locations name them; what they cost is in the committed table. */
import { priceTable, tableDate } from '../../../shared/cost/price-table.ts'
import type { RegionPrices } from '../../../shared/ports.ts'

export interface ListedRegion {
  code: string
  /** What usage types of this Region begin with. */
  prefix: string
  location: string
  prices: RegionPrices
}

/** When the list was published. */
export const listedAt = new Date(tableDate)

const names: Readonly<Record<string, { prefix: string; location: string }>> = {
  'us-east-1': { prefix: 'USE1', location: 'US East (N. Virginia)' },
  'us-east-2': { prefix: 'USE2', location: 'US East (Ohio)' },
  'us-west-2': { prefix: 'USW2', location: 'US West (Oregon)' },
  // Without a number, as Ireland was the only one.
  'eu-west-1': { prefix: 'EU', location: 'EU (Ireland)' },
  'eu-west-2': { prefix: 'EUW2', location: 'EU (London)' },
  'eu-central-1': { prefix: 'EUC1', location: 'EU (Frankfurt)' },
  'ap-northeast-1': { prefix: 'APN1', location: 'Asia Pacific (Tokyo)' },
  'ap-southeast-2': { prefix: 'APS2', location: 'Asia Pacific (Sydney)' },
  'ca-central-1': { prefix: 'CAN1', location: 'Canada (Central)' },
  'sa-east-1': { prefix: 'SAE1', location: 'South America (Sao Paulo)' },
}

export const listedRegions: readonly ListedRegion[] = Object.entries(priceTable).map(([code, prices]) => {
  const name = names[code]
  if (!name) throw new Error(`The local Price List has no names for ${code}: add its prefix and location here.`)
  return { code, prices, ...name }
})
