/** What SQS refuses of a message, with its own codes and words. */
import type { SendMessageRequest } from '@aws-sdk/client-sqs'
import { AwsError } from './aws-error.ts'
import type { MessageAttributes } from './message-md5.ts'

/** 1 MiB since August 2025: body, names, types and values together. */
const maxMessageBytes = 1_048_576
const maxAttributes = 10
const attributeName = /^(?!.*\.\.)(?!\.)(?!.*\.$)(?!aws\.|amazon\.)[\w.-]{1,256}$/i
const dataType = /^(String|Number|Binary)(\..+)?$/
const allowedText = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u

/** Throws AwsError unless SQS would take the message. */
export function checkMessage(input: SendMessageRequest): { body: string; attributes: MessageAttributes } {
  const { MessageBody: body = '', MessageAttributes: attributes = {} } = input
  // A standard queue would take MessageGroupId for its fair queues: whoever sends it counts on an order between groups.
  if (input.MessageGroupId !== undefined || input.MessageDeduplicationId !== undefined) {
    throw invalid('The local account has no FIFO or fair queues: leave out MessageGroupId and MessageDeduplicationId.')
  }
  if (Object.keys(input.MessageSystemAttributes ?? {}).length > 0) {
    throw invalid('The local account does not model MessageSystemAttributes.')
  }
  if (body === '') throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.')
  if (!allowedText.test(body)) {
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    )
  }
  const entries = Object.entries(attributes)
  if (entries.length > maxAttributes) {
    throw invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${maxAttributes}].`)
  }
  let bytes = Buffer.byteLength(body)
  for (const [name, { DataType = '', StringValue, BinaryValue }] of entries) {
    if (!attributeName.test(name)) throw invalid(`The message attribute name '${name}' is not valid.`)
    if (!dataType.test(DataType)) {
      throw invalid(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      )
    }
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue
    if (value === undefined || value.length === 0) {
      throw invalid(
        `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
      )
    }
    if (typeof value === 'string' && !allowedText.test(value))
      throw invalid(`The message attribute '${name}' has invalid characters.`)
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(value)
  }
  if (bytes > maxMessageBytes) {
    throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`)
  }
  return { body, attributes }
}

/** The value, or InvalidParameterValue in SQS's own words. */
export function requireBetween(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw invalid(
    `Value ${value} for parameter ${name} is invalid. Reason: ${name} must be >= ${low} and <= ${high}, if provided.`,
  )
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}
