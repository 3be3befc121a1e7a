/** Makes the packaged stack in the local account: queues, rules, the table, and the pollers that feed the functions. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Bus } from '../account/bus.ts'
import type { AccountContext } from '../account/context.ts'
import type { Sqs } from '../account/sqs.ts'
import { type Batch, type Invoke, pollQueue } from './poller.ts'
import type { StackTemplate } from './template.ts'

export interface Parts {
  context: Pick<AccountContext, 'clock' | 'region'>
  sqs: Sqs
  bus: Bus
  createTable(table: CreateTableCommandInput): Promise<unknown>
  /** Runs a function by its name in the template. */
  invoke: Invoke
  /** Hears what came of each batch. */
  onBatch?(batch: Batch): void
}

/** Gives the function that stops the pollers. */
export async function deployStack(stack: StackTemplate, parts: Parts): Promise<() => void> {
  const { context, sqs, bus } = parts
  await parts.createTable(stack.table)
  const queues = stack.queues.map(settings => sqs.createQueue(settings))
  for (const rule of stack.rules) bus.putRule(rule)
  const stops = stack.mappings.map(mapping => {
    const queue = queues.find(({ arn }) => arn === mapping.queueArn)
    if (!queue)
      throw new Error(`${mapping.functionName} reads ${mapping.queueArn}, a queue that the stack does not make.`)
    return pollQueue(context, queue, mapping, parts.invoke, parts.onBatch)
  })
  return () => {
    for (const stop of stops) stop()
  }
}
