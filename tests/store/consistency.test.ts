/** What no emulator tells apart: the embedded ones read consistently whether asked to or not. */
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { expect, test } from 'vitest'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'

test('reads by key are strongly consistent; those by an index are not, which DynamoDB would refuse', async () => {
  const dynamoDb = mockClient(DynamoDBDocumentClient)
  dynamoDb.on(GetCommand).resolves({})
  dynamoDb.on(BatchGetCommand).resolves({})
  dynamoDb.on(QueryCommand).resolves({})
  const table = dynamoDbTable({ region: 'eu-central-1' }, 'farguard-dev')
  await table.get('a', 'b')
  await table.getMany([{ pk: 'a', sk: 'b' }])
  await table.query({ by: 'pk', equals: 'a' })
  await table.query({ by: 'tagKey', equals: 'a' })
  await table.query({ by: 'digestKey', equals: 'a' })
  await table.query({ by: 'runningKey', equals: 'a' })
  expect(dynamoDb.commandCalls(GetCommand).map(call => call.args[0].input.ConsistentRead)).toEqual([true])
  const many = dynamoDb.commandCalls(BatchGetCommand).map(call => call.args[0].input.RequestItems?.['farguard-dev'])
  expect(many).toEqual([{ Keys: [{ pk: 'a', sk: 'b' }], ConsistentRead: true }])
  const asked = dynamoDb
    .commandCalls(QueryCommand)
    .map(({ args: [{ input }] }) => [input.IndexName, input.ConsistentRead])
  expect(asked).toEqual([
    [undefined, true],
    ['by-tag', undefined],
    ['by-digest', undefined],
    ['by-running', undefined],
  ])
})
