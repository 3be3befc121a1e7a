/** A world for tests: the local account behind the real SDK, with no socket and no wall clock. */
import { createHash } from 'node:crypto'
import type { ControlMessage } from '../events/control-message.ts'
import type { EcrImageAction } from '../events/ecr-image-action.ts'
import { Account } from '../local/account/account.ts'
import { createAutoscaling } from '../local/account/autoscaling/autoscaling.ts'
import { measuredIn } from '../local/account/autoscaling/measured.ts'
import { type Budgets, createBudgets } from '../local/account/budgets/budgets.ts'
import type { BudgetNotice } from '../local/account/budgets/refresh.ts'
import { SimulatedClock } from '../local/account/clock.ts'
import { type CloudWatch, createCloudWatch } from '../local/account/cloudwatch/cloudwatch.ts'
import type { AccountContext, AwsEvent } from '../local/account/context.ts'
import { createEcr, type Ecr } from '../local/account/ecr/ecr.ts'
import { type ContainerWorld, createEcs } from '../local/account/ecs/ecs.ts'
import { createLogs } from '../local/account/logs/logs.ts'
import { createPricing } from '../local/account/pricing/pricing.ts'
import { seededRandom } from '../local/account/random.ts'
import { activityIn } from '../local/activity-label.ts'
import { behaviourIn } from '../local/furnish.ts'
import { memoryTable } from '../local/memory-table.ts'
import { inProcessHandler } from '../local/wire/in-process.ts'
import { createWire } from '../local/wire/wire.ts'
import { autoscaling } from '../shared/aws/autoscaling.ts'
import { awsBudgets } from '../shared/aws/budgets.ts'
import { cloudWatchLogs } from '../shared/aws/cloudwatch-logs.ts'
import { cloudWatchMetrics } from '../shared/aws/cloudwatch-metrics.ts'
import { ecrRegistry } from '../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../shared/aws/ecs-fleet.ts'
import { priceList } from '../shared/aws/price-list.ts'
import { bareConfig } from '../shared/config/config.ts'
import { type Deployment, deploymentsOf } from '../shared/deploy/records.ts'
import type { GuardWorld, Logs } from '../shared/ports.ts'

export const region = 'eu-central-1'
export const accountId = '123456789012'
export const registryHost = `${accountId}.dkr.ecr.${region}.amazonaws.com`

export interface SimulatedWorld {
  world: GuardWorld
  clock: SimulatedClock
  account: Account
  ecr: ReturnType<typeof createEcr>
  ecs: ReturnType<typeof createEcs>
  cloudwatch: CloudWatch
  budgets: Budgets
  /** What budgets published, in order: no topic hears of it. */
  published: ({ topicArn: string } & BudgetNotice)[]
  /** What containers of the driver awslogs wrote. */
  logs: Logs
  /** Names of the AWS calls made so far, in order. */
  calls: string[]
  /** What was sent to the control queue, in order. */
  sent: { message: ControlMessage; delaySeconds: number }[]
  /** Log lines, in order. */
  logged: { level: string; message: string; facts: Record<string, unknown> }[]
  /**
   * Puts an image into the registry and gives the event that ECR emits; `content` and `labels` make the digest.
   * The label `local.behaviour` says what its containers do, `local.activity` how much they use.
   */
  push(repository: string, tag: string, content?: string, labels?: Record<string, string>): EcrImageAction
  /** A task definition and a service on it, as a user would have made them before. */
  createService(cluster: string, service: string, image: string, more?: Record<string, unknown>): Promise<void>
  call(service: string, operation: string, input: unknown): Promise<unknown>
}

interface SimulationOptions {
  at?: string
  seed?: number
  /** What containers do; absent: what their image's labels say, or run until they are stopped. */
  behaviour?: NonNullable<ContainerWorld['behaviour']>
  /** How much data AWS's forecasts want; absent: five weeks. */
  forecastAfterMs?: number
}

