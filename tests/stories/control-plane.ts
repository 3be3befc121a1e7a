/** The whole control plane on the simulated clock: bus, queues, functions, schedule, ECS, ECR and the table. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import type { Context } from 'aws-lambda'
import { parse } from 'yaml'
import * as z from 'zod/mini'
import { type ControlMessage, controlMessage, type Wish } from '../../events/control-message.ts'
import { ecrImageAction } from '../../events/ecr-image-action.ts'
import { ecsDeploymentStateChange } from '../../events/ecs-deployment-state-change.ts'
import { ecsServiceAction } from '../../events/ecs-service-action.ts'
import { ecsTaskStateChange } from '../../events/ecs-task-state-change.ts'
import { guardHandler } from '../../functions/guard-handler.ts'
import { batchHandler, queueHandler } from '../../functions/queue-handler.ts'
import type { Surroundings } from '../../functions/world.ts'
import { SimulatedClock } from '../../local/account/clock.ts'
import { behaviourIn, furnish } from '../../local/furnish.ts'
import { createLocalAccount, localAccountId } from '../../local/local-account.ts'
import { deployStack } from '../../local/stack/deploy-stack.ts'
import { readTemplate } from '../../local/stack/template.ts'
import { tinyImage } from '../../local/tiny-image.ts'
import { inProcessHandler } from '../../local/wire/in-process.ts'
import { autoscaling } from '../../shared/aws/autoscaling.ts'
import { awsBudgets } from '../../shared/aws/budgets.ts'
import { cloudWatchMetrics } from '../../shared/aws/cloudwatch-metrics.ts'
import { dynamoDbTable } from '../../shared/aws/dynamodb-table.ts'
import { ecrRegistry } from '../../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../../shared/aws/ecs-fleet.ts'
import { priceList } from '../../shared/aws/price-list.ts'
import { controlQueue } from '../../shared/aws/sqs-control.ts'
import { deadLetters } from '../../shared/aws/sqs-dead-letters.ts'
import type { Config } from '../../shared/config/config.ts'
import { readConfig } from '../../shared/config/load.ts'
import { advance } from '../../shared/deploy/advance.ts'
import { deployImage } from '../../shared/deploy/deploy-image.ts'
import { readTarget } from '../../shared/deploy/records.ts'
import { guard } from '../../shared/guard/guard.ts'
import { carryOut } from '../../shared/intents/carry-out.ts'
import { readIntentOutcome } from '../../shared/intents/intent-record.ts'
import type { GuardWorld } from '../../shared/ports.ts'
import { recordService } from '../../shared/status/record-service.ts'
import { recordTasks } from '../../shared/status/record-tasks.ts'
import { sweep } from '../../shared/sweep/sweep.ts'
import { type FunctionName, stackResources } from '../../stack/resources.ts'

export const minute = 60_000
const region = 'eu-central-1'
const serviceEvent = z.discriminatedUnion('detail-type', [ecsDeploymentStateChange, ecsServiceAction])

interface Options {
  seed?: number
  config?: (example: Config) => Config
  /** Changes the world as the functions see it: to let them fail on purpose. */
  world?: (world: GuardWorld) => GuardWorld
  at?: string
  /** A story of days can do with fewer sweeps; absent: as the stack has it. */
  sweepMinutes?: number
}

