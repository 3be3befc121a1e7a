/** What the Price List may answer, and what is made of it. */
import { GetProductsCommand, type GetProductsCommandInput, PricingClient } from '@aws-sdk/client-pricing'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { priceList } from '../../shared/aws/price-list.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const aws = mockClient(PricingClient)
const list = priceList()
beforeEach(() => {
  aws.reset()
})

const region = 'eu-central-1'

interface Listed {
  usd?: string | string[]
  unit?: string
  attributes?: Record<string, string>
  /** In place of `{ USD }`. */
  pricePerUnit?: Record<string, string>
}

/** An entry as AWS gives it: JSON in a string. */
function entry(usagetype: string, { usd = [], unit = 'hours', attributes = {}, pricePerUnit }: Listed): string {
  const prices = pricePerUnit ? [pricePerUnit] : [usd].flat().map(USD => ({ USD }))
  const priceDimensions = Object.fromEntries(
    prices.map((price, nth) => [
      `SKU.TERM.${nth}`,
      { unit, beginRange: String(nth), endRange: 'Inf', appliesTo: [], rateCode: `r${nth}`, pricePerUnit: price },
    ]),
  )
  return JSON.stringify({
    product: {
      productFamily: 'Compute',
      attributes: { regionCode: region, servicecode: 'AmazonECS', usagetype, operation: '', ...attributes },
      sku: 'SKU',
    },
    serviceCode: 'AmazonECS',
    terms: { OnDemand: { 'SKU.TERM': { priceDimensions, sku: 'SKU', effectiveDate: '2026-01-01T00:00:00Z' } } },
  })
}

const linux = [
  entry('EUC1-Fargate-vCPU-Hours:perCPU', { usd: '0.0465600000', attributes: { cputype: 'perCPU' } }),
  entry('EUC1-Fargate-GB-Hours', { usd: '0.0051100000', attributes: { memorytype: 'perGB' } }),
]
const windows = [
  entry('EUC1-Fargate-Windows-vCPU-Hours:perCPU', { usd: '0.0535440000' }),
  entry('EUC1-Fargate-Windows-GB-Hours', { usd: '0.0058765000' }),
]
const others = [
  entry('EUC1-ECS-EC2-vCPU-Hours', { usd: '0.0000000000', unit: 'vCPU-Hours', attributes: { cputype: 'perCPU' } }),
  entry('EUC1-SpotUsage-Fargate-vCPU-Hours:perCPU', { usd: '0.0139' }),
  entry('EUC1-ECS-Anywhere-Instance-hours-WithFree', { usd: ['0.0000000000', '0.0102500000'] }),
  entry('EUC1-ECS-Managed-Instances:m5.large-management-hours', { usd: '0.01152' }),
  entry('EUC1-Fargate-vCPU-Hours:perCPU-extra', { usd: '9' }),
]
const x86 = { perVcpu: 0.04656, perGb: 0.00511 }

/** By service; each page a list. */
function lists(fargate: string[][], addresses: string[][] = []): void {
  aws.on(GetProductsCommand).callsFake(({ ServiceCode, NextToken = '0' }: GetProductsCommandInput) => {
    const all = ServiceCode === 'AmazonECS' ? fargate : addresses
    const nth = Number(NextToken)
    return { PriceList: all[nth], ...(nth + 1 < all.length && { NextToken: String(nth + 1) }) }
  })
}

const asked = () => aws.commandCalls(GetProductsCommand).map(call => call.args[0].input)

describe('what is asked', () => {
  test('Fargate and public addresses of that Region, page by page', async () => {
    lists([linux.slice(0, 1), linux.slice(1)], [[]])
    expect(await list.pricesOf(region)).toEqual({ linux: { x86 } })
    const ofRegion = { Type: 'TERM_MATCH', Field: 'regionCode', Value: region }
    const ofAddresses = { Type: 'TERM_MATCH', Field: 'group', Value: 'VPCPublicIPv4Address' }
    expect(asked()).toEqual([
      { ServiceCode: 'AmazonECS', Filters: [ofRegion], MaxResults: 100 },
      { ServiceCode: 'AmazonECS', Filters: [ofRegion], MaxResults: 100, NextToken: '1' },
      { ServiceCode: 'AmazonVPC', Filters: [ofRegion, ofAddresses], MaxResults: 100 },
    ])
  })

  test('a failure is told, and is not a Region without prices', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } })
    aws.on(GetProductsCommand).rejects(denied)
    await expect(list.pricesOf(region)).rejects.toThrow(RefusedError)
    await expect(list.pricesOf(region)).rejects.toThrow(
      'pricing:GetProducts of AmazonECS in eu-central-1: AccessDenied',
    )
    aws.on(GetProductsCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }))
    await expect(list.pricesOf(region)).rejects.toThrow(RetryableError)
  })
})

