import { afterAll } from 'vitest'
import { dynamoDbTable } from '../../../shared/aws/dynamodb-table.ts'
import { stackTable } from '../stack-table.ts'
import { tableContract } from '../table-contract.ts'
import { startDynamoDbLocal } from './dynamodb-local.ts'

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing) await close()
})

tableContract('DynamoDB Local', async () => {
  const local = await startDynamoDbLocal()
  closing.push(() => local.close())
  const client = await stackTable(local.endpoint, 'farguard-test')
  closing.unshift(() => client.destroy())
  return dynamoDbTable(client, 'farguard-test')
})
