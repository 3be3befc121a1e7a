import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterEach, expect, test } from 'vitest'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { localAccount } from './local-account.ts'

let listening: Listening | undefined
afterEach(async () => {
  await listening?.close()
  listening = undefined
})

test('STS says who one is, and refuses what it does not have', async () => {
  const sts = new STSClient(localAccount().client)
  const arn = 'arn:aws:iam::123456789012:user/local'
  expect(await sts.send(new GetCallerIdentityCommand())).toMatchObject({ Account: '123456789012', Arn: arn })
  const assume = new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'session' })
  await expect(sts.send(assume)).rejects.toMatchObject({
    name: 'InvalidAction',
    message: expect.stringContaining('sts:AssumeRole'),
  })
})

test('a parameter that STS does not have is refused by name', async () => {
  listening = await listen(localAccount().wire, { port: 0 })
  const answer = await fetch(listening.url, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKIATEST/20260301/eu-central-1/sts/aws4_request' },
    body: new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15', Nmae: '<x>' }),
  })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('<Message>sts:GetCallerIdentity has no parameter &#34;Nmae&#34;.</Message>')
})

const table = {
  TableName: 'records',
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
}

test('DynamoDB keeps items, conditions included, with no socket', async () => {
  const db = new DynamoDBClient(localAccount().client)
  const get = () => db.send(new GetItemCommand({ TableName: 'records', Key: { pk: { S: 'a' } } }))
  await expect(get()).rejects.toThrow(ResourceNotFoundException)
  await db.send(new CreateTableCommand(table))
  await waitUntilTableExists({ client: db, maxWaitTime: 5, minDelay: 0.01, maxDelay: 0.01 }, table)
  const onlyNew = {
    TableName: 'records',
    Item: { pk: { S: 'a' }, n: { N: '1' } },
    ConditionExpression: 'attribute_not_exists(pk)',
  }
  await db.send(new PutItemCommand(onlyNew))
  await expect(db.send(new PutItemCommand(onlyNew))).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
  expect((await get()).Item).toEqual({ pk: { S: 'a' }, n: { N: '1' } })
})

test('two accounts have two DynamoDBs', async () => {
  const [one, other] = [localAccount(), localAccount()].map(({ client }) => new DynamoDBClient(client))
  await one?.send(new CreateTableCommand(table))
  await expect(other?.send(new CreateTableCommand(table))).resolves.toBeDefined()
})

test('one port serves all of them, and a login says where it is', async () => {
  const { wire, client } = localAccount()
  listening = await listen(wire, { port: 0 })
  const { requestHandler: _, ...settings } = { ...client, endpoint: listening.url }
  await new DynamoDBClient(settings).send(new CreateTableCommand(table))
  expect(await new STSClient(settings).send(new GetCallerIdentityCommand())).toMatchObject({ Account: '123456789012' })
  const login = await new ECRClient(settings).send(new GetAuthorizationTokenCommand())
  expect(login.authorizationData).toEqual([
    {
      authorizationToken: expect.any(String),
      expiresAt: new Date('2026-03-02T10:00:00.750Z'),
      proxyEndpoint: listening.url,
    },
  ])
})

test('a port in use is refused with its code', async () => {
  listening = await listen(localAccount().wire, { port: 0 })
  await expect(listen(localAccount().wire, { port: listening.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('a request too large is answered over the socket, not cut off', async () => {
  const { wire } = localAccount({ ecs: { DescribeTasks: () => ({}) } })
  listening = await listen(wire, { port: 0 })
  const answer = await fetch(listening.url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'AmazonEC2ContainerServiceV20141113.DescribeTasks',
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIATEST/20260301/eu-central-1/ecs/aws4_request',
    },
    body: ' '.repeat(40 * 1024 * 1024),
  })
  expect(answer.status).toBe(413)
})
