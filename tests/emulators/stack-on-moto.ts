/** Every built function, the table and the queues, moved to moto by AWS_ENDPOINT_URL alone. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
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
  type Task,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { SQSBatchResponse } from 'aws-lambda'
import type { Intent, Wish } from '../../events/control-message.ts'
import { type Lambda, lambdaWorker } from '../../local/stack/lambda-worker.ts'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'
import type { Config, Target } from '../../shared/config/config.ts'
import { type Deployment, type KnownTarget, readDeployment, readTarget } from '../../shared/deploy/records.ts'
import type { GuardRun } from '../../shared/guard/records.ts'
import { type IntentOutcome, readIntentOutcome } from '../../shared/intents/intent-record.ts'
import type { SweepReport } from '../../shared/sweep/sweep.ts'
import { buildFunctions } from '../../stack/build.ts'
import { tableResource } from '../../stack/table.ts'
import { taskDefinition } from '../simulated-world.ts'
import { type Moto, startMoto } from './moto.ts'

export const region = 'eu-central-1'
export const accountId = '123456789012'

const tableName = 'farguard-dev'

export type StackOnMoto = Awaited<ReturnType<typeof stackOnMoto>>

/** `configOf`: given a subnet of the account. Each target's repository, cluster and service is made. */
export async function stackOnMoto(configOf: (subnet: string) => Config) {
  const moto = await startMoto()
  try {
    return await stackOn(moto, configOf)
  } catch (error) {
    moto.stop()
    throw error
  }
}

async function stackOn(moto: Moto, configOf: (subnet: string) => Config) {
  await moto.tasksEnd('never')
  const options = { endpoint: moto.endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
  const clients = {
    ecs: new ECSClient(options),
    ecr: new ECRClient(options),
    sqs: new SQSClient(options),
    dynamo: new DynamoDBClient(options),
  }
  const { ecs, ecr, sqs } = clients
  const queue = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? ''
  const queues = { control: await queue('farguard-dev-control'), deadLetters: await queue('farguard-dev-dead-letters') }
  await createTable(clients.dynamo)
  const config = configOf(await moto.anySubnet(region))
  for (const target of config.targets) await furnish(target, clients)

  // What the functions take the time to be; moto itself lives by the wall's.
  let aheadMs = 0
  const now = () => new Date(Date.now() + aheadMs)
  const written: string[] = []
  const functionsOf = (its: Config) => functionsOn(moto, its, queues, now, line => written.push(line))
  let functions = await functionsOf(config)
  const table = dynamoDbTable(clients.dynamo, tableName)
  let intents = 0

  async function invoke(name: string, ...bodies: string[]): Promise<SQSBatchResponse> {
    return (await functions.of(name).invoke(batchOf(name, bodies))) as SQSBatchResponse
  }

  return {
    config,
    clients,
    queues,
    table,
    moto,
    /** What the functions logged, a line each. */
    written,
    invoke,
    pass: (ms: number) => {
      aheadMs += ms
    },
    now,
    sweep: async () => (await functions.of('sweep').invoke({})) as SweepReport,
    guard: async () => (await functions.of('guard-costs').invoke({ kind: 'look' })) as GuardRun,
    /** The functions built anew, as for another farguard.yml. */
    configure: async (next: Config) => {
      await functions.close()
      functions = await functionsOf(next)
    },
    push: async (repositoryName: string, imageTag: string): Promise<string> => {
      const input = { repositoryName, imageTag, imageManifest: manifest(`${repositoryName}:${imageTag}`) }
      return (await ecr.send(new PutImageCommand(input))).image?.imageId?.imageDigest ?? ''
    },
    /** The outcome that the command would wait for. */
    intend: async (wish: Wish): Promise<IntentOutcome | undefined> => {
      const id = `intent-${++intents}`
      const intent: Intent = { kind: 'intent', id, at: now().toISOString(), by: 'ana', wish }
      await invoke('carry-out', JSON.stringify(intent))
      return readIntentOutcome(table, id)
    },
    look: (target: string, deployment: number) =>
      invoke('carry-out', JSON.stringify({ kind: 'look', target, deployment })),
    known: (target: string): Promise<KnownTarget> => readTarget(table, target),
    deployment: async (target: string, number: number): Promise<Deployment> => {
      const found = await readDeployment(table, target, number)
      if (found) return found
      throw new Error(`${target} has no deployment ${number}. The functions wrote:\n${written.slice(-5).join('\n')}`)
    },
    imageOf: async (cluster: string, service: string): Promise<string | undefined> => {
      const answer = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }))
      const input = { taskDefinition: answer.services?.[0]?.taskDefinition }
      return (await ecs.send(new DescribeTaskDefinitionCommand(input))).taskDefinition?.containerDefinitions?.[0]?.image
    },
    desiredCountOf: async (cluster: string, service: string): Promise<number | undefined> =>
      (await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }))).services?.[0]?.desiredCount,
    setDesiredCount: (cluster: string, service: string, desiredCount: number) =>
      ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount })),
    /** Tasks of a target that are to run. */
    tasksOf: async (cluster: string, target: string): Promise<Task[]> => {
      const { taskArns: tasks = [] } = await ecs.send(new ListTasksCommand({ cluster, desiredStatus: 'RUNNING' }))
      if (tasks.length === 0) return []
      const described = await ecs.send(new DescribeTasksCommand({ cluster, tasks }))
      return (described.tasks ?? []).filter(({ startedBy }) => startedBy?.startsWith(`fg/${target}/`))
    },
    /** Everything on record, in the order of its keys. */
    records: async () => {
      const { Items = [] } = (await clients.dynamo.send(new ScanCommand({ TableName: tableName }) as never)) as {
        Items?: Record<string, unknown>[]
      }
      return Items.map(item => JSON.stringify(item)).sort()
    },
    close: async () => {
      await functions.close()
      moto.stop()
    },
  }
}

