/** The MD5 digests with which SQS answers: the SDKs compute their own and refuse an answer that differs. */
import { createHash } from 'node:crypto'
import type { MessageAttributeValue } from '@aws-sdk/client-sqs'

export type MessageAttributes = Record<string, MessageAttributeValue>

export function md5OfText(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/**
 * Undefined without attributes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort()
  if (names.length === 0) return undefined
  const hash = createHash('md5')
  const add = (part: string | Uint8Array) => {
    const bytes = Buffer.from(part)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {}
    add(name)
    add(DataType)
    const isBinary = DataType.startsWith('Binary')
    hash.update(Buffer.from([isBinary ? 2 : 1]))
    add((isBinary ? BinaryValue : StringValue) ?? '')
  }
  return hash.digest('hex')
}
