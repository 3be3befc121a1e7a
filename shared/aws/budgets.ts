/** Budgets, in AWS Budgets. */
import { BudgetsClient, type BudgetsClientConfig } from '@aws-sdk/client-budgets'
import type { Budgets } from '../ports.ts'
import { clientConfig } from './client-config.ts'

/** `options`: for a client other than the environment's. */
export function awsBudgets(options: BudgetsClientConfig = {}): Budgets {
  const client = new BudgetsClient({ ...clientConfig, ...options })
  return {
    read: async () => {
      throw new Error(`on its way: ${client.config.apiVersion}`)
    },
  }
}
