/** What recording a task event costs, to a loop that does nothing but conditional puts. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { EcsTaskStateChange } from '../events/ecs-task-state-change.ts'
import { taskOf } from '../events/ecs-task-state-change.ts'
import { memoryTable } from '../local/memory-table.ts'
import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import { bareConfig, type Config } from '../shared/config/config.ts'
import { advance } from '../shared/deploy/advance.ts'
import type { StoredRecord, Table, World } from '../shared/ports.ts'
import { concurrently } from '../shared/status/concurrently.ts'
import { recordTasks } from '../shared/status/record-tasks.ts'
import { writeTask } from '../shared/status/task-record.ts'
import { tableResource } from '../stack/table.ts'
import { type Figure, median } from './figure.ts'

/** As serverless.yml has it. */
const batchSize = 500
const writesAtOnce = 10
const eventsOfRound = 1_000
const rounds = 5

export const config: Config = {
  ...bareConfig,
  targets: [
    {
      name: 'worker',
      repository: 'acme/worker',
      tags: { kind: 'newest' },
      cluster: 'demo',
      gates: { freeze: [], minimumAgeMs: 0, needsApproval: false },
      run: {
        kind: 'task',
        count: 1,
        capacity: 'on-demand',
        network: { subnets: [], securityGroups: [], publicIp: false },
        verify: { withinMs: 900_000, settleMs: 30_000 },
        taskDefinition: { from: 'family', family: 'worker' },
      },
    },
  ],
}

/** Ratios, both sides in one run and in turn: same client, same table, same concurrency, same records. */
export async function measureRecording(): Promise<Figure[]> {
  const server = fork(new URL('dynalite.ts', import.meta.url))
  try {
    const client = await clientOf(server)
    const distinct = await compare(client, 1)
    const several = await compare(client, 5)
    return [
      {
        what: 'recording, to bare conditional puts: time for events of distinct tasks (a rate of 0.8 × is a time of 1.25 ×)',
        unit: '×',
        atMost: 1.25,
        ...distinct,
      },
      {
        what: 'the same, for batches with five changes of each task',
        unit: '×',
        atMost: 1,
        ...several,
      },
      await flatness(),
    ]
  } finally {
    server.kill()
  }
}

async function clientOf(server: ChildProcess): Promise<DynamoDBClient> {
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
}

/** `versions`: how many of each task a batch holds. */
async function compare(client: DynamoDBClient, versions: number): Promise<Pick<Figure, 'value' | 'details'>> {
  const events = lives(eventsOfRound, versions)
  const records = await recordsOf(events)
  const documents = DynamoDBDocumentClient.from(client)
  const sides = {
    bare: (name: string) => putEach(documents, name, records),
    ours: (name: string) => recordInBatches(events, dynamoDbTable(client, name)),
  }
  const measured = { bare: [] as number[], ours: [] as number[] }
  // The first round only warms up. Who begins changes, so that neither always comes second.
  for (let round = 0; round <= rounds; round++) {
    const inTurn = round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)
    for (const side of inTurn) {
      const ms = await onFreshTable(client, name => timed(() => sides[side](name)))
      if (round > 0) measured[side].push(ms)
    }
  }
  const perSecond = (all: number[]) => Math.round((eventsOfRound / median(all)) * 1000)
  return {
    value: median(measured.ours.map((ms, round) => ms / (measured.bare[round] ?? Number.NaN))),
    details: [
      `events a second: ${perSecond(measured.ours)} to ${perSecond(measured.bare)}, ${rounds} rounds of ${eventsOfRound}`,
    ],
  }
}

/** Empty at the start: the embedded table gets slower as it fills. */
async function onFreshTable<T>(client: DynamoDBClient, use: (name: string) => Promise<T>): Promise<T> {
  const TableName = 'bench'
  const {
    PointInTimeRecoverySpecification: _,
    TimeToLiveSpecification: __,
    ...table
  } = tableResource(TableName).Properties
  await client.send(new CreateTableCommand(table as CreateTableCommandInput))
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName })
  try {
    return await use(TableName)
  } finally {
    await client.send(new DeleteTableCommand({ TableName }))
    await waitUntilTableNotExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName })
  }
}

