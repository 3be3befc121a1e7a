import {
  DescribeServicesCommand,
  type Filter,
  GetAttributeValuesCommand,
  GetProductsCommand,
  type GetProductsCommandInput,
  type GetProductsCommandOutput,
  PricingClient,
  paginateGetProducts,
} from '@aws-sdk/client-pricing'
import { describe, expect, test } from 'vitest'
import { createPricing } from '../../../local/account/pricing/pricing.ts'
import { tableDate } from '../../../shared/cost/price-table.ts'
import { localAccount } from '../wire/local-account.ts'

const published = `${tableDate}T00:00:00Z`

const client = () => new PricingClient(localAccount({ pricing: createPricing().operations }).client)

const is = (Field: string, Value: string, Type: Filter['Type'] = 'TERM_MATCH'): Filter => ({ Type, Field, Value })

interface Entry {
  product: { sku: string; attributes: Record<string, string> }
  terms: { OnDemand: Record<string, { priceDimensions: Record<string, { pricePerUnit: { USD: string } }> }> }
}

const entriesOf = ({ PriceList = [] }: GetProductsCommandOutput): Entry[] =>
  (PriceList as string[]).map(entry => JSON.parse(entry))

async function products(ServiceCode: string, ...Filters: Filter[]) {
  const answer = await client().send(new GetProductsCommand({ ServiceCode, Filters }))
  return entriesOf(answer)
}

/** Usage types and their prices: of a tiered one, each. */
async function prices(ServiceCode: string, ...filters: Filter[]) {
  const found = (await products(ServiceCode, ...filters)).map(({ product, terms }) => {
    const dimensions = Object.values(terms.OnDemand).flatMap(term => Object.values(term.priceDimensions))
    return [product.attributes.usagetype, dimensions.map(({ pricePerUnit }) => pricePerUnit.USD).join(' ')] as const
  })
  return Object.fromEntries(found.sort())
}

describe('products', () => {
  test('of us-east-1: Fargate’s, and those beside it that cost nothing or go by tiers', async () => {
    expect(await prices('AmazonECS', is('regionCode', 'us-east-1'))).toEqual({
      'USE1-ECS-Anywhere-Instance-hours-WithFree': '0.0000000000 0.0102500000',
      'USE1-ECS-EC2-GB-Hours': '0.0000000000',
      'USE1-ECS-EC2-vCPU-Hours': '0.0000000000',
      'USE1-Fargate-ARM-GB-Hours': '0.0035600000',
      'USE1-Fargate-ARM-vCPU-Hours:perCPU': '0.0323800000',
      'USE1-Fargate-EphemeralStorage-GB-Hours': '0.0001110000',
      'USE1-Fargate-GB-Hours': '0.0044450000',
      'USE1-Fargate-Windows-GB-Hours': '0.0051117500',
      'USE1-Fargate-Windows-OS-Hours:perCPU': '0.0460000000',
      'USE1-Fargate-Windows-vCPU-Hours:perCPU': '0.0465520000',
      'USE1-Fargate-vCPU-Hours:perCPU': '0.0404800000',
    })
  })

  test('an entry is a JSON text of the shape that AWS gives', async () => {
    const [entry] = await products('AmazonECS', is('usagetype', 'EUC1-Fargate-vCPU-Hours:perCPU'))
    const sku = entry?.product.sku ?? ''
    expect(sku).toMatch(/^[A-Z0-9]{16}$/)
    const [rateCode = ''] = Object.keys(entry?.terms.OnDemand[`${sku}.JRTCKXETXF`]?.priceDimensions ?? {})
    expect(entry).toEqual({
      product: {
        productFamily: 'Compute',
        attributes: {
          regionCode: 'eu-central-1',
          servicecode: 'AmazonECS',
          tenancy: 'Shared',
          usagetype: 'EUC1-Fargate-vCPU-Hours:perCPU',
          locationType: 'AWS Region',
          location: 'EU (Frankfurt)',
          servicename: 'Amazon Elastic Container Service',
          cputype: 'perCPU',
          operation: '',
        },
        sku,
      },
      serviceCode: 'AmazonECS',
      terms: {
        OnDemand: {
          [`${sku}.JRTCKXETXF`]: {
            priceDimensions: {
              [rateCode]: {
                unit: 'hours',
                endRange: 'Inf',
                description: expect.any(String),
                appliesTo: [],
                rateCode,
                beginRange: '0',
                pricePerUnit: { USD: '0.0465600000' },
              },
            },
            sku,
            effectiveDate: published,
            offerTermCode: 'JRTCKXETXF',
            termAttributes: {},
          },
        },
      },
      version: published.replace(/\D/g, ''),
      publicationDate: published,
    })
  })

  test('of a Region whose storage price nobody found: none, rather than one made up', async () => {
    const found = Object.keys(await prices('AmazonECS', is('regionCode', 'eu-central-1')))
    expect(found).toContain('EUC1-Fargate-ARM-GB-Hours')
    expect(found.filter(usage => /Storage|Windows/.test(usage))).toEqual([])
  })

  test('a public IPv4 address is of AmazonVPC, in no product family', async () => {
    const group = is('group', 'VPCPublicIPv4Address')
    expect(await prices('AmazonVPC', group, is('regionCode', 'eu-west-1'))).toEqual({
      'EU-PublicIPv4:IdleAddress': '0.0050000000',
      'EU-PublicIPv4:InUseAddress': '0.0050000000',
    })
    expect(await products('AmazonVPC', is('productFamily', 'IP Address'))).toEqual([])
  })

  test.each<[string, Filter[], string[]]>([
    ['nothing in that Region', [is('regionCode', 'mars-1')], []],
    ['a field that no product has', [is('regioncode', 'us-east-1')], []],
    [
      'all filters hold',
      [is('regionCode', 'us-east-1'), is('cputype', 'perCPU'), is('cpuArchitecture', 'ARM')],
      ['USE1-Fargate-ARM-vCPU-Hours:perCPU'],
    ],
    [
      'CONTAINS and NONE_OF',
      [
        is('regionCode', 'eu-central-1'),
        is('usagetype', 'vCPU', 'CONTAINS'),
        is('productFamily', 'Compute Metering,Storage', 'NONE_OF'),
      ],
      ['EUC1-Fargate-ARM-vCPU-Hours:perCPU', 'EUC1-Fargate-vCPU-Hours:perCPU'],
    ],
    [
      'EQUALS and ANY_OF',
      [is('memorytype', 'perGB', 'EQUALS'), is('usagetype', 'EU-Fargate-GB-Hours,EUW2-Fargate-GB-Hours', 'ANY_OF')],
      ['EU-Fargate-GB-Hours', 'EUW2-Fargate-GB-Hours'],
    ],
  ])('filters: %s', async (_, filters, usageTypes) => {
    expect(Object.keys(await prices('AmazonECS', ...filters))).toEqual(usageTypes)
  })
})