/** A queue's delivery to a function. */
function batchOf(name: string, bodies: readonly string[]) {
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
    eventSourceARN: `arn:aws:sqs:${region}:${accountId}:farguard-dev-${name}`,
    awsRegion: region,
  }))
  return { Records }
}

async function functionsOn(
  { endpoint }: Moto,
  config: Config,
  queues: { control: string; deadLetters: string },
  now: () => Date,
  onLine: (line: string) => void,
) {
  const outdir = mkdtempSync(join(tmpdir(), 'farguard-bundles-'))
  const environment = {
    FARGUARD_TABLE: tableName,
    FARGUARD_CONTROL: queues.control,
    FARGUARD_DEAD_LETTERS: queues.deadLetters,
  }
  const lambdas = new Map<string, Lambda>()
  for (const { name, file } of await buildFunctions(config, { outdir })) {
    const about = { name: `farguard-dev-${name}`, bundle: name, environment, timeoutSeconds: 120, memoryMb: 512 }
    lambdas.set(name, lambdaWorker({ function: about, file, accountId, region, endpoint, clock: { now }, onLine }))
  }
  return {
    of: (name: string): Lambda => {
      const found = lambdas.get(name)
      if (found) return found
      throw new Error(`serverless.yml has no function ${name}`)
    },
    close: async () => {
      await Promise.all([...lambdas.values()].map(each => each.close()))
      rmSync(outdir, { recursive: true, force: true })
    },
  }
}

async function createTable(dynamo: DynamoDBClient): Promise<void> {
  const {
    PointInTimeRecoverySpecification: _recovery,
    TimeToLiveSpecification: _timeToLive,
    ...input
  } = tableResource(tableName).Properties
  await dynamo.send(new CreateTableCommand(input as CreateTableCommandInput))
}

/** What a user has made before: the repository, the cluster, and a service on an image of before. */
async function furnish({ repository, cluster, run }: Target, { ecs, ecr }: { ecs: ECSClient; ecr: ECRClient }) {
  await ecr.send(new CreateRepositoryCommand({ repositoryName: repository }))
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
  if (run.kind !== 'service') return
  const definition = taskDefinition(run.service, `${accountId}.dkr.ecr.${region}.amazonaws.com/${repository}:1.0.0`)
  await ecs.send(new RegisterTaskDefinitionCommand(definition as never))
  const launch = { desiredCount: 1, launchType: 'FARGATE' as const, taskDefinition: run.service }
  await ecs.send(new CreateServiceCommand({ cluster, serviceName: run.service, ...launch }))
}

/** The event of a push. */
export function pushed(repository: string, tag: string, digest: string): string {
  return imageEvent('PUSH', repository, tag, digest)
}

/** An event of ECR as EventBridge delivers it. */
export function imageEvent(action: 'PUSH' | 'DELETE', repository: string, tag: string, digest: string): string {
  const detail = {
    result: 'SUCCESS',
    'repository-name': repository,
    'image-digest': digest,
    'action-type': action,
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

/** moto makes an image's digest of its layers alone. */
function manifest(content: string): string {
  const layer = { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: 2 }
  const config = { digest: `sha256:${'0'.repeat(64)}`, size: 2 }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  return JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] })
}
