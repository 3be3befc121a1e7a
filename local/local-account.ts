/** The local account, whole: its services, its bus and queues, and the wire in front of them. */
import { Account } from './account/account.ts'
import { createAutoscaling } from './account/autoscaling/autoscaling.ts'
import { measuredIn } from './account/autoscaling/measured.ts'
import { createBudgets } from './account/budgets/budgets.ts'
import { createBus } from './account/bus.ts'
import type { SimulatedClock } from './account/clock.ts'
import { createCloudWatch } from './account/cloudwatch/cloudwatch.ts'
import type { AccountContext } from './account/context.ts'
import { createEcr } from './account/ecr/ecr.ts'
import { type Activity, type Behaviour, createEcs } from './account/ecs/ecs.ts'
import { createLogs } from './account/logs/logs.ts'
import { createPricing } from './account/pricing/pricing.ts'
import { seededRandom } from './account/random.ts'
import { createSns } from './account/sns/sns.ts'
import { createSqs } from './account/sqs.ts'
import { createSts } from './account/sts.ts'
import { activityIn } from './activity-label.ts'
import { createWire } from './wire/wire.ts'

export const localAccountId = '123456789012'

export interface LocalAccountOptions {
  clock: SimulatedClock
  region: string
  /** The same seed and the same calls give the same account. */
  seed: number
  /** `host:port` where the wire is reached, once it is known. */
  host(): string
  /** What a container does of its own accord. */
  behaviour(container: StartedContainer): Behaviour
  /** How much it uses; absent: what its image's label says, busy without one. */
  activity?(image: string, labels: Record<string, string>): Activity
  /** How much data AWS's forecasts want; absent: five weeks, as on AWS. */
  forecastAfterMs?: number
}

export interface StartedContainer {
  image: string
  /** Of the image, where it is in this account's registry. */
  labels: Record<string, string>
  /** RunTask gave it another command, as for a migration. */
  commandIsOverridden: boolean
}

export type LocalAccount = ReturnType<typeof createLocalAccount>

export function createLocalAccount({
  clock,
  region,
  seed,
  host,
  behaviour,
  activity = activityIn(),
  forecastAfterMs,
}: LocalAccountOptions) {
  const base: Omit<AccountContext, 'emit'> = {
    clock,
    accountId: localAccountId,
    region,
    registryHost: `${localAccountId}.dkr.ecr.${region}.amazonaws.com`,
    random: seededRandom(seed),
  }
  const sqs = createSqs(base, { host })
  const sns = createSns(base, sqs)
  const bus = createBus(base, (queueArn, body, about) => sqs.deliver(queueArn, body, about))
  const context: AccountContext = { ...base, emit: event => bus.emit(event) }
  const ecr = createEcr(context)
  const logs = createLogs(context)
  const cloudwatch = createCloudWatch(context)
  const ecs = createEcs(context, {
    imageExists: image => ecr.exists(image),
    imageDigest: image => ecr.digestOf(image),
    behaviour: (image, _name, start) => behaviour({ image, labels: ecr.labels(image), ...start }),
    activity: image => activity(image, ecr.labels(image)),
    logs,
    telemetry: cloudwatch.telemetry,
  })
  const budgets = createBudgets(context, {
    ecs,
    forecastAfterMs,
    publish: (topicArn, { subject, message, budgetArn }) =>
      sns.publishAs({ service: 'budgets.amazonaws.com', sourceArn: budgetArn }, topicArn, {
        Subject: subject,
        Message: message,
      }),
  })
  const account = new Account({
    'application-autoscaling': createAutoscaling(context, { ecs, measured: measuredIn(cloudwatch, context) }),
    budgets,
    cloudwatch,
    ecr,
    ecs,
    logs,
    pricing: createPricing(),
    sns,
    sqs,
    sts: createSts(context),
  })
  return {
    context,
    account,
    budgets,
    cloudwatch,
    bus,
    sns,
    sqs,
    ecr,
    ecs,
    logs,
    wire: createWire({ account, ecr, now: () => clock.now() }),
  }
}