/** The example of farguard.yml, deployed as the stack's own resources and serverless.yml say. */
export async function deployed({
  seed = 1,
  config: change = same,
  world: around = same,
  at = '2026-03-01T22:00:00Z',
  sweepMinutes,
}: Options = {}) {
  const read = readConfig('farguard.yml')
  if ('problems' in read) throw new Error('farguard.yml is broken')
  const config = change(read.config)
  const clock = new SimulatedClock(at)
  const local = createLocalAccount({ clock, region, seed, host: () => 'sqs.local', behaviour: behaviourIn(config) })
  await furnish(local, config)
  const options = {
    requestHandler: inProcessHandler(local.wire),
    endpoint: 'http://127.0.0.1',
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  const functions = stackFunctions()
  const { Resources } = stackResources(config, { stage: 'dev', timeoutSeconds: timeoutsOf(functions) })
  if (sweepMinutes !== undefined)
    Resources.SweepSchedule.Properties.ScheduleExpression = `rate(${sweepMinutes} minutes)`
  // The example's guard only observes: stories that are not about it do with fewer looks.
  if (config.guard === read.config.guard)
    Resources.GuardCostsSchedule.Properties.ScheduleExpression = 'rate(180 minutes)'
  const place = { accountId: localAccountId, region, queueUrl: local.sqs.queueUrl }
  const stack = readTemplate({ Resources: { ...Resources, ...lambdas(functions) } }, place)
  const table = dynamoDbTable(options, 'farguard-dev')
  const silent = { info() {}, warn() {}, error() {} }
  const world = around({
    clock,
    registry: ecrRegistry(options),
    fleet: ecsFleet(options),
    table,
    control: controlQueue(local.sqs.queueUrl('farguard-dev-control'), options),
    log: silent,
    scaling: autoscaling(options),
    metrics: cloudWatchMetrics(options),
    budgets: awsBudgets(options),
    priceList: priceList(options),
  })
  const aside = deadLetters(local.sqs.queueUrl('farguard-dev-dead-letters'), options)
  const handlers = handlersOf({ config, world, deadLetters: aside })
  const stop = await deployStack(stack, {
    context: local.context,
    sqs: local.sqs,
    sns: local.sns,
    bus: local.bus,
    async createTable(input) {
      const client = new DynamoDBClient(options)
      await client.send(new CreateTableCommand(input))
      await waitUntilTableExists(
        { client, maxWaitTime: 5, minDelay: 0.01, maxDelay: 0.01 },
        { TableName: input.TableName },
      )
    },
    async invoke(name, event) {
      const handle = handlers[name.replace('farguard-dev-', '') as FunctionName]
      return handle(event, { getRemainingTimeInMillis: () => 300_000, functionName: name } as Context)
    },
  })

  /** Pushes an image; `labels` say what its containers do, and make its digest. */
  function push(repository: string, tag: string, labels: Record<string, string> = {}): string {
    const { manifest, blobs } = tinyImage({ 'org.opencontainers.image.version': tag, ...labels }, new Date(0))
    for (const blob of blobs) {
      const upload = local.ecr.blobs.begin(repository, local.ecr.newUploadId())
      local.ecr.blobs.append(upload, blob)
      local.ecr.blobs.finish(upload, `sha256:${createHash('sha256').update(blob).digest('hex')}`)
    }
    return local.ecr.putManifest({ repository, tag, text: manifest, layers: 'may-be-missing' }).image.digest
  }
  const imagesThatRun = (repository: string) =>
    local.ecs
      .tasks()
      .filter(task => task.lastStatus === 'RUNNING')
      .flatMap(task => task.containers?.map(container => container.image ?? '') ?? [])
      .filter(image => image.includes(`/${repository}@`))
      .map(image => image.replace(/^.*@/, ''))
  let intents = 0
  /** As the command does it: one intent, and its outcome once it is on record. */
  async function ask(wish: Wish) {
    const id = `intent-${++intents}`
    await world.control.send({
      kind: 'intent',
      id,
      at: clock.now().toISOString(),
      by: 'ada',
      wish,
    } satisfies ControlMessage)
    for (let waited = 0; waited < 20; waited++) {
      await clock.advance(1000)
      const outcome = await readIntentOutcome(table, id)
      if (outcome) return outcome
    }
    throw new Error(`Nobody carried ${wish.do} out`)
  }
  return {
    ...local,
    config,
    clock,
    world,
    table,
    push,
    ask,
    stop,
    imagesThatRun,
    target: (name: string) => readTarget(table, name),
    queueDepth: (name: string) => local.sqs.queue(name)?.counts,
    sweep: () => sweep(config, world, () => true),
  }
}

const same = <T>(value: T) => value

type Handler = (event: unknown, context: Context) => unknown

function handlersOf(found: Surroundings<GuardWorld>): Record<FunctionName, Handler> {
  const find = () => found
  return {
    'deploy-image': queueHandler(ecrImageAction, deployImage, find) as unknown as Handler,
    'record-task': batchHandler(
      ecsTaskStateChange,
      (events, config, world, hasTime) => recordTasks(events, { config, world, advance, hasTime }),
      find,
    ) as unknown as Handler,
    'record-service': queueHandler(
      serviceEvent,
      (event, config, world, hasTime) => recordService(event, { config, world, advance, hasTime }),
      find,
    ) as unknown as Handler,
    'carry-out': queueHandler(controlMessage, carryOut, find) as unknown as Handler,
    sweep: () => sweep(found.config, found.world, () => true),
    // The account's clock stands still while a function runs.
    'guard-costs': guardHandler(guard, find, async () => undefined) as unknown as Handler,
  }
}

interface ServerlessFunction {
  timeout: number
  events?: { sqs: { arn: string; batchSize: number; maximumBatchingWindow?: number } }[]
}

/** The functions of serverless.yml; of its intrinsics only the names that they lead to. */
function stackFunctions(): Record<string, ServerlessFunction> {
  const text = readFileSync('serverless.yml', 'utf8')
  return parse(text, { logLevel: 'error' }).functions
}

function timeoutsOf(functions: Record<string, ServerlessFunction>) {
  return Object.fromEntries(Object.entries(functions).map(([name, { timeout }]) => [name, timeout])) as Record<
    FunctionName,
    number
  >
}

/** The functions and event source mappings as the framework makes them; tests/stack checks the packaged ones. */
function lambdas(functions: Record<string, ServerlessFunction>) {
  const resources: Record<string, unknown> = {}
  for (const [name, { timeout, events = [] }] of Object.entries(functions)) {
    const FunctionName = `farguard-dev-${name}`
    const id = `${name.replace(/^\w/, letter => letter.toUpperCase()).replaceAll('-', 'Dash')}LambdaFunction`
    resources[id] = {
      Type: 'AWS::Lambda::Function',
      Properties: { FunctionName, Handler: `functions/${name}.handler`, Timeout: timeout },
    }
    for (const { sqs } of events)
      resources[`${id}Mapping`] = {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName,
          EventSourceArn: { 'Fn::GetAtt': [sqs.arn.split('.')[0], 'Arn'] },
          BatchSize: sqs.batchSize,
          ...(sqs.maximumBatchingWindow !== undefined && { MaximumBatchingWindowInSeconds: sqs.maximumBatchingWindow }),
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        },
      }
  }
  return resources
}
