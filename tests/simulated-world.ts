/** A world for tests: the local account behind the real SDK, with no socket and no wall clock. */

import type { ControlMessage } from '../events/control-message.ts'
import type { EcrImageAction } from '../events/ecr-image-action.ts'
import { Account } from '../local/account/account.ts'
import { SimulatedClock } from '../local/account/clock.ts'
import type { AccountContext, AwsEvent } from '../local/account/context.ts'
import { createEcr } from '../local/account/ecr/ecr.ts'
import { type ContainerWorld, createEcs } from '../local/account/ecs/ecs.ts'
import { seededRandom } from '../local/account/random.ts'
import { memoryTable } from '../local/memory-table.ts'
import { inProcessHandler } from '../local/wire/in-process.ts'
import { createWire } from '../local/wire/wire.ts'
import { ecrRegistry } from '../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../shared/aws/ecs-fleet.ts'
import { type Deployment, deploymentsOf } from '../shared/deploy/records.ts'
import type { World } from '../shared/ports.ts'

export const region = 'eu-central-1'
export const accountId = '123456789012'
export const registryHost = `${accountId}.dkr.ecr.${region}.amazonaws.com`

export interface SimulatedWorld {
  world: World
  clock: SimulatedClock
  account: Account
  ecr: ReturnType<typeof createEcr>
  ecs: ReturnType<typeof createEcs>
  /** Names of the AWS calls made so far, in order. */
  calls: string[]
  /** What was sent to the control queue, in order. */
  sent: { message: ControlMessage; delaySeconds: number }[]
  /** Log lines, in order. */
  logged: { level: string; message: string; facts: Record<string, unknown> }[]
  /** Puts an image into the registry and gives the event that ECR emits; `content` makes the digest. */
  push(repository: string, tag: string, content?: string): EcrImageAction
  /** A task definition and a service on it, as a user would have made them before. */
  createService(cluster: string, service: string, image: string, more?: Record<string, unknown>): Promise<void>
  call(service: string, operation: string, input: unknown): Promise<unknown>
}

interface SimulationOptions {
  at?: string
  seed?: number
  /** What containers do; absent: they run until they are stopped. */
  behaviour?: NonNullable<ContainerWorld['behaviour']>
}

export function simulatedWorld({
  at = '2026-03-01T22:00:00Z',
  seed = 1,
  behaviour = () => ({ kind: 'runs' }),
}: SimulationOptions = {}): SimulatedWorld {
  const clock = new SimulatedClock(at)
  const events: AwsEvent[] = []
  const random = seededRandom(seed)
  const context: AccountContext = { clock, accountId, region, registryHost, random, emit: event => events.push(event) }
  const ecr = createEcr(context)
  for (const repository of ['acme/web', 'acme/worker', 'acme/nightly']) ecr.createRepository(repository)
  const ecs = createEcs(context, {
    imageExists: image => ecr.exists(image),
    imageDigest: image => ecr.digestOf(image),
    behaviour,
    seed: { clusters: [{ name: 'demo', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }] },
  })
  const account = new Account({ ecr, ecs })
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
  const world: World = {
    clock,
    registry: ecrRegistry(options),
    fleet: ecsFleet(options),
    table: memoryTable(),
    control: { send: async (message, delaySeconds = 0) => void sent.push({ message, delaySeconds }) },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
  }
  return {
    world,
    clock,
    account,
    ecr,
    ecs,
    calls,
    sent,
    logged,
    call,
    push(repository, tag, content = tag) {
      ecr.putManifest({ repository, tag, text: manifest(content), layers: 'may-be-missing' })
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

export function manifest(content: string): string {
  const blob = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 2 }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  return JSON.stringify({ schemaVersion: 2, mediaType, config: blob, layers: [], annotations: { content } })
}

function asDelivered(event: AwsEvent, time: Date, id: string): EcrImageAction {
  const envelope = { version: '0', id, account: accountId, region, time: time.toISOString().replace(/\.\d+/, '') }
  return { ...envelope, ...event } as unknown as EcrImageAction
}

/** The newest deployments of a target on record, newest first. */
export async function listDeployments(table: World['table'], target: string, limit: number): Promise<Deployment[]> {
  const found: Deployment[] = []
  for await (const deployment of deploymentsOf(table, target)) if (found.push(deployment) === limit) break
  return found
}
