/** The local account with 10,000 running tasks, most of them of Farguard's targets: deployed, settled, and not yet on record. */
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SimulatedClock } from '../local/account/clock.ts'
import { furnish } from '../local/furnish.ts'
import { createLocalAccount, type LocalAccount, localAccountId } from '../local/local-account.ts'
import { lambdaWorker } from '../local/stack/lambda-worker.ts'
import { tinyImage } from '../local/tiny-image.ts'
import { type Listening, listen } from '../local/wire/listen.ts'
import { bareConfig, type Config, type Target } from '../shared/config/config.ts'
import type { SweepReport } from '../shared/sweep/sweep.ts'
import { tableResource } from '../stack/table.ts'

const region = 'eu-central-1'
const cluster = 'demo'
export const tableName = 'farguard-bench'

const services = { targets: 16, tasksEach: 500 }
const copies = { targets: 10, tasksEach: 100 }
/** Of nobody: started by other hands, in the same cluster. */
const foreignTasks = 1_000

export const taskCount = services.targets * services.tasksEach + copies.targets * copies.tasksEach + foreignTasks

const network = { subnets: ['subnet-0a1b2c3d'], securityGroups: [], publicIp: false }

export const config: Config = {
  ...bareConfig,
  targets: [
    ...targets('service', services.targets, name => ({
      kind: 'service',
      service: name,
      verify: { withinMs: 900_000, settleMs: 30_000 },
      taskDefinition: { from: 'running' },
    })),
    ...targets('worker', copies.targets, () => ({
      kind: 'task',
      count: copies.tasksEach,
      capacity: 'on-demand',
      network,
      verify: { withinMs: 900_000, settleMs: 30_000 },
      taskDefinition: { from: 'family', family: 'worker' },
    })),
  ],
}

function targets(prefix: string, count: number, run: (name: string) => Target['run']): Target[] {
  return Array.from({ length: count }, (_, nth) => {
    const name = `${prefix}-${nth + 1}`
    const gates = { freeze: [], minimumAgeMs: 0, needsApproval: false }
    return { name, repository: `acme/${name}`, tags: { kind: 'newest' }, cluster, gates, run: run(name) }
  })
}

export interface ManyTasks {
  dynamo: DynamoDBClient
  /** What the functions are to be started with. */
  environment: Record<string, string>
  /** Names of the AWS calls that were made since it was asked last: `DynamoDB.Query`. */
  calls(): string[]
  close(): Promise<void>
}

/** `sweepBundle`: brings the account to where it is to be; its records of tasks it leaves to the sweep that is measured. */
export async function manyTasks(sweepBundle: string): Promise<ManyTasks> {
  // All that happened lies behind the wall clock, which is what the measured sweeps run by.
  const clock = new SimulatedClock(Date.now() - 3 * 3_600_000)
  const local = createLocalAccount({
    clock,
    region,
    seed: 1,
    host: () => 'local.invalid',
    behaviour: () => ({ kind: 'runs' }),
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
  await fill(local)
  await clock.advance(20 * 60_000)
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
async function fill({ account }: LocalAccount): Promise<void> {
  const call = (operation: string, input: unknown) => account.call('ecs', operation, input, { accessKeyId: 'bench' })
  for (const { run } of config.targets)
    if (run.kind === 'service')
      await call('UpdateService', { cluster, service: run.service, desiredCount: services.tasksEach })
  const networkConfiguration = { awsvpcConfiguration: { subnets: network.subnets } }
  const launch = { cluster, taskDefinition: 'worker', launchType: 'FARGATE', count: 10, networkConfiguration }
  for (let started = 0; started < foreignTasks; started += 10) await call('RunTask', launch)
}