/** The bare loop: for each event a put under the same rule, that its version is higher and the task has not ended, and nothing else. */
async function putEach(
  documents: DynamoDBDocumentClient,
  TableName: string,
  records: readonly StoredRecord[],
): Promise<void> {
  await concurrently(records, writesAtOnce, async Item => {
    const put = new PutCommand({
      TableName,
      Item,
      ConditionExpression: 'attribute_not_exists(pk) OR #version < :version AND NOT isClosed = :closed',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': Item.version, ':closed': true },
    })
    await documents.send(put).catch(error => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    })
  })
}

/** With everything that record-task does but parsing: the look at what is there, the writes, and the rollout of the target. */
async function recordInBatches(events: readonly EcsTaskStateChange[], table: Table): Promise<void> {
  const world = worldOn(table)
  for (let from = 0; from < events.length; from += batchSize) {
    const batch = events.slice(from, from + batchSize)
    const outcomes = await recordTasks(batch, { config, world, advance, hasTime: () => true })
    const failed = outcomes.find(({ kind }) => kind !== 'done')
    if (failed) throw new Error(`An event was not recorded: ${JSON.stringify(failed)}`)
  }
}

/** Cost for each event as the table fills, in memory: what grows here would grow in a Lambda too. */
async function flatness(): Promise<Figure> {
  const [few, many] = [1_000, 100_000]
  const cost = async (count: number) => (await timed(() => recordInBatches(lives(count, 1), memoryTable()))) / count
  await cost(few)
  const ratios: number[] = []
  const costs: number[] = []
  for (let round = 0; round < 5; round++) {
    // A thousand alone are over too soon to be timed.
    const ofFew = median([await cost(few), await cost(few), await cost(few)])
    costs.push(ofFew)
    ratios.push((await cost(many)) / ofFew)
  }
  return {
    what: `cost of an event among ${many}, to one among ${few}`,
    value: median(ratios),
    unit: '×',
    atMost: 1.5,
    details: [`${(median(costs) * 1000).toFixed(0)} µs an event among ${few}, in memory`],
  }
}

/** Events of tasks that start one after the other, the versions of each side by side, as a batch has them. */
function lives(count: number, versions: number): EcsTaskStateChange[] {
  return Array.from({ length: count }, (_, nth) => event(Math.floor(nth / versions), (nth % versions) + 1))
}

function event(nth: number, version: number): EcsTaskStateChange {
  const arn = (what: string) => `arn:aws:ecs:eu-central-1:123456789012:${what}`
  const digest = `sha256:${'a'.repeat(64)}`
  const image = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/worker@${digest}`
  return {
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    time: '2026-03-01T22:00:31Z',
    detail: {
      taskArn: arn(`task/demo/${nth.toString(16).padStart(32, '0')}`),
      clusterArn: arn('cluster/demo'),
      version,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      group: 'family:worker',
      startedBy: 'fg/worker/k3v9qa01',
      taskDefinitionArn: arn('task-definition/worker:7'),
      launchType: 'FARGATE',
      cpu: 256,
      memory: 512,
      ephemeralStorage: { sizeInGiB: 20 },
      attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }],
      createdAt: new Date(Date.UTC(2026, 2, 1) + nth * 100).toISOString(),
      pullStartedAt: '2026-03-01T22:00:21.003Z',
      pullStoppedAt: '2026-03-01T22:00:27.911Z',
      startedAt: '2026-03-01T22:00:31.500Z',
      containers: [{ name: 'app', image, imageDigest: digest, lastStatus: 'RUNNING' }],
    },
  }
}

/** The very records that recording the events would write. */
async function recordsOf(events: readonly EcsTaskStateChange[]): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  const put: Table['put'] = async record => {
    records.push(record)
    return true
  }
  for (const each of events)
    await writeTask({ ...memoryTable(), put }, taskOf(each), { config, from: 'event', at: each.time })
  return records
}

/** Recording asks the table and the log only, as long as nothing is rolled out. */
function worldOn(table: Table): World {
  const log = { info() {}, warn() {}, error() {} }
  return { table, log, clock: { now: () => new Date() } } as unknown as World
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begunAt = performance.now()
  await work()
  return performance.now() - begunAt
}
