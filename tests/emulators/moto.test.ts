/** The built bundles against an AWS emulator that is not ours, moved there by AWS_ENDPOINT_URL alone. Skipped where moto is not installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { SQSBatchResponse } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lambda, lambdaWorker } from '../../local/stack/lambda-worker.ts'
import type { Config } from '../../shared/config/config.ts'
import { buildFunctions } from '../../stack/build.ts'
import { tableResource } from '../../stack/table.ts'
import { config, job, service, task } from '../deploy/targets.ts'
import { manifest, taskDefinition } from '../simulated-world.ts'

const isInstalled = spawnSync('moto_server', ['--help']).status === 0
const region = 'eu-central-1'
const accountId = '123456789012'

describe.skipIf(!isInstalled)('the built bundle on moto', () => {
  let moto: ChildProcess
  let lambda: Lambda
  let clients: { ecs: ECSClient; ecr: ECRClient; sqs: SQSClient }
  let deadLetters = ''
  const outdir = mkdtempSync(join(tmpdir(), 'farguard-bundles-'))
  const written: string[] = []

  beforeAll(async () => {
    const port = await freePort()
    moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
    const endpoint = `http://127.0.0.1:${port}`
    await answering(endpoint)
    const options = { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
    clients = { ecs: new ECSClient(options), ecr: new ECRClient(options), sqs: new SQSClient(options) }
    deadLetters =
      (await clients.sqs.send(new CreateQueueCommand({ QueueName: 'farguard-dev-dead-letters' }))).QueueUrl ?? ''
    const { TableName, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } = tableResource(
      'farguard-dev',
    ).Properties as never
    await new DynamoDBClient(options).send(
      new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode }),
    )
    await furnish()
    const network = { subnets: [await anySubnet(endpoint)], securityGroups: [], publicIp: true }
    const targets: Config = config(service(), job({}, { network }), task({}, { count: 12, network }))
    const [bundle] = await buildFunctions(targets, { outdir })
    if (!bundle) throw new Error('nothing was built')
    lambda = lambdaWorker({
      function: {
        name: 'farguard-dev-deploy-image',
        bundle: 'deploy-image',
        environment: { FARGUARD_TABLE: 'farguard-dev', FARGUARD_DEAD_LETTERS: deadLetters },
        timeoutSeconds: 30,
        memoryMb: 512,
      },
      file: bundle.file,
      accountId,
      region,
      endpoint,
      clock: { now: () => new Date() },
      onLine: line => written.push(line),
    })
  }, 60_000)

  afterAll(async () => {
    await lambda?.close()
    moto?.kill()
    rmSync(outdir, { recursive: true, force: true })
  })

  test('a push puts the service on the pushed digest', async () => {
    const digest = await push('acme/web', '1.1.0')
    expect(await invoke(event('acme/web', '1.1.0', digest))).toEqual({ batchItemFailures: [] })
    const answer = await clients.ecs.send(new DescribeServicesCommand({ cluster: 'demo', services: ['web'] }))
    const input = { taskDefinition: answer.services?.[0]?.taskDefinition }
    const { taskDefinition } = await clients.ecs.send(new DescribeTaskDefinitionCommand(input))
    expect(taskDefinition?.containerDefinitions?.[0]?.image).toMatch(new RegExp(`/acme/web@${digest}$`))
  })

  test('a job runs once for two deliveries of its push', async () => {
    const digest = await push('acme/nightly', 'v1')
    await invoke(event('acme/nightly', 'v1', digest), event('acme/nightly', 'v1', digest))
    expect(await tasksOf('nightly')).toHaveLength(1)
  })

  test('twelve copies start, each with the name of its deployment', async () => {
    const digest = await push('acme/worker', 'v1')
    await invoke(event('acme/worker', 'v1', digest))
    const tasks = await tasksOf('worker')
    expect(tasks).toHaveLength(12)
    expect(new Set(tasks.map(each => each.startedBy?.replace(/[0-9a-z]{6}(?=0[12]$)/, '…')))).toEqual(
      new Set(['fg/worker/…01', 'fg/worker/…02']),
    )
  })

  test('what can never succeed goes aside with its reason, and does not block its batch', async () => {
    const digest = await push('acme/web', '1.2.0')
    expect(await invoke('{ no json', event('acme/web', '1.2.0', digest))).toEqual({ batchItemFailures: [] })
    const input = { QueueUrl: deadLetters, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }
    const { Messages } = await clients.sqs.send(new ReceiveMessageCommand(input))
    expect(Messages?.map(each => each.MessageAttributes?.reason?.StringValue)).toEqual([
      expect.stringMatching(/^malformed: The message is not JSON/),
    ])
  })

  async function furnish() {
    const { ecs, ecr } = clients
    for (const repositoryName of ['acme/web', 'acme/nightly', 'acme/worker'])
      await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    await ecs.send(new CreateClusterCommand({ clusterName: 'demo' }))
    const definition = taskDefinition('web', `${accountId}.dkr.ecr.${region}.amazonaws.com/acme/web:1.0.0`)
    await ecs.send(new RegisterTaskDefinitionCommand(definition as never))
    const launch = { desiredCount: 1, launchType: 'FARGATE' as const }
    await ecs.send(new CreateServiceCommand({ cluster: 'demo', serviceName: 'web', taskDefinition: 'web', ...launch }))
  }

  async function push(repositoryName: string, imageTag: string): Promise<string> {
    const input = { repositoryName, imageTag, imageManifest: manifest(`${repositoryName}:${imageTag}`) }
    return (await clients.ecr.send(new PutImageCommand(input))).image?.imageId?.imageDigest ?? ''
  }

  async function tasksOf(family: string) {
    // moto's own filter by family finds nothing.
    const { taskArns } = await clients.ecs.send(new ListTasksCommand({ cluster: 'demo' }))
    const { tasks } = await clients.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: taskArns ?? [] }))
    return (tasks ?? []).filter(each => each.group === `family:${family}`)
  }

  function invoke(...bodies: string[]): Promise<SQSBatchResponse> {
    const attributes = {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1772402400000',
      SenderId: 'x',
      ApproximateFirstReceiveTimestamp: '1772402400000',
    }
    const Records = bodies.map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: `r${index}`,
      body,
      attributes,
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${region}:${accountId}:farguard-dev-images`,
      awsRegion: region,
    }))
    return lambda.invoke({ Records }) as Promise<SQSBatchResponse>
  }
})

function event(repository: string, tag: string, digest: string): string {
  const detail = {
    result: 'SUCCESS',
    'repository-name': repository,
    'image-digest': digest,
    'action-type': 'PUSH',
    'image-tag': tag,
  }
  const envelope = {
    version: '0',
    id: `event-of-${tag}`,
    source: 'aws.ecr',
    account: accountId,
    region,
    time: '2026-03-01T22:00:00Z',
    resources: [],
  }
  return JSON.stringify({ ...envelope, 'detail-type': 'ECR Image Action', detail })
}

/** moto makes a network interface for each task, in a subnet that exists: those of its default network do. */
async function anySubnet(endpoint: string): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260301/${region}/ec2/aws4_request, SignedHeaders=host, Signature=0`
  const body = new URLSearchParams({ Action: 'DescribeSubnets', Version: '2016-11-15' })
  const answer = await fetch(endpoint, { method: 'POST', body, headers: { authorization } })
  const [, subnet] = /<subnetId>(.*?)<\/subnetId>/.exec(await answer.text()) ?? []
  if (!subnet) throw new Error('moto has no subnet')
  return subnet
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function answering(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(`${endpoint}/moto-api/`).catch(() => undefined)
    if (response?.ok) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('moto_server did not start')
}
