/**
 * What the local Price List says that Fargate costs: real list prices, US dollars an hour, as public material quotes AWS's own
 * Price List: us-east-1 and us-east-2 in June 2026, eu-central-1 on 2026-10-09, eu-west-1 and eu-west-2 in 2026. A price that was not found is absent.
 */
export interface RegionList {
  /** What usage types of this Region begin with. */
  prefix: string
  location: string
  x86: SizeList
  arm?: SizeList
  windows?: SizeList & { licence: string }
  storage?: string
  publicIpv4: string
}

/** As AWS writes them: decimal strings. */
interface SizeList {
  vcpu: string
  gb: string
}

/** The month of the newest figures in the list. */
export const listedAt = new Date('2026-10-09T00:00:00Z')

const virginia = {
  x86: { vcpu: '0.04048', gb: '0.004445' },
  arm: { vcpu: '0.03238', gb: '0.00356' },
  // Without the licence 1.15 times Linux in 2026; in 2022 it was 0.09148 and 0.01005.
  windows: { vcpu: '0.046552', gb: '0.00511175', licence: '0.046' },
  storage: '0.000111',
  publicIpv4: '0.005',
}

const frankfurt = {
  x86: { vcpu: '0.04656', gb: '0.00511' },
  arm: { vcpu: '0.03725', gb: '0.00409' },
  publicIpv4: '0.005',
}

/** By Region code. */
export const listPrices: Readonly<Record<string, RegionList>> = {
  'us-east-1': { prefix: 'USE1', location: 'US East (N. Virginia)', ...virginia },
  'us-east-2': { prefix: 'USE2', location: 'US East (Ohio)', ...virginia },
  'eu-central-1': { prefix: 'EUC1', location: 'EU (Frankfurt)', ...frankfurt },
  // Usage types of Ireland say EU, without a number.
  'eu-west-1': {
    prefix: 'EU',
    location: 'EU (Ireland)',
    x86: virginia.x86,
    arm: virginia.arm,
    publicIpv4: virginia.publicIpv4,
  },
  'eu-west-2': { prefix: 'EUW2', location: 'EU (London)', ...frankfurt, storage: '0.000129' },
}
