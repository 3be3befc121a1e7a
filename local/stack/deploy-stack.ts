/** Makes the packaged stack in the local account: queues, rules, the table, the pollers that feed the functions, schedules, topics. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Bus } from '../account/bus.ts'
import type { AccountContext } from '../account/context.ts'
import type { Queue } from '../account/queue.ts'
import type { Sns } from '../account/sns/sns.ts'
import type { Sqs } from '../account/sqs.ts'
import { type AsynchronousParts, type FailedAttempt, invokeAsynchronously } from './asynchronous.ts'
import { type Batch, pollQueue } from './poller.ts'
import type { Schedule } from './resource.ts'
import { runSchedule } from './schedule.ts'
import type { StackTemplate } from './template.ts'
import { deployTopics } from './topics.ts'

export interface Parts {
  context: Omit<AccountContext, 'emit'>
  sqs: Sqs
  sns: Sns
  bus: Bus
  createTable(table: CreateTableCommandInput): Promise<unknown>
  /** Runs a function by its name in the template. */
  invoke(functionName: string, event: unknown): Promise<unknown>
  /** Hears what came of each batch. */
  onBatch?(batch: Batch): void
  /** Hears of each asynchronous invocation that failed. */
  onFailedAttempt?(failed: FailedAttempt): void
}

/** Gives the function that stops pollers, schedules and topics. Throws Error when a part names what the stack does not have. */
export async function deployStack(stack: StackTemplate, parts: Parts): Promise<() => void> {
  const { context, sqs, sns, bus } = parts
  await parts.createTable(stack.table)
  const queues = new Map(stack.queues.map(settings => sqs.createQueue(settings)).map(queue => [queue.arn, queue]))
  for (const rule of stack.rules) bus.putRule(rule)
  for (const { name, asynchronous } of stack.functions) {
    const { deadLetterArn, onFailureArn } = asynchronous ?? {}
    for (const arn of [deadLetterArn, onFailureArn]) if (arn) find(queues, arn, `What fails in ${name} goes to`)
  }
  const pollers = stack.mappings.map(mapping => {
    const queue = find(queues, mapping.queueArn, `${mapping.functionName} reads`)
    return pollQueue(context, queue, mapping, parts.invoke, parts.onBatch)
  })
  const asynchronous = asynchronousOf(queues, parts)
  const schedules = stack.schedules.map(schedule => deploySchedule(stack, schedule, asynchronous))
  const stopTopics = deployTopics(stack, sns, asynchronous)
  return () => {
    for (const stop of [...pollers, ...schedules, stopTopics]) stop()
  }
}

function deploySchedule(stack: StackTemplate, schedule: Schedule, asynchronous: AsynchronousParts): () => void {
  const target = stack.functions.find(({ name }) => name === schedule.functionName)
  if (!target)
    throw new Error(`The schedule ${schedule.name} invokes ${schedule.functionName}, which the stack does not have.`)
  return runSchedule(asynchronous.context, schedule, event => invokeAsynchronously(asynchronous, target, event))
}

/** Schedules and topics invoke functions alike: they are done when Lambda has the event. */
function asynchronousOf(queues: Queues, { context, invoke, onFailedAttempt }: Parts): AsynchronousParts {
  return {
    context,
    invoke,
    send(arn, body, texts) {
      const attributes = Object.entries(texts).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }])
      queues.get(arn)?.send(body, Object.fromEntries(attributes))
    },
    onFailure: onFailedAttempt ?? (() => undefined),
  }
}

type Queues = ReadonlyMap<string, Queue>

function find(queues: Queues, arn: string, who: string): Queue {
  const queue = queues.get(arn)
  if (!queue) throw new Error(`${who} ${arn}, a queue that the stack does not make.`)
  return queue
}
