/** Where the command finds a deployed stack: an AWS account's, by its stage, or the local account of `npm start`. */

import { autoscaling } from '../shared/aws/autoscaling.ts'
import { awsBudgets } from '../shared/aws/budgets.ts'
import { cloudWatchLogs } from '../shared/aws/cloudwatch-logs.ts'
import { cloudWatchMetrics } from '../shared/aws/cloudwatch-metrics.ts'
import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import { ecrAnnotations } from '../shared/aws/ecr-annotations.ts'
import { ecrRegistry } from '../shared/aws/ecr-registry.ts'
import { ecsFleet } from '../shared/aws/ecs-fleet.ts'
import { priceList } from '../shared/aws/price-list.ts'
import { controlQueueNamed } from '../shared/aws/sqs-control.ts'
import type { GuardWorld, ImageAnnotations, Logs } from '../shared/ports.ts'

export interface Connection extends Omit<GuardWorld, 'clock' | 'log'> {
  /** For messages: `stack farguard-dev in eu-central-1`. */
  name: string
  isLocal: boolean
  /** Of the local account. */
  endpoint?: string
  /** What time it is in the local account, as far as it tells; AWS has ours. */
  now?: () => Promise<Date | undefined>
  annotations: ImageAnnotations
  logs: Logs
}

export interface Where {
  stage: string
  /** host:port; `FARGUARD_LOCAL` stands for it where it is not given. */
  local?: string | undefined
}

export function connect({ stage, local }: Where, environment: NodeJS.ProcessEnv): Connection {
  const address = local ?? environment.FARGUARD_LOCAL
  const stack = `farguard-${stage}`
  if (!address) {
    const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION
    return { name: `stack ${stack}${region ? ` in ${region}` : ''}`, isLocal: false, ...ports(stack, {}) }
  }
  const options = {
    endpoint: `http://${address}`,
    region: environment.AWS_REGION ?? 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
  const { endpoint } = options
  const now = () => timeAt(endpoint)
  return { name: `the local account at ${address}`, isLocal: true, endpoint, now, ...ports(stack, options) }
}

/** With `npm start -- --speed 20` its time runs away from ours. Where it does not tell, that is no reason to fail. */
async function timeAt(endpoint: string): Promise<Date | undefined> {
  try {
    const answer = await fetch(`${endpoint}/clock`, { signal: AbortSignal.timeout(2_000) })
    const time = new Date((await answer.text()).trim())
    return answer.ok && !Number.isNaN(time.getTime()) ? time : undefined
  } catch {
    return undefined
  }
}

/** The parts of an SDK client's configuration that all of them take alike. */
interface ClientOptions {
  endpoint?: string
  region?: string
  credentials?: { accessKeyId: string; secretAccessKey: string }
}

function ports(stack: string, options: ClientOptions): Omit<Connection, 'name' | 'isLocal' | 'endpoint' | 'now'> {
  return {
    table: dynamoDbTable(options, stack),
    annotations: ecrAnnotations(options),
    fleet: ecsFleet(options),
    control: controlQueueNamed(`${stack}-control`, options),
    logs: cloudWatchLogs(options),
    registry: ecrRegistry(options),
    scaling: autoscaling(options),
    metrics: cloudWatchMetrics(options),
    budgets: awsBudgets(options),
    priceList: priceList(options),
  }
}

/** What to tell a user when a call to the stack fails, in place of a stack trace. */
export function explain(error: unknown, { name, isLocal }: Pick<Connection, 'name' | 'isLocal'>): string {
  const message = error instanceof Error ? error.message : String(error)
  if (isLocal && /ECONNREFUSED/.test(message)) return `Nothing answers for ${name}. Start it with: npm start`
  if (/QueueDoesNotExist|NonExistentQueue/.test(message))
    return `${name} has no control queue: its stage is another one, or it was deployed before there were commands. Deploy it anew, or name another one with --stage.`
  if (/dynamodb:\w+ .*ResourceNotFoundException/.test(message))
    return isLocal
      ? `There is no such stage in ${name}. Try --stage dev.`
      : `There is no ${name}. Deploy it, or name another one with --stage.`
  if (/CredentialsProviderError|Could not load credentials/.test(message))
    return 'No AWS credentials were found. Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or use --local for the local account.'
  if (/Region is missing/.test(message))
    return 'No AWS Region was found. Set AWS_REGION, or use --local for the local account.'
  const lacking = /AccessDenied/.test(message) && /^(\w+:\w+) (?:of|on|to) (.+?): AccessDenied/.exec(message)
  if (lacking)
    return `Your credentials have no right to ${lacking[1]} on ${lacking[2]}; docs/commands.md lists what each command needs.`
  return `${name}: ${message}`
}
