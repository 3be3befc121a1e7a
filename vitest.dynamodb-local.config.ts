/** The store's contract against the official DynamoDB Local, which needs Java 17: `npm run test:dynamodb-local`. */
import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

export default defineConfig(async () => {
  const merged = mergeConfig(base, {})
  return { ...merged, test: { ...merged.test, include: ['tests/store/dynamodb-local/table.ts'], testTimeout: 60_000 } }
})
