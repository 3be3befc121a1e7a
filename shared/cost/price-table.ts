/** List prices of Fargate as committed: what holds until the Price List API has been asked, or where it must not be. */
import type { RegionPrices } from '../ports.ts'

/** The latest day on which any of the figures below was seen in the Price List. */
export const tableDate = '2026-10-09'

/** Public IPv4 addresses cost the same in every Region, since February 2024. */
const publicIpv4 = 0.005

const x86 = { perVcpu: 0.04048, perGb: 0.004445 }
const arm = { perVcpu: 0.03238, perGb: 0.00356 }
/** Half of what it was before September 2024 (0.09148 and 0.01005), which many pages still name. */
const windows = { perVcpu: 0.046552, perGb: 0.00511175, licencePerVcpu: 0.046 }
const dearerX86 = { perVcpu: 0.04656, perGb: 0.00511 }
const dearerArm = { perVcpu: 0.03725, perGb: 0.00409 }

/**
 * US dollars an hour, from AWS's Price List (service AmazonECS; usage types `…Fargate-vCPU-Hours:perCPU`, `…Fargate-GB-Hours` and their
 * kin) as published between February and October 2026. A figure that was not found is left out: not known.
 */
export const priceTable: Readonly<Record<string, RegionPrices>> = {
  'us-east-1': { linux: { x86, arm }, windows, storagePerGb: 0.000111, publicIpv4 },
  'us-east-2': { linux: { x86, arm }, windows, storagePerGb: 0.000111, publicIpv4 },
  // From estimates that were made of the list, without ARM, Windows and storage.
  'us-west-2': { linux: { x86 }, publicIpv4 },
  'ca-central-1': { linux: { x86: { perVcpu: 0.04456, perGb: 0.004865 } }, publicIpv4 },
  'eu-west-1': { linux: { x86, arm }, windows, storagePerGb: 0.000122, publicIpv4 },
  'eu-west-2': { linux: { x86: dearerX86, arm: dearerArm }, storagePerGb: 0.000129, publicIpv4 },
  'eu-central-1': { linux: { x86: dearerX86, arm: dearerArm }, publicIpv4 },
  'ap-northeast-1': {
    linux: { x86: { perVcpu: 0.05056, perGb: 0.00553 }, arm: { perVcpu: 0.04045, perGb: 0.00442 } },
    storagePerGb: 0.000133,
    publicIpv4,
  },
  // Sydney's and São Paulo's as AWS's own page of Fargate's prices has them.
  'ap-southeast-2': {
    linux: { x86: { perVcpu: 0.04856, perGb: 0.00532 }, arm: { perVcpu: 0.03885, perGb: 0.00426 } },
    publicIpv4,
  },
  'sa-east-1': {
    linux: { x86: { perVcpu: 0.0696, perGb: 0.0076 }, arm: { perVcpu: 0.0557, perGb: 0.00612 } },
    publicIpv4,
  },
}
