/** Dead letters of our own: what can never succeed goes aside with its reason, in SQS. */
import { type MessageAttributeValue, SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import type { DeadLetters } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { saying } from './sdk-error.ts'

/** SQS counts the body and all attributes' names, types and values together. */
const maxMessageBytes = 256 * 1024
/** SQS takes ten attributes; the reason is one of them. */
const maxAttributes = 10
const maxReasonBytes = 1024
const maxAttributeBytes = 256
/** Names that SQS keeps for itself, and the characters that it takes in others. */
const reservedName = /^(aws|amazon)\.|^\.|\.$|\.\./i
const refusedInNames = /[^A-Za-z0-9_.-]/g

/** `queueUrl`: of the queue that takes them. `options`: for a client other than the environment's. */
export function deadLetters(queueUrl: string, options: SQSClientConfig = {}): DeadLetters {
  const sqs = new SQSClient({
    ...clientConfig,
    // Otherwise the host in the queue's URL beats AWS_ENDPOINT_URL, which alone is to move the whole program.
    useQueueUrlAsEndpoint: false,
    ...options,
  })
  return {
    async setAside(body, reason, attributes = {}) {
      const message = letter(body, reason, attributes)
      const send = new SendMessageCommand({ QueueUrl: queueUrl, ...message })
      await saying(`sqs:SendMessage to ${queueUrl}`, () => sqs.send(send))
    },
  }
}

function letter(body: string, reason: string, attributes: Readonly<Record<string, string>>) {
  const MessageAttributes: Record<string, MessageAttributeValue> = { reason: text(reason, maxReasonBytes) }
  for (const [name, value] of Object.entries(attributes).slice(0, maxAttributes - 1)) {
    const valid = name.replace(refusedInNames, '_').slice(0, maxAttributeBytes)
    if (valid !== '' && !reservedName.test(valid) && value !== '')
      MessageAttributes[valid] = text(value, maxAttributeBytes)
  }
  const taken = Object.entries(MessageAttributes).reduce(
    (bytes, [name, { StringValue = '' }]) => bytes + Buffer.byteLength(`${name}String${StringValue}`),
    0,
  )
  return { MessageBody: cut(sendable(body), maxMessageBytes - taken) || ' ', MessageAttributes }
}

function text(value: string, maxBytes: number): MessageAttributeValue {
  return { DataType: 'String', StringValue: cut(sendable(value), maxBytes) || 'unknown' }
}

/** SQS refuses a message with control characters other than tab and line ends, and with what UTF-8 or XML does not have. */
function sendable(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}

/** The longest beginning of at most `maxBytes` in UTF-8 that ends between two characters. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  // 10xxxxxx continues a character: step back to where one begins.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end).toString()
}