export function simulatedWorld({
  at = '2026-03-01T22:00:00Z',
  seed = 1,
  behaviour,
  forecastAfterMs,
}: SimulationOptions = {}): SimulatedWorld {
  const clock = new SimulatedClock(at)
  const events: AwsEvent[] = []
  const random = seededRandom(seed)
  const context: AccountContext = { clock, accountId, region, registryHost, random, emit: event => events.push(event) }
  const ecr = createEcr(context)
  for (const repository of ['acme/web', 'acme/worker', 'acme/nightly']) ecr.createRepository(repository)
  const logs = createLogs(context)
  const asLabelled = behaviourIn(bareConfig)
  const activity = activityIn()
  const cloudwatch = createCloudWatch(context)
  const ecs = createEcs(context, {
    imageExists: image => ecr.exists(image),
    imageDigest: image => ecr.digestOf(image),
    behaviour: behaviour ?? ((image, _name, start) => asLabelled({ image, labels: ecr.labels(image), ...start })),
    activity: image => activity(image, ecr.labels(image)),
    logs,
    telemetry: cloudwatch.telemetry,
    seed: { clusters: [{ name: 'demo', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }] },
  })
  const published: SimulatedWorld['published'] = []
  const budgets = createBudgets(context, {
    ecs,
    forecastAfterMs,
    publish: (topicArn, notice) => published.push({ topicArn, ...notice }),
  })
  const scaling = createAutoscaling(context, { ecs, measured: measuredIn(cloudwatch, context) })
  const account = new Account({
    'application-autoscaling': scaling,
    budgets,
    cloudwatch,
    ecr,
    ecs,
    logs,
    pricing: createPricing(),
  })
  const calls: string[] = []
  account.onCall(({ name }) => calls.push(name))
  const requestHandler = inProcessHandler(createWire({ account, ecr }))
  const options = {
    requestHandler,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  const logged: SimulatedWorld['logged'] = []
  const log =
    (level: string) =>
    (message: string, facts = {}) =>
      void logged.push({ level, message, facts })
  const sent: SimulatedWorld['sent'] = []
  const call = (service: string, operation: string, input: unknown) =>
    account.call(service, operation, input, { accessKeyId: 'test' })
  const world: GuardWorld = {
    clock,
    registry: ecrRegistry(options),
    fleet: ecsFleet(options),
    table: memoryTable(),
    control: { send: async (message, delaySeconds = 0) => void sent.push({ message, delaySeconds }) },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    scaling: autoscaling(options),
    metrics: cloudWatchMetrics(options),
    budgets: awsBudgets(options),
    priceList: priceList(options),
  }
  return {
    world,
    clock,
    account,
    ecr,
    ecs,
    cloudwatch,
    budgets,
    published,
    logs: cloudWatchLogs(options),
    calls,
    sent,
    logged,
    call,
    push(repository, tag, content = tag, labels) {
      const configuration = labels && upload(ecr, repository, JSON.stringify({ config: { Labels: labels } }))
      ecr.putManifest({ repository, tag, text: manifest(content, configuration), layers: 'may-be-missing' })
      const emitted = events.findLast(event => event.source === 'aws.ecr')
      if (!emitted) throw new Error('ECR emitted nothing: this very image was there already')
      return asDelivered(emitted, clock.now(), random.uuid())
    },
    async createService(cluster, service, image, more = {}) {
      await call('ecs', 'RegisterTaskDefinition', taskDefinition(service, image))
      await call('ecs', 'CreateService', {
        cluster,
        serviceName: service,
        taskDefinition: service,
        desiredCount: 1,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } },
        ...more,
      })
      calls.length = 0
    },
  }
}

export function taskDefinition(family: string, image: string) {
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    executionRoleArn: `arn:aws:iam::${accountId}:role/pull`,
    containerDefinitions: [{ name: 'app', image }],
    tags: [{ key: 'team', value: 'platform' }],
  }
}

/** `configuration`: its digest and size; absent: one that nobody has. */
export function manifest(content: string, configuration = { digest: `sha256:${'0'.repeat(64)}`, size: 2 }): string {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...configuration }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  return JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [], annotations: { content } })
}

function upload(ecr: Ecr, repository: string, text: string): { digest: string; size: number } {
  const bytes = Buffer.from(text)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const begun = ecr.blobs.begin(repository, ecr.newUploadId())
  ecr.blobs.append(begun, bytes)
  ecr.blobs.finish(begun, digest)
  return { digest, size: bytes.length }
}

function asDelivered(event: AwsEvent, time: Date, id: string): EcrImageAction {
  const envelope = { version: '0', id, account: accountId, region, time: time.toISOString().replace(/\.\d+/, '') }
  return { ...envelope, ...event } as unknown as EcrImageAction
}

/** The newest deployments of a target on record, newest first. */
export async function listDeployments(
  table: GuardWorld['table'],
  target: string,
  limit: number,
): Promise<Deployment[]> {
  const found: Deployment[] = []
  for await (const deployment of deploymentsOf(table, target)) if (found.push(deployment) === limit) break
  return found
}
