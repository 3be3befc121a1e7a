/** The products of the Price List, each as AWS describes and prices it. */
import { createHash } from 'node:crypto'
import { type ListedRegion, listedAt, listedRegions } from './regions.ts'

export interface Product {
  sku: string
  /** What filters look at: the attributes, and the product family where there is one. */
  fields: Readonly<Record<string, string>>
  /** The entry as GetProducts gives it: a JSON text. */
  entry: string
}

interface Listed {
  usage: string
  attributes?: Record<string, string>
  family?: string
  unit: string
  /** What it is, in words. */
  what: string
  /** US dollars; several: what each costs up to so many units. */
  tiers: { upTo: string; usd: number }[]
}

const serviceNames = {
  AmazonECS: 'Amazon Elastic Container Service',
  AmazonVPC: 'Amazon Virtual Private Cloud',
}
export type ServiceCode = keyof typeof serviceNames

const flat = (usd: number) => [{ upTo: 'Inf', usd }]

/** Fargate, and what stands beside it in the list, so that whoever reads it must tell them apart. */
function ecs({ prices: { linux, windows, storagePerGb } }: ListedRegion): Listed[] {
  const cpu = { cputype: 'perCPU', tenancy: 'Shared' }
  const memory = { memorytype: 'perGB', tenancy: 'Shared' }
  const perVcpu = { ...cpu, resource: 'per vCPU per hour' }
  const perGb = { ...memory, resource: 'per GB per hour' }
  const licence = { ...cpu, cputype: 'perCPU OS License Fee', resource: 'OS License Fee per vCPU per hour' }
  const onArm = { cpuArchitecture: 'ARM' }
  const onWindows = { operatingSystem: 'Windows' }
  const fargate = (usage: string, attributes: Record<string, string>, usd: number): Listed => ({
    usage: `Fargate-${usage}`,
    attributes,
    family: 'Compute',
    unit: usage.startsWith('Ephemeral') ? 'GB-Hours' : 'hours',
    what: `AWS Fargate - ${usage}`,
    tiers: flat(usd),
  })
  return [
    ...(linux?.x86
      ? [fargate('vCPU-Hours:perCPU', cpu, linux.x86.perVcpu), fargate('GB-Hours', memory, linux.x86.perGb)]
      : []),
    ...(linux?.arm
      ? [
          fargate('ARM-vCPU-Hours:perCPU', { ...perVcpu, ...onArm }, linux.arm.perVcpu),
          fargate('ARM-GB-Hours', { ...perGb, ...onArm }, linux.arm.perGb),
        ]
      : []),
    ...(windows
      ? [
          fargate('Windows-vCPU-Hours:perCPU', { ...perVcpu, ...onWindows }, windows.perVcpu),
          fargate('Windows-GB-Hours', { ...perGb, ...onWindows }, windows.perGb),
          fargate('Windows-OS-Hours:perCPU', { ...licence, ...onWindows }, windows.licencePerVcpu),
        ]
      : []),
    ...(storagePerGb === undefined
      ? []
      : [fargate('EphemeralStorage-GB-Hours', { storagetype: 'default' }, storagePerGb)]),
    metered('vCPU-Hours', { cputype: 'perCPU' }),
    metered('GB-Hours', { memorytype: 'perGB' }),
    {
      usage: 'ECS-Anywhere-Instance-hours-WithFree',
      attributes: { externalInstanceType: 'With Free', operation: 'AddExternalInstance' },
      family: 'Compute',
      unit: 'hours',
      what: 'ECS Anywhere instance',
      tiers: [
        { upTo: '2200', usd: 0 },
        { upTo: 'Inf', usd: 0.01025 },
      ],
    },
  ]
}

/** What runs on the user's own instances is listed too, at nothing. */
const metered = (unit: string, attributes: Record<string, string>): Listed => ({
  usage: `ECS-EC2-${unit}`,
  attributes,
  family: 'Compute Metering',
  unit,
  what: `ECS on EC2 - ${unit}`,
  tiers: flat(0),
})

/** Products of this group have no product family. */
function vpc({ prices: { publicIpv4 } }: ListedRegion): Listed[] {
  if (publicIpv4 === undefined) return []
  const address = (usage: string, kind: string): Listed => ({
    usage: `PublicIPv4:${usage}`,
    attributes: {
      group: 'VPCPublicIPv4Address',
      groupDescription: `Hourly charge for ${kind} Public IPv4 Addresses`,
    },
    unit: 'Hrs',
    what: `$${publicIpv4} per ${kind} public IPv4 address per hour`,
    tiers: flat(publicIpv4),
  })
  return [address('InUseAddress', 'In-use'), address('IdleAddress', 'Idle')]
}

function productOf(code: ServiceCode, { code: region, prefix, location }: ListedRegion, listed: Listed): Product {
  const usagetype = `${prefix}-${listed.usage}`
  const sku = skuOf(`${code} ${usagetype}`)
  const family = listed.family === undefined ? {} : { productFamily: listed.family }
  const attributes = {
    regionCode: region,
    servicecode: code,
    usagetype,
    locationType: 'AWS Region',
    location,
    servicename: serviceNames[code],
    operation: '',
    ...listed.attributes,
  }
  const entry = {
    product: { ...family, attributes, sku },
    serviceCode: code,
    terms: { OnDemand: { [`${sku}.${onDemand}`]: termOf(sku, location, listed) } },
    version: listedAt.toISOString().replace(/\D/g, '').slice(0, 14),
    publicationDate: iso(listedAt),
  }
  return { sku, fields: { ...family, ...attributes }, entry: JSON.stringify(entry) }
}

/** AWS's code of the offer term "on demand", the same for every product. */
const onDemand = 'JRTCKXETXF'

function termOf(sku: string, location: string, { tiers, unit, what }: Listed) {
  const rates = tiers.map(({ upTo, usd }, nth) => {
    const rateCode = `${sku}.${onDemand}.${skuOf(`${sku} ${nth}`).slice(0, 10)}`
    const beginRange = nth === 0 ? '0' : (tiers[nth - 1]?.upTo ?? '0')
    const pricePerUnit = { USD: usd.toFixed(10) }
    const description = `${what} - ${location}`
    return [rateCode, { unit, endRange: upTo, description, appliesTo: [], rateCode, beginRange, pricePerUnit }] as const
  })
  const term = { sku, effectiveDate: iso(listedAt), offerTermCode: onDemand, termAttributes: {} }
  return { priceDimensions: Object.fromEntries(rates), ...term }
}

const alphabet = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'

/** Shaped as AWS's: 16 capitals and digits; the same for the same product in each run. */
function skuOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  return [...bytes].map(byte => alphabet[byte % alphabet.length]).join('')
}

const iso = (date: Date) => date.toISOString().replace('.000Z', 'Z')

/** By service code; each in the order of its SKUs, which is the order of pages. */
export const products: ReadonlyMap<string, readonly Product[]> = new Map(
  (['AmazonECS', 'AmazonVPC'] as const).map(code => {
    const all = listedRegions.flatMap(region =>
      (code === 'AmazonECS' ? ecs(region) : vpc(region)).map(listed => productOf(code, region, listed)),
    )
    return [code, all.sort((one, other) => (one.sku < other.sku ? -1 : 1))]
  }),
)
