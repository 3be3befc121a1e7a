import { ECRClient, InvalidLayerPartException, UploadLayerPartCommand } from '@aws-sdk/client-ecr'
import {
  ConflictException,
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs'
import { QueueDoesNotExist, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import type { WireResponse } from '../../../local/wire/http.ts'
import type { Wire } from '../../../local/wire/wire.ts'
import { localAccount } from './local-account.ts'

const ecsTarget = 'AmazonEC2ContainerServiceV20141113'
const signed =
  'AWS4-HMAC-SHA256 Credential=AKIATEST/20260301/eu-central-1/ecs/aws4_request, SignedHeaders=host, Signature=00'

async function post(wire: Wire, target: string | undefined, body: string, headers: Record<string, string> = {}) {
  const answer = await wire.handle({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { ...(target ? { 'x-amz-target': target } : {}), authorization: signed, ...headers },
    body: (async function* () {
      yield Buffer.from(body)
    })(),
  })
  return { ...answer, json: () => JSON.parse(text(answer)) }
}
const text = ({ body }: WireResponse) => Buffer.from(body).toString()

describe('an operation', () => {
  test('gets Dates and bytes, and answers with them', async () => {
    const seen: unknown[] = []
    const at = new Date('2026-03-01T22:00:00.250Z')
    const { client } = localAccount({
      ecs: {
        DescribeTasks: (input, caller) => {
          seen.push(input, caller)
          return { tasks: [{ taskArn: 'arn', createdAt: at, version: 3, startedBy: undefined }], failures: [] }
        },
      },
      sqs: {
        SendMessage: input => {
          seen.push(input.MessageAttributes.raw.BinaryValue)
          return { MessageId: '1', MD5OfMessageBody: 'x' }
        },
      },
    })
    const answer = await new ECSClient(client).send(new DescribeTasksCommand({ cluster: 'c', tasks: ['arn'] }))
    expect(answer.tasks).toEqual([{ taskArn: 'arn', createdAt: at, version: 3 }])
    expect(seen).toEqual([{ cluster: 'c', tasks: ['arn'] }, { accessKeyId: 'AKIATEST' }])
    const raw = { DataType: 'Binary', BinaryValue: Buffer.from([0, 255, 128]) }
    const message = { QueueUrl: 'http://q', MessageBody: 'b', MessageAttributes: { raw } }
    const sqs = new SQSClient({ ...client, md5: false, useQueueUrlAsEndpoint: false })
    await sqs.send(new SendMessageCommand(message))
    expect(Buffer.from(seen[2] as Uint8Array)).toEqual(raw.BinaryValue)
  })

  test.each([
    {
      case: 'an unknown member',
      body: { cluster: 'c', taks: [] },
      code: 'InvalidParameterException',
      says: 'Unknown parameter in input: "taks", must be one of: tasks, cluster, include',
    },
    {
      case: 'a missing member',
      body: { cluster: 'c' },
      code: 'InvalidParameterException',
      says: 'Missing required parameter in input: "tasks"',
    },
    {
      case: 'null for a required member',
      body: { tasks: null },
      code: 'InvalidParameterException',
      says: 'Missing required parameter in input: "tasks"',
    },
    {
      case: 'a wrong type',
      body: { tasks: 'arn' },
      code: 'SerializationException',
      says: 'parameter tasks: got string, expected a list',
    },
    {
      case: 'a wrong type inside',
      body: { tasks: ['arn', 7] },
      code: 'SerializationException',
      says: 'parameter tasks[1]: got number, expected a string',
    },
    {
      case: 'no object',
      body: [],
      code: 'SerializationException',
      says: 'parameter input: got a list, expected an object',
    },
  ])('with $case is refused by name, and not run', async ({ body, code, says }) => {
    let ran = false
    const { wire } = localAccount({
      ecs: {
        DescribeTasks: () => {
          ran = true
        },
      },
    })
    const answer = await post(wire, `${ecsTarget}.DescribeTasks`, JSON.stringify(body))
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ __type: code, message: expect.stringContaining(says) })
    expect(ran).toBe(false)
  })

  test('deep inside a request, a name that AWS does not have is refused with its path', async () => {
    const { wire } = localAccount({ ecs: { RunTask: () => ({}) } })
    const overrides = { containerOverrides: [{ name: 'web', comand: ['x'] }] }
    const answer = await post(wire, `${ecsTarget}.RunTask`, JSON.stringify({ taskDefinition: 't', overrides }))
    expect(answer.json().message).toContain('Unknown parameter in overrides.containerOverrides[0]: "comand"')
  })

  test('a union takes exactly one of its members', async () => {
    const { wire } = localAccount({ ecs: { CreateGateway: () => ({}) } })
    const answer = await post(wire, `${ecsTarget}.CreateGateway`, JSON.stringify({ configuration: {} }))
    expect(answer.json().message).toContain('configuration must have exactly one of')
  })

  test.each(['not base64!', 'YQ', 'Y===', 7])('a blob that is %j is refused', async layerPartBlob => {
    const { wire } = localAccount()
    const part = { repositoryName: 'r', uploadId: 'u', partFirstByte: 0, partLastByte: 1, layerPartBlob }
    const answer = await post(wire, 'AmazonEC2ContainerRegistry_V20150921.UploadLayerPart', JSON.stringify(part))
    expect(answer.json().__type).toBe('SerializationException')
  })

  test('that AWS does not have, and that this account does not model, are told apart', async () => {
    const { wire } = localAccount()
    const unknown = await post(wire, `${ecsTarget}.RunTusk`, '{}')
    expect([unknown.status, unknown.json()]).toEqual([
      400,
      { __type: 'UnknownOperationException', message: 'ecs has no operation "RunTusk".' },
    ])
    const message = 'The local account does not model ecs:CreateCapacityProvider.'
    expect((await post(wire, `${ecsTarget}.CreateCapacityProvider`, '{}')).json()).toEqual({
      __type: 'UnknownOperationException',
      message,
    })
    for (const strange of ['AmazonSSM.GetParameter', 'toString.call', 'x']) {
      expect((await post(wire, strange, '{}')).json(), strange).toMatchObject({ __type: 'UnknownOperationException' })
    }
  })
})