test('pages of any size hold every product once', async () => {
  const all = (await products('AmazonECS')).map(({ product }) => product.sku)
  const paged: string[] = []
  for await (const page of paginateGetProducts({ client: client(), pageSize: 7 }, { ServiceCode: 'AmazonECS' })) {
    const entries = entriesOf(page)
    expect(entries.length).toBeLessThanOrEqual(7)
    paged.push(...entries.map(({ product }) => product.sku))
  }
  expect(paged).toEqual(all)
  expect(new Set(paged).size).toBe(all.length)
})

test('says which services and attribute values there are', async () => {
  const { Services } = await client().send(new DescribeServicesCommand({}))
  expect(Services?.map(service => service.ServiceCode)).toEqual(['AmazonECS', 'AmazonVPC'])
  expect(Services?.[0]?.AttributeNames).toEqual(expect.arrayContaining(['cputype', 'productFamily', 'usagetype']))
  const values = new GetAttributeValuesCommand({ ServiceCode: 'AmazonECS', AttributeName: 'cputype' })
  expect((await client().send(values)).AttributeValues).toEqual([
    { Value: 'perCPU' },
    { Value: 'perCPU OS License Fee' },
  ])
})

test.each<[string, GetProductsCommandInput]>([
  ['NotFoundException', { ServiceCode: 'AmazonFargate' }],
  ['InvalidParameterException', { ServiceCode: 'AmazonECS', MaxResults: 101 }],
  ['InvalidParameterException', { ServiceCode: 'AmazonECS', FormatVersion: 'aws_v2' }],
  ['InvalidParameterException', { ServiceCode: 'AmazonECS', Filters: [is('none', 'b', 'LIKE' as 'EQUALS')] }],
  ['InvalidNextTokenException', { ServiceCode: 'AmazonECS', NextToken: 'nonsense' }],
])('refuses with %s: %j', async (name, input) => {
  await expect(client().send(new GetProductsCommand(input))).rejects.toMatchObject({ name })
})
