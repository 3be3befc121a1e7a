/** SNS's own errors, and what it takes of a message. */
import type { MessageAttributeValue, PublishInput } from '@aws-sdk/client-sns'
import { AwsError } from '../aws-error.ts'

export const invalid = (message: string) => new AwsError('InvalidParameterException', `Invalid parameter: ${message}`)

export const notFound = (what: string) => new AwsError('NotFoundException', `${what} does not exist`)

/** What AWS can do and this model does not: said by name, never answered with 200. */
export const notModelled = (what: string) => invalid(`The local account does not model ${what}`)

/** Throws for members that the caller gave and the model would ignore. */
export function refuseGiven(operation: string, members: object): void {
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) throw notModelled(`${name} of sns:${operation}`)
}

export interface CheckedMessage {
  /** Undefined: without one. */
  subject: string | undefined
  /** What goes to subscribers of this protocol. */
  textFor(protocol: string): string
  attributes: Record<string, MessageAttributeValue>
}

/** Message, attributes' names, types and values together. */
const maxBytes = 262_144
const attributeName = /^(?!.*\.\.)(?!\.)(?!.*\.$)(?!aws\.|amazon\.)[\w.-]{1,256}$/i
const dataType = /^(String|String\.Array|Number|Binary)$/

/** Throws AwsError unless SNS would take the message. */
export function checkMessage(input: PublishInput): CheckedMessage {
  const { Message: message = '', Subject: subject, MessageAttributes: attributes = {}, MessageStructure } = input
  const { PhoneNumber, MessageDeduplicationId, MessageGroupId } = input
  refuseGiven('Publish', { PhoneNumber, MessageDeduplicationId, MessageGroupId })
  if (message === '') throw invalid('Empty message')
  // Printable ASCII, which a control character or a letter such as ü is not, and no blank at its beginning.
  if (subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(subject))
    throw invalid('Subject: up to 100 printable ASCII characters on one line, the first of them no blank')
  let bytes = Buffer.byteLength(message)
  for (const [name, value] of Object.entries(attributes)) bytes += bytesOf(name, value)
  if (bytes > maxBytes) throw invalid(`Message too long: ${bytes} bytes of at most ${maxBytes}`)
  if (MessageStructure !== undefined && MessageStructure !== 'json') throw invalid('MessageStructure')
  const texts: ByProtocol = MessageStructure === 'json' ? textsIn(message) : { default: message }
  return {
    subject,
    attributes,
    textFor: protocol => (Object.hasOwn(texts, protocol) ? texts[protocol] : undefined) ?? texts.default,
  }
}

function bytesOf(name: string, { DataType = '', StringValue, BinaryValue }: MessageAttributeValue): number {
  if (!attributeName.test(name)) throw invalid(`The message attribute name '${name}' is not valid`)
  if (!dataType.test(DataType))
    throw invalid(`The message attribute '${name}' has the type '${DataType}': String, String.Array, Number or Binary`)
  const value = DataType === 'Binary' ? BinaryValue : StringValue
  if (value === undefined || value.length === 0)
    throw invalid(`The message attribute '${name}' must contain a non-empty value for its type '${DataType}'`)
  return Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(value)
}

/** A text for each protocol, and one for all others. */
type ByProtocol = Record<string, string> & { default: string }

function textsIn(message: string): ByProtocol {
  let texts: unknown
  try {
    texts = JSON.parse(message)
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse')
  }
  const isObject = typeof texts === 'object' && texts !== null && !Array.isArray(texts)
  const entries = isObject ? Object.entries(texts as object).filter(([, text]) => typeof text === 'string') : []
  const byProtocol: Record<string, string> = Object.fromEntries(entries)
  if (byProtocol.default === undefined) throw invalid('Message Structure - No default entry in JSON message body')
  return { ...byProtocol, default: byProtocol.default }
}