describe('what is listed', () => {
  const pricesOf = (entries: string[], addresses: string[] = []) => {
    lists([entries], [addresses])
    return list.pricesOf(region)
  }

  test('everything, each by its usage, whatever else is in the list', async () => {
    const all = [
      ...others,
      ...linux,
      ...windows,
      entry('EUC1-Fargate-ARM-vCPU-Hours:perCPU', { usd: '0.0372500000' }),
      entry('EUC1-Fargate-ARM-GB-Hours', { usd: '0.0040900000' }),
      entry('EUC1-Fargate-Windows-OS-Hours:perCPU', { usd: '0.0460000000' }),
      entry('EUC1-Fargate-EphemeralStorage-GB-Hours', { usd: '0.0001330000', unit: 'GB-Hours' }),
    ]
    const addresses = [
      entry('EUC1-PublicIPv4:IdleAddress', { usd: '0.0060000000', unit: 'Hrs' }),
      entry('EUC1-PublicIPv4:InUseAddress', { usd: '0.0050000000', unit: 'Hrs' }),
      entry('EUC1-PublicIPv4:ContiguousBlock', { usd: '0.0080000000', unit: 'Hrs' }),
    ]
    expect(await pricesOf(all, addresses)).toStrictEqual({
      linux: { x86, arm: { perVcpu: 0.03725, perGb: 0.00409 } },
      windows: { perVcpu: 0.053544, perGb: 0.0058765, licencePerVcpu: 0.046 },
      storagePerGb: 0.000133,
      publicIpv4: 0.005,
    })
  })

  test.each(['', 'EU-', 'APS3-'])('the prefix of a Region may be "%s"', async prefix => {
    const entries = linux.map(text => text.replace('EUC1-', prefix))
    expect(await pricesOf(entries)).toStrictEqual({ linux: { x86 } })
  })

  test.each([
    { case: 'nothing', entries: [] },
    { case: 'other things', entries: others },
    { case: 'another Region', entries: linux.map(text => text.replaceAll(region, 'us-east-1')) },
    { case: 'half of what a task needs', entries: linux.slice(0, 1) },
    { case: 'Windows without its licence', entries: windows },
    {
      case: 'storage alone',
      entries: [entry('EUC1-Fargate-EphemeralStorage-GB-Hours', { usd: '0.000133', unit: 'GB-Hours' })],
    },
  ])('$case: nothing on Fargate', async ({ entries }) => {
    expect(await pricesOf(entries, [entry('EUC1-PublicIPv4:InUseAddress', { usd: '0.005' })])).toBeUndefined()
  })

  const vcpu = 'EUC1-Fargate-ARM-vCPU-Hours:perCPU'
  test.each([
    { case: 'no JSON', text: '{' },
    { case: 'no object', text: 'null' },
    { case: 'no terms', text: entry(vcpu, { usd: '0.03' }).replace('OnDemand', 'Reserved') },
    { case: 'another currency', text: entry(vcpu, { pricePerUnit: { CNY: '0.3' } }) },
    { case: 'a price that is no number', text: entry(vcpu, { usd: 'Infinity' }) },
    { case: 'a negative price', text: entry(vcpu, { usd: '-0.03' }) },
    { case: 'no price', text: entry(vcpu, {}) },
    { case: 'a price of nothing', text: entry(vcpu, { usd: '0.0000000000' }) },
    { case: 'a price of another unit', text: entry(vcpu, { usd: '0.03', unit: 'Seconds' }) },
    { case: 'two tiers', text: entry(vcpu, { usd: ['0.03', '0.02'] }) },
  ])('$case: that price is not known, the others are', async ({ text }) => {
    const arm = entry('EUC1-Fargate-ARM-GB-Hours', { usd: '0.00409' })
    expect(await pricesOf([text, arm, ...linux])).toStrictEqual({ linux: { x86 } })
  })

  test('one price twice is one; two prices are none', async () => {
    expect(await pricesOf([...linux, ...linux])).toStrictEqual({ linux: { x86 } })
    const arm = ['0.0372500000', '0.0380000000'].map(usd => entry(vcpu, { usd }))
    const gb = entry('EUC1-Fargate-ARM-GB-Hours', { usd: '0.00409' })
    expect(await pricesOf([...arm, gb, ...linux])).toStrictEqual({ linux: { x86 } })
  })

  test('a first tier that costs nothing is not the price', async () => {
    const address = entry('EUC1-PublicIPv4:InUseAddress', { usd: ['0.0000000000', '0.0050000000'], unit: 'Hrs' })
    expect(await pricesOf(linux, [address])).toStrictEqual({ linux: { x86 }, publicIpv4: 0.005 })
  })
})
