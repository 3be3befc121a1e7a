/** What Fargate costs, in the Price List. */
import { PricingClient, type PricingClientConfig } from '@aws-sdk/client-pricing'
import type { PriceList } from '../ports.ts'
import { clientConfig } from './client-config.ts'

/** `options`: for a client other than the environment's. */
export function priceList(options: PricingClientConfig = {}): PriceList {
  const client = new PricingClient({ ...clientConfig, ...options })
  return {
    pricesOf: async () => {
      throw new Error(`on its way: ${client.config.apiVersion}`)
    },
  }
}
