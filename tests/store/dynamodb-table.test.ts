import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'
import { startDynalite } from './dynalite.ts'
import { record } from './record.ts'
import { stackTable } from './stack-table.ts'
import { tableContract } from './table-contract.ts'

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing) await close()
})

let client: DynamoDBClient
tableContract('DynamoDB (dynalite)', async () => {
  const dynalite = await startDynalite()
  client = await stackTable(dynalite.endpoint, 'farguard-test')
  closing.push(
    () => client.destroy(),
    () => dynalite.close(),
  )
  return dynamoDbTable(client, 'farguard-test')
})

describe('what DynamoDB says no with', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.closeAllConnections()
  })

  /** A table whose DynamoDB gives this answer to everything. */
  async function answering(
    status: number,
    type: string,
  ): Promise<{ table: ReturnType<typeof dynamoDbTable>; calls: string[] }> {
    const calls: string[] = []
    const server = createServer((request, response) => {
      calls.push(String(request.headers['x-amz-target']))
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(
        JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `because of ${type}` }),
      )
    })
    servers.push(server)
    await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready))
    closing.push(() => server.close())
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    return {
      table: dynamoDbTable({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 }, 'farguard-dev'),
      calls,
    }
  }

  test.each([
    { status: 400, type: 'ProvisionedThroughputExceededException', expect: RetryableError },
    { status: 400, type: 'ThrottlingException', expect: RetryableError },
    { status: 400, type: 'RequestLimitExceeded', expect: RetryableError },
    { status: 400, type: 'ExpiredTokenException', expect: RetryableError },
    { status: 500, type: 'InternalServerError', expect: RetryableError },
    { status: 503, type: 'ServiceUnavailable', expect: RetryableError },
    { status: 505, type: 'NewKindOfServerError', expect: RetryableError },
    { status: 400, type: 'AccessDeniedException', expect: RefusedError },
    { status: 400, type: 'ResourceNotFoundException', expect: RefusedError },
    { status: 400, type: 'ValidationException', expect: RefusedError },
    { status: 400, type: 'ItemCollectionSizeLimitExceededException', expect: RefusedError },
  ])('$status $type', async ({ status, type, expect: kind }) => {
    const { table, calls } = await answering(status, type)
    const asked = {
      get: table.get('a', 'b'),
      getMany: table.getMany([{ pk: 'a', sk: 'b' }]),
      put: table.put(record(), 'absent'),
      query: table.query({ by: 'pk', equals: 'a' }),
    }
    for (const answer of Object.values(asked)) {
      const error: Error = await answer.then(
        () => Promise.reject(new Error('answered')),
        refusal => refusal,
      )
      expect(error).toBeInstanceOf(kind)
      expect(error.message).toMatch(
        new RegExp(`^dynamodb:(GetItem|BatchGetItem|PutItem|Query) on farguard-dev: ${type}: because of ${type}`),
      )
      expect(error.cause).toBeInstanceOf(Error)
      if (kind === RefusedError) expect(error).toHaveProperty('code', type)
    }
    expect(calls).toHaveLength(4)
  })

  test('a condition that does not hold is no error', async () => {
    const { table } = await answering(400, 'ConditionalCheckFailedException')
    expect(await table.put(record(), 'absent')).toBe(false)
  })

  test('nobody listening is retryable', async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const options = { endpoint: 'http://127.0.0.1:9', region: 'eu-central-1', credentials, maxAttempts: 1 }
    await expect(dynamoDbTable(options, 'farguard-dev').get('a', 'b')).rejects.toThrow(RetryableError)
  })

  test('no answer in time is retryable', async () => {
    const server = createServer(() => undefined)
    servers.push(server)
    await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready))
    closing.push(() => server.close())
    const table = dynamoDbTable(
      {
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
        maxAttempts: 1,
      },
      'farguard-dev',
    )
    await expect(table.get('a', 'b')).rejects.toThrow(RetryableError)
  })

  test('a table that does not exist is refused by its own code', async () => {
    await expect(dynamoDbTable(client, 'farguard-none').get('a', 'b')).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'ResourceNotFoundException',
    })
  })
})