describe('an error', () => {
  test('is the typed exception of the SDK, with its members', async () => {
    const conflict = new AwsError('ConflictException', 'taken', { members: { resourceIds: ['arn:1', 'arn:2'] } })
    const { client } = localAccount({
      ecs: {
        RunTask: () => {
          throw conflict
        },
      },
    })
    const error = await new ECSClient(client).send(new RunTaskCommand({ taskDefinition: 't' })).catch(error => error)
    expect(error).toBeInstanceOf(ConflictException)
    expect(error).toMatchObject({
      message: 'taken',
      resourceIds: ['arn:1', 'arn:2'],
      $metadata: { httpStatusCode: 400 },
    })
    expect(error.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'])(
    'of SQS may be thrown as %s',
    async code => {
      const { client } = localAccount({
        sqs: {
          SendMessage: () => {
            throw new AwsError(code, 'no such queue')
          },
        },
      })
      const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false })
      const error = await sqs
        .send(new SendMessageCommand({ QueueUrl: 'http://q', MessageBody: 'b' }))
        .catch(error => error)
      expect(error).toBeInstanceOf(QueueDoesNotExist)
      expect(error.Code).toBe('AWS.SimpleQueueService.NonExistentQueue')
    },
  )

  test('of ECR carries its members', async () => {
    const { client, ecr } = localAccount()
    ecr.createRepository('acme/web')
    const upload = ecr.blobs.begin('acme/web', ecr.newUploadId())
    const input = {
      repositoryName: 'acme/web',
      uploadId: upload.id,
      partFirstByte: 5,
      partLastByte: 5,
      layerPartBlob: Buffer.from('x'),
    }
    const error = await new ECRClient(client).send(new UploadLayerPartCommand(input)).catch(error => error)
    expect(error).toBeInstanceOf(InvalidLayerPartException)
    expect(error).toMatchObject({ repositoryName: 'acme/web', uploadId: upload.id, lastValidByteReceived: 0 })
  })

  test('that has no shape of its own still has its code', async () => {
    const { account, client } = localAccount({ ecs: { ListClusters: () => ({ clusterArns: [] }) } })
    account.failNext('ecs:ListClusters', {
      when: 'before',
      error: new AwsError('ThrottlingException', 'Rate exceeded'),
    })
    const list = () => new ECSClient(client).send(new ListClustersCommand())
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' })
    await expect(list()).resolves.toMatchObject({ clusterArns: [] })
  })
})

describe('a bug of the model', () => {
  const broken: { case: string; run: () => unknown; says: string }[] = [
    {
      case: 'a member that AWS does not have',
      run: () => ({ cluster: { name: 'c' } }),
      says: 'Cluster has no member cluster.name',
    },
    {
      case: 'a wrong type',
      run: () => ({ cluster: { runningTasksCount: '1' } }),
      says: 'cluster.runningTasksCount should be a number',
    },
    {
      case: 'an exception',
      run: () => {
        throw new TypeError('oops')
      },
      says: 'oops',
    },
    {
      case: 'an error member that AWS does not have',
      run: () => {
        throw new AwsError('ClientException', 'm', { members: { foo: 1 } })
      },
      says: 'has no member foo',
    },
  ]
  test.each(broken)('$case is a 500 that says so, and is heard of', async ({ run, says }) => {
    const { client, faults } = localAccount({ ecs: { CreateCluster: run } })
    const error = await new ECSClient(client).send(new CreateClusterCommand()).catch(error => error)
    expect(error).toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } })
    expect(error.message).toContain(says)
    expect(faults).toHaveLength(1)
  })
})

describe('a request', () => {
  test.each([
    { case: 'that is no JSON', body: '{"tasks":', headers: {}, status: 400, type: 'SerializationException' },
    {
      case: 'that is not signed',
      body: '{}',
      headers: { authorization: '' },
      status: 400,
      type: 'MissingAuthenticationTokenException',
    },
    {
      case: 'of more than 10 MiB',
      body: ' '.repeat(10 * 1024 * 1024 + 1),
      headers: {},
      status: 413,
      type: 'RequestEntityTooLargeException',
    },
  ])('$case is refused', async ({ body, headers, status, type }) => {
    const { wire } = localAccount({ ecs: { DescribeTasks: () => ({}) } })
    const answer = await post(wire, `${ecsTarget}.DescribeTasks`, body, headers)
    expect([answer.status, answer.json().__type]).toEqual([status, type])
  })

  test('without a target is told what this is', async () => {
    const { wire } = localAccount()
    const answer = await post(wire, undefined, '')
    expect([answer.status, text(answer)]).toEqual([400, expect.stringContaining('X-Amz-Target')])
    const page = await wire.handle({
      method: 'GET',
      path: '/bucket',
      query: new URLSearchParams(),
      headers: {},
      body: (async function* () {})(),
    })
    expect([page.status, text(page)]).toEqual([404, expect.stringContaining('This is a local AWS account')])
  })
})
