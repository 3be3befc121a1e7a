/** Each kind of resource that the local account makes, from CloudFormation's properties, resolved. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Rule } from '../account/bus.ts'
import type { QueueSettings } from '../account/queue.ts'
import { checkStatement, type PolicyStatement } from '../account/resource-policy.ts'
import type { AsynchronousSettings, EventSourceMapping, Place, Properties, StackFunction } from './resource.ts'

/** As CreateTable takes it: what is about backups, encryption and expiry is not part of that call, and has no effect here. */
export function tableOf(properties: Record<string, unknown>): CreateTableCommandInput {
  const { TableName, BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties
  return { TableName, BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } as CreateTableCommandInput
}

const queueProperties = [
  'QueueName',
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'RedrivePolicy',
  // Of no effect on what becomes of a message.
  'SqsManagedSseEnabled',
  'Tags',
]

/** A queue with every policy that names it. */
export function queueOf(queue: Properties, policies: readonly Properties[], place: Place): QueueSettings {
  const name: string = queue.QueueName
  const [unknown] = Object.keys(queue).filter(property => !queueProperties.includes(property))
  if (unknown) throw new Error(`The local account does not model ${unknown} of queue ${name}.`)
  const own = policies.filter(({ Queues }) => Queues.includes(place.queueUrl(name)))
  const statements: PolicyStatement[] = own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
  for (const statement of statements) checkStatement('queue', statement)
  return {
    name,
    // SQS's own defaults, where the template leaves it to them.
    visibilityTimeoutSeconds: queue.VisibilityTimeout ?? 30,
    retentionSeconds: queue.MessageRetentionPeriod ?? 345_600,
    ...(statements.length > 0 ? { policy: { Statement: statements } } : {}),
    ...(queue.RedrivePolicy
      ? {
          redrive: {
            deadLetterArn: queue.RedrivePolicy.deadLetterTargetArn,
            maxReceiveCount: queue.RedrivePolicy.maxReceiveCount,
          },
        }
      : {}),
  }
}

/** A rule; schedules and inputs that are rewritten on the way are not modelled. */
export function ruleOf({ Name, EventPattern, Targets, State = 'ENABLED', ScheduleExpression }: Properties): Rule {
  if (State !== 'ENABLED') throw new Error(`The local account does not model State ${State} of rule ${Name}.`)
  if (ScheduleExpression !== undefined)
    throw new Error(`The local account does not model the schedule of rule ${Name}.`)
  return {
    name: Name,
    pattern: EventPattern,
    targets: Targets.map(({ Id, Arn, DeadLetterConfig, ...others }: Properties) => {
      const [unknown] = Object.keys(others)
      if (unknown) throw new Error(`The local account does not model ${unknown} of target ${Id} of rule ${Name}.`)
      return { id: Id, arn: Arn, ...(DeadLetterConfig ? { deadLetterArn: DeadLetterConfig.Arn } : {}) }
    }),
  }
}

/** A function, whose bundle is found by its handler. `invokeConfigs`: every AWS::Lambda::EventInvokeConfig. */
export function functionOf(properties: Properties, invokeConfigs: readonly Properties[]): StackFunction {
  const { FunctionName, Handler, Environment, Timeout, MemorySize, DeadLetterConfig } = properties
  const bundle = /^functions\/([\w-]+)\.handler$/.exec(Handler)?.[1]
  if (!bundle) throw new Error(`${FunctionName}: the handler "${Handler}" is not functions/<name>.handler.`)
  const own = invokeConfigs.find(config => config.FunctionName === FunctionName)
  return {
    name: FunctionName,
    bundle,
    environment: Environment?.Variables ?? {},
    timeoutSeconds: Timeout ?? 3,
    memoryMb: MemorySize ?? 128,
    ...(own || DeadLetterConfig ? { asynchronous: asynchronousOf(FunctionName, own ?? {}, DeadLetterConfig) } : {}),
  }
}

function asynchronousOf(name: string, config: Properties, deadLetters?: Properties): AsynchronousSettings {
  const { MaximumRetryAttempts = 2, MaximumEventAgeInSeconds = 21_600, DestinationConfig = {} } = config
  const { OnFailure, ...others } = DestinationConfig
  const [unknown] = Object.keys(others)
  if (unknown) throw new Error(`The local account does not model the destination ${unknown} of ${name}.`)
  const queues = [deadLetters?.TargetArn, OnFailure?.Destination].filter(arn => arn !== undefined)
  const other = queues.find(arn => !/^arn:aws:sqs:/.test(arn))
  if (other) throw new Error(`The local account models no destination of ${name} but queues, and not ${other}.`)
  return {
    retries: MaximumRetryAttempts,
    maximumAgeSeconds: MaximumEventAgeInSeconds,
    ...(deadLetters ? { deadLetterArn: deadLetters.TargetArn } : {}),
    ...(OnFailure ? { onFailureArn: OnFailure.Destination } : {}),
  }
}

/** An event source mapping of a queue. */
export function mappingOf({
  FunctionName,
  EventSourceArn,
  BatchSize = 10,
  MaximumBatchingWindowInSeconds: batchingWindowSeconds = 0,
  FunctionResponseTypes,
  Enabled = true,
  ScalingConfig,
  ...others
}: Properties): EventSourceMapping {
  const [unknown] = Object.keys(others)
  if (!Enabled) throw new Error(`The event source mapping of ${FunctionName} is not enabled, which is not modelled.`)
  if (unknown)
    throw new Error(`The local account does not model ${unknown} of the event source mapping of ${FunctionName}.`)
  // So AWS refuses it too.
  if (BatchSize > 10 && batchingWindowSeconds < 1) {
    throw new Error(
      `The event source mapping of ${FunctionName}: a BatchSize above 10 takes a MaximumBatchingWindowInSeconds.`,
    )
  }
  if (BatchSize < 1 || BatchSize > 10_000 || batchingWindowSeconds > 300) {
    throw new Error(
      `The event source mapping of ${FunctionName}: BatchSize is 1 to 10000, MaximumBatchingWindowInSeconds 0 to 300.`,
    )
  }
  return {
    functionName: String(FunctionName).replace(/^.*:function:/, ''),
    queueArn: EventSourceArn,
    batchSize: BatchSize,
    reportsItemFailures: (FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
    ...(batchingWindowSeconds > 0 ? { batchingWindowSeconds } : {}),
  }
}
