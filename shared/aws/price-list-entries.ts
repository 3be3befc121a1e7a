/** The Price List's entries, each a JSON text, as prices. */
import * as z from 'zod/mini'
import type { RegionPrices, SizePrices } from '../ports.ts'

/**
 * `usagetype` tells them apart, by its end: `EUC1-Fargate-ARM-GB-Hours`. The other attributes do not: `cputype: perCPU` is also the
 * free metering of EC2 tasks and the licence of Windows.
 */
const usages = {
  'Fargate-vCPU-Hours:perCPU': 'x86Vcpu',
  'Fargate-GB-Hours': 'x86Gb',
  'Fargate-ARM-vCPU-Hours:perCPU': 'armVcpu',
  'Fargate-ARM-GB-Hours': 'armGb',
  'Fargate-Windows-vCPU-Hours:perCPU': 'windowsVcpu',
  'Fargate-Windows-GB-Hours': 'windowsGb',
  'Fargate-Windows-OS-Hours:perCPU': 'windowsLicence',
  'Fargate-EphemeralStorage-GB-Hours': 'storageGb',
  'PublicIPv4:InUseAddress': 'publicIpv4',
} as const

type Usage = (typeof usages)[keyof typeof usages]

const entry = z.object({
  product: z.object({ attributes: z.object({ regionCode: z.string(), usagetype: z.string() }) }),
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.object({
        priceDimensions: z.record(
          z.string(),
          z.object({
            unit: z.string().check(z.regex(/^(?:GB-|vCPU-)?(?:hours|hrs)$/i)),
            pricePerUnit: z.object({ USD: z.string().check(z.regex(/^\d+(?:\.\d+)?$/)) }),
          }),
        ),
      }),
    ),
  }),
})

/**
 * Undefined where they say nothing of Fargate in this Region. What can't be read is left out, and so is what has two prices: which
 * one holds would be a guess.
 */
export function pricesIn(entries: readonly string[], region: string): RegionPrices | undefined {
  const listed = new Map<Usage, Set<number>>()
  for (const text of entries) {
    const priced = read(text, region)
    if (!priced) continue
    const { usage, usd } = priced
    listed.set(usage, new Set([...(listed.get(usage) ?? []), ...usd]))
  }
  const priceOf = (usage: Usage): number | undefined => {
    const [price, ...others] = listed.get(usage) ?? []
    return others.length === 0 ? price : undefined
  }
  const size = (vcpu: Usage, gb: Usage): SizePrices | undefined => {
    const [perVcpu, perGb] = [priceOf(vcpu), priceOf(gb)]
    return perVcpu === undefined || perGb === undefined ? undefined : { perVcpu, perGb }
  }
  const [x86, arm, windows] = [size('x86Vcpu', 'x86Gb'), size('armVcpu', 'armGb'), size('windowsVcpu', 'windowsGb')]
  const [licencePerVcpu, storagePerGb] = [priceOf('windowsLicence'), priceOf('storageGb')]
  const publicIpv4 = priceOf('publicIpv4')
  const hasWindows = windows !== undefined && licencePerVcpu !== undefined
  if (!x86 && !arm && !hasWindows) return undefined
  return {
    ...((x86 || arm) && { linux: { ...(x86 && { x86 }), ...(arm && { arm }) } }),
    ...(hasWindows && { windows: { ...windows, licencePerVcpu } }),
    ...(storagePerGb !== undefined && { storagePerGb }),
    ...(publicIpv4 !== undefined && { publicIpv4 }),
  }
}

/** What one entry is the price of, and every price that it has for it. */
function read(text: string, region: string): { usage: Usage; usd: number[] } | undefined {
  const { data } = z.safeParse(entry, fromJson(text))
  if (data?.product.attributes.regionCode !== region) return undefined
  const usage = usageOf(data.product.attributes.usagetype)
  const dimensions = Object.values(data.terms.OnDemand).flatMap(term => Object.values(term.priceDimensions))
  // What AWS gives away, it lists at 0: a first tier, say.
  const usd = dimensions.map(({ pricePerUnit }) => Number(pricePerUnit.USD)).filter(price => price > 0)
  return usage && { usage, usd }
}

/** `Fargate-…` of some Regions has no prefix; `EUC1-SpotUsage-Fargate-…` is something else. */
function usageOf(usagetype: string): Usage | undefined {
  const end = usagetype.replace(/^[A-Z0-9]+-/, '')
  return Object.hasOwn(usages, end) ? usages[end as keyof typeof usages] : undefined
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
