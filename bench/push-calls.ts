/** What one push to a service costs in calls, in the common case: a newer image for a service that Farguard deployed to before. */
import * as z from 'zod/mini'
import { ecrImageAction } from '../events/ecr-image-action.ts'
import { SimulatedClock } from '../local/account/clock.ts'
import { furnish } from '../local/furnish.ts'
import { createLocalAccount } from '../local/local-account.ts'
import { memoryTable } from '../local/memory-table.ts'
import { tinyImage } from '../local/tiny-image.ts'
import { inProcessHandler } from '../local/wire/in-process.ts'
import { ecrRegistry } from '../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../shared/aws/ecs-fleet.ts'
import { bareConfig, type Config } from '../shared/config/config.ts'
import { advance } from '../shared/deploy/advance.ts'
import { deployImage } from '../shared/deploy/deploy-image.ts'
import type { Table, World } from '../shared/ports.ts'
import type { Figure } from './figure.ts'

const region = 'eu-central-1'

const config: Config = {
  ...bareConfig,
  targets: [
    {
      name: 'web',
      repository: 'acme/web',
      tags: { kind: 'semver', range: '^1' },
      cluster: 'demo',
      run: {
        kind: 'service',
        service: 'web',
        verify: { withinMs: 900_000, settleMs: 0 },
        taskDefinition: { from: 'running' },
      },
      gates: { freeze: [], minimumAgeMs: 0, needsApproval: false },
    },
  ],
}

/** Counted by running the use case on the local account, through the SDK's own clients. */
export async function measurePushCalls(): Promise<Figure[]> {
  const { push, world, calls, tableCalls } = await deployedOnce()
  const event = push('1.0.2')
  calls.length = 0
  tableCalls.length = 0
  await deployed(event, world)
  return [
    {
      what: 'control-plane calls of a push',
      value: calls.filter(name => !name.startsWith('sqs:')).length,
      unit: 'calls',
      atMost: 5,
      // The message is the rollout's first look at itself.
      details: listed(calls),
    },
    { what: 'table calls of a push', value: tableCalls.length, unit: 'calls', atMost: 4, details: listed(tableCalls) },
  ]
}

/** A world in which web was deployed to once, and what is called in it from now on. */
async function deployedOnce() {
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const host = () => 'local.invalid'
  const local = createLocalAccount({ clock, region, seed: 1, host, behaviour: () => ({ kind: 'runs' }) })
  await furnish(local, config)
  const calls: string[] = []
  local.account.onCall(({ name }) => calls.push(name))
  const client = {
    requestHandler: inProcessHandler(local.wire),
    region,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  }
  const { table, calls: tableCalls } = counted(memoryTable())
  const log = { info() {}, warn() {}, error() {} }
  const control = { send: async () => void calls.push('sqs:SendMessage') }
  const world: World = { clock, registry: ecrRegistry(client), fleet: ecsFleet(client), table, control, log }
  const events: unknown[] = []
  local.bus.onEvent(event => event.source === 'aws.ecr' && events.push(event))
  const push = (tag: string) => {
    const { manifest } = tinyImage({ tag }, clock.now())
    local.ecr.putManifest({ repository: 'acme/web', tag, text: manifest, layers: 'may-be-missing' })
    return z.parse(ecrImageAction, events.at(-1))
  }
  await deployed(push('1.0.1'), world)
  // The service has settled on it, and the rollout has succeeded.
  await clock.advance(10 * 60_000)
  for (const target of config.targets) await advance(target, world)
  return { push, world, calls, tableCalls }
}

async function deployed(event: Parameters<typeof deployImage>[0], world: World): Promise<void> {
  const outcome = await deployImage(event, config, world)
  if (outcome.kind !== 'done') throw new Error(`The push was to be deployed, and was not: ${JSON.stringify(outcome)}`)
}

/** Each method of the port is one call to DynamoDB. */
function counted(table: Table): { table: Table; calls: string[] } {
  const calls: string[] = []
  const counting =
    <Args extends unknown[], Answer>(name: string, method: (...args: Args) => Answer) =>
    (...args: Args) => {
      calls.push(name)
      return method(...args)
    }
  return {
    calls,
    table: {
      get: counting('dynamodb:GetItem', table.get),
      getMany: counting('dynamodb:BatchGetItem', table.getMany),
      put: counting('dynamodb:PutItem', table.put),
      query: counting('dynamodb:Query', table.query),
    },
  }
}

/** `dynamodb:PutItem ×3` */
function listed(calls: readonly string[]): string[] {
  const groups = Map.groupBy(calls, name => name)
  return [...groups].map(([name, { length }]) => (length > 1 ? `${name} ×${length}` : name))
}
