/** What Fargate costs, in the Price List. */
import { type Filter, GetProductsCommand, PricingClient, type PricingClientConfig } from '@aws-sdk/client-pricing'
import type { PriceList } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { pricesIn } from './price-list-entries.ts'
import { saying } from './sdk-error.ts'

const entriesPerPage = 100

/** `options`: for a client other than the environment's. */
export function priceList(options: PricingClientConfig = {}): PriceList {
  // The list of all Regions is to be had in a few only, of which this is one.
  const client = new PricingClient({ ...clientConfig, region: 'us-east-1', ...options })
  return {
    pricesOf: async region => {
      const fargate = await entriesOf(client, 'AmazonECS', { regionCode: region })
      const addresses = await entriesOf(client, 'AmazonVPC', { regionCode: region, group: 'VPCPublicIPv4Address' })
      return pricesIn([...fargate, ...addresses], region)
    },
  }
}

async function entriesOf(
  client: PricingClient,
  ServiceCode: string,
  attributes: Record<string, string>,
): Promise<string[]> {
  const Filters: Filter[] = Object.entries(attributes).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value }))
  const entries: string[] = []
  let NextToken: string | undefined
  do {
    const from = NextToken === undefined ? {} : { NextToken }
    const page = await saying(`pricing:GetProducts of ${ServiceCode} in ${attributes.regionCode}`, () =>
      client.send(new GetProductsCommand({ ServiceCode, Filters, MaxResults: entriesPerPage, ...from })),
    )
    for (const entry of page.PriceList ?? []) entries.push(String(entry))
    NextToken = page.NextToken
  } while (NextToken)
  return entries
}
