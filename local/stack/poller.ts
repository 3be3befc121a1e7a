/** Lambda's event source mapping of a queue: takes batches, invokes the function, deletes what succeeded. */
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import type { Timer } from '../account/clock.ts'
import type { AccountContext } from '../account/context.ts'
import { md5OfAttributes } from '../account/message-md5.ts'
import type { Message, Queue } from '../account/queue.ts'
import { systemAttributes } from '../account/sqs.ts'
import type { EventSourceMapping } from './resource.ts'

export type Invoke = (functionName: string, event: SQSEvent) => Promise<unknown>

/** What came of one batch. */
export interface Batch {
  functionName: string
  messages: readonly Message[]
  /** Ids of the messages that come back. */
  failed: readonly string[]
  error?: unknown
}

/** What Lambda's pollers take to find a message. */
const pollMs = 100
/** SQS gives out no more at once; Lambda collects. */
const mostPerReceive = 10
/** Lambda's limit for an event; a batch that would exceed it goes out in parts. */
const largestEventBytes = 6 * 1024 * 1024
/** A record without its body, roughly. */
const recordOverheadBytes = 1024

/**
 * Polls until the function it gives is called. One batch at a time, so that a run can be repeated; the account's clock
 * stands still while the function runs.
 */
export function pollQueue(
  context: Pick<AccountContext, 'clock' | 'region'>,
  queue: Queue,
  mapping: EventSourceMapping,
  invoke: Invoke,
  onBatch: (batch: Batch) => void = () => undefined,
): () => void {
  const { batchSize, batchingWindowSeconds = 0 } = mapping
  /** Received, and not given to the function yet: their visibility timeout runs already. */
  let collected: Message[] = []
  let collectedBytes = 0
  let window: Timer | undefined
  let isPlanned = false
  let isStopped = false
  const plan = () => {
    if (isPlanned || isStopped) return
    isPlanned = true
    context.clock.after(pollMs, poll)
  }

  async function poll(): Promise<void> {
    isPlanned = false
    if (isStopped) return
    collect()
    if (collected.length === 0) return
    if (isFull() || batchingWindowSeconds === 0) await deliver()
    else window ??= context.clock.after(batchingWindowSeconds * 1000, deliver)
  }

  function collect(): void {
    while (!isFull()) {
      const received = queue.receive(Math.min(mostPerReceive, batchSize - collected.length))
      if (received.length === 0) return
      collected.push(...received)
      collectedBytes += bytesOf(received)
    }
  }

  const isFull = () => collected.length >= batchSize || collectedBytes > largestEventBytes

  async function deliver(): Promise<void> {
    window?.cancel()
    window = undefined
    const messages = collected.slice(0, fitting(collected))
    collected = collected.slice(messages.length)
    collectedBytes = bytesOf(collected)
    onBatch(await carryOut(messages))
    if (collected.length > 0 || queue.counts.visible > 0) plan()
  }

  async function carryOut(messages: readonly Message[]): Promise<Batch> {
    const { functionName } = mapping
    const everything = messages.map(({ id }) => id)
    try {
      const Records = messages.map(message => recordOf(message, queue.arn, context.region))
      const answer = await invoke(functionName, { Records })
      const failed = mapping.reportsItemFailures ? failedOf(answer, everything) : []
      for (const { id, receipt } of messages) if (receipt && !failed.includes(id)) queue.delete(receipt)
      return { functionName, messages, failed }
    } catch (error) {
      return { functionName, messages, failed: everything, error }
    }
  }

  const stopListening = queue.onVisible(plan)
  if (queue.counts.visible > 0) plan()
  return () => {
    isStopped = true
    window?.cancel()
    stopListening()
  }
}

/** How many of the messages, from the first, make one event: at least one, for SQS takes none that is larger. */
function fitting(messages: readonly Message[]): number {
  let bytes = 0
  const over = messages.findIndex(message => {
    bytes += bytesOf([message])
    return bytes > largestEventBytes
  })
  return over === -1 ? messages.length : Math.max(1, over)
}

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { body }) => sum + Buffer.byteLength(JSON.stringify(body)) + recordOverheadBytes, 0)
}

/**
 * The messages that come back. No list, or an empty one, is success; an answer that Lambda can't read is a failure of all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function failedOf(answer: unknown, batch: readonly string[]): readonly string[] {
  if (answer === null || answer === undefined) return []
  if (typeof answer !== 'object') return batch
  const { batchItemFailures } = answer as { batchItemFailures?: unknown }
  if (batchItemFailures === null || batchItemFailures === undefined) return []
  if (!Array.isArray(batchItemFailures)) return batch
  const ids = batchItemFailures.map(failure => failure?.itemIdentifier)
  return ids.every(id => batch.includes(id)) ? ids : batch
}

function recordOf(message: Message, eventSourceARN: string, awsRegion: string): SQSRecord {
  const { id: messageId, receipt: receiptHandle = '', body, md5OfBody } = message
  const attributes = systemAttributes(message) as unknown as SQSRecord['attributes']
  const messageAttributes: SQSRecord['messageAttributes'] = {}
  for (const [name, { DataType = 'String', StringValue, BinaryValue }] of Object.entries(message.attributes)) {
    messageAttributes[name] = {
      ...(StringValue === undefined ? {} : { stringValue: StringValue }),
      ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
      dataType: DataType,
    }
  }
  const md5 = md5OfAttributes(message.attributes)
  const whole = {
    messageId,
    receiptHandle,
    body,
    attributes,
    messageAttributes,
    md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion,
  }
  return md5 === undefined ? whole : { ...whole, md5OfMessageAttributes: md5 }
}
