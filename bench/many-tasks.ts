/** The local account with as many running tasks as are wanted: deployed, settled, and not yet on record. */
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SimulatedClock } from '../local/account/clock.ts'
import { furnish } from '../local/furnish.ts'
import { createLocalAccount, type LocalAccount, localAccountId } from '../local/local-account.ts'
import { lambdaWorker } from '../local/stack/lambda-worker.ts'
import { tinyImage } from '../local/tiny-image.ts'
import { type Listening, listen } from '../local/wire/listen.ts'
import type { Config } from '../shared/config/config.ts'
import type { SweepReport } from '../shared/sweep/sweep.ts'
import { tableResource } from '../stack/table.ts'
import { type AccountShape, cluster, network } from './account-shape.ts'

const region = 'eu-central-1'
export const tableName = 'farguard-bench'

export interface ManyTasks {
  dynamo: DynamoDBClient
  /** What the functions are to be started with. */
  environment: Record<string, string>
  /** Names of the AWS calls that were made since it was asked last: `DynamoDB.Query`. */
  calls(): string[]
  close(): Promise<void>
}

/**
 * `sweepBundle`: built with `config`, whose targets are the shape's; brings the account to where it is to be. Its records of tasks it
 * leaves to the sweep that is measured.
 */
export async function manyTasks(sweepBundle: string, shape: AccountShape, config: Config): Promise<ManyTasks> {
  // All that happened lies behind the wall clock, which is what the measured functions run by.
  const clock = new SimulatedClock(Date.now() - 6 * 3_600_000)
  const local = createLocalAccount({
    clock,
    region,
    seed: 1,
    host: () => 'local.invalid',
    behaviour: () => ({ kind: 'runs' }),
    activity: () => ({ kind: 'idle', constant: {} }),
  })
  const { wire, calls } = counted(local.wire)
  const listening = await listen(wire, { port: 0 })
  const dynamo = new DynamoDBClient({
    endpoint: listening.url,
    region,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  const environment = environmentOf(listening)
  await createTable(dynamo)
  local.sqs.createQueue({ name: tableName, visibilityTimeoutSeconds: 30, retentionSeconds: 86_400 })
  await furnish(local, config)
  for (const { repository } of config.targets) push(local, repository)
  await settle(local, clock, sweepBundle, environment)
  await fill(local, shape)
  await clock.advance(Date.now() - clock.now().getTime())
  return { dynamo, environment, calls, close: () => listening.close() }
}

/** What the SDK tries again counts again. */
function counted(wire: LocalAccount['wire']): { wire: LocalAccount['wire']; calls(): string[] } {
  let made: string[] = []
  const handle: typeof wire.handle = request => {
    made.push(callOf(request.headers['x-amz-target']))
    return wire.handle(request)
  }
  const calls = () => {
    const since = made
    made = []
    return since
  }
  return { wire: { ...wire, handle }, calls }
}

/** `DynamoDB_20120810.Query` → `DynamoDB.Query` */
function callOf(target = 'unknown'): string {
  return target.replace(/^Amazon|_?V?\d{8}/g, '')
}

function environmentOf({ url }: Listening): Record<string, string> {
  const queue = `${url}/${localAccountId}/${tableName}`
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    FARGUARD_TABLE: tableName,
    FARGUARD_CONTROL: queue,
    FARGUARD_DEAD_LETTERS: queue,
  }
}

async function createTable(dynamo: DynamoDBClient): Promise<void> {
  const {
    PointInTimeRecoverySpecification: _recovery,
    TimeToLiveSpecification: _timeToLive,
    ...table
  } = tableResource(tableName).Properties
  await dynamo.send(new CreateTableCommand(table as CreateTableCommandInput))
}

function push({ ecr, context }: LocalAccount, repository: string): void {
  const { manifest } = tinyImage({ repository }, context.clock.now())
  ecr.putManifest({ repository, tag: '1.0.0', text: manifest, layers: 'may-be-missing' })
}

/** Every image is deployed, to one copy of each service, and has succeeded. */
async function settle(
  { context }: LocalAccount,
  clock: SimulatedClock,
  file: string,
  environment: Record<string, string>,
): Promise<void> {
  const endpoint = environment.AWS_ENDPOINT_URL ?? ''
  const about = { name: tableName, bundle: 'sweep', environment, timeoutSeconds: 300, memoryMb: 512 }
  const { accountId } = context
  const sweep = lambdaWorker({ function: about, file, accountId, region, endpoint, clock, onLine: () => undefined })
  try {
    for (let sweeps = 0; sweeps < 6; sweeps++) {
      const { repaired, failed } = (await sweep.invoke({})) as SweepReport
      if (failed.length > 0) throw new Error(`The account was not made as it is to be: ${failed.join('; ')}`)
      if (repaired.length === 0) return
      await clock.advance(10 * 60_000)
    }
    throw new Error('The account does not come to rest.')
  } finally {
    await sweep.close()
  }
}

/** To as many tasks as there are to be. */
async function fill({ account }: LocalAccount, { services, foreign }: AccountShape): Promise<void> {
  const call = (operation: string, input: unknown) => account.call('ecs', operation, input, { accessKeyId: 'bench' })
  // Container Insights with metrics of each task: the most that there can be to read.
  const settings = [{ name: 'containerInsights', value: 'enhanced' }]
  await call('UpdateClusterSettings', { cluster, settings })
  for (let nth = 1; nth <= services.count; nth++)
    await call('UpdateService', { cluster, service: `service-${nth}`, desiredCount: services.tasksEach })
  const networkConfiguration = { awsvpcConfiguration: { subnets: network.subnets } }
  const launch = { cluster, taskDefinition: 'worker', launchType: 'FARGATE', networkConfiguration }
  for (let nth = 1; nth <= foreign.services.count; nth++)
    await call('CreateService', {
      ...launch,
      serviceName: `other-${nth}`,
      desiredCount: foreign.services.tasksEach,
      tags: tagsOf(nth),
    })
  for (let started = 0; started < foreign.tasks; started += 10)
    await call('RunTask', { ...launch, count: 10, tags: tagsOf(started + 1) })
}

/** So many of the foreign services, and so many of the foreign tasks, carry the tag `env=old`. */
export const oldOnes = 10

function tagsOf(nth: number): { key: string; value: string }[] {
  return [{ key: 'env', value: nth <= oldOnes ? 'old' : 'dev' }]
}
