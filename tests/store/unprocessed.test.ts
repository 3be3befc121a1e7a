/** Keys that DynamoDB leaves for another call, as it does under load. No emulator does. */
import { BatchGetCommand, type BatchGetCommandInput, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'
import { RetryableError } from '../../shared/ports.ts'
import { record } from './record.ts'

const dynamoDb = mockClient(DynamoDBDocumentClient)
const table = dynamoDbTable({ region: 'eu-central-1' }, 'farguard-dev')
beforeEach(() => {
  dynamoDb.reset()
})

const keysOf = ({ RequestItems }: BatchGetCommandInput) => RequestItems?.['farguard-dev']?.Keys ?? []

/** DynamoDB that does so many keys a call. */
function doing(perCall: (call: number) => number): void {
  let calls = 0
  dynamoDb.on(BatchGetCommand).callsFake((input: BatchGetCommandInput) => {
    const done = perCall(calls++)
    const keys = keysOf(input)
    const left = keys.slice(done)
    return {
      Responses: { 'farguard-dev': keys.slice(0, done).map(key => record(key)) },
      UnprocessedKeys: left.length > 0 ? { 'farguard-dev': { Keys: left, ConsistentRead: true } } : {},
    }
  })
}

const keys = Array.from({ length: 10 }, (_, nth) => ({ pk: 'a', sk: `s/${nth}` }))

test.each([
  { case: 'some in each call', perCall: () => 4, calls: 3 },
  { case: 'none at first', perCall: (call: number) => (call < 2 ? 0 : 10), calls: 3 },
])('$case: they are asked for again until all are there', async ({ perCall, calls }) => {
  doing(perCall)
  expect(await table.getMany(keys)).toEqual(keys.map(key => record(key)))
  expect(dynamoDb.commandCalls(BatchGetCommand)).toHaveLength(calls)
})

test('DynamoDB that does none of them any more is given up after five calls, and can be tried again later', async () => {
  doing(call => (call === 0 ? 3 : 0))
  const refusal = table.getMany(keys)
  await expect(refusal).rejects.toThrow(RetryableError)
  await expect(refusal).rejects.toThrow('dynamodb:BatchGetItem on farguard-dev: 7 keys are left unprocessed.')
  expect(dynamoDb.commandCalls(BatchGetCommand)).toHaveLength(1 + 5)
})

test('100 keys a call, no key twice', async () => {
  doing(() => 100)
  const many = Array.from({ length: 250 }, (_, nth) => ({ pk: 'a', sk: `s/${nth % 230}` }))
  expect(await table.getMany(many)).toHaveLength(230)
  const sizes = dynamoDb.commandCalls(BatchGetCommand).map(call => keysOf(call.args[0].input).length)
  expect(sizes).toEqual([100, 100, 30])
})
