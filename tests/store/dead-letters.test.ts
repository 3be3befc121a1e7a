import { SendMessageCommand, type SendMessageCommandInput, SQSClient, SQSServiceException } from '@aws-sdk/client-sqs'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { deadLetters } from '../../shared/aws/sqs-dead-letters.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/farguard-dev-dead-letters'
const sqs = mockClient(SQSClient)
beforeEach(() => {
  sqs.reset()
  sqs.on(SendMessageCommand).resolves({ MessageId: '1' })
})

async function sent(
  body: string,
  reason: string,
  attributes?: Record<string, string>,
): Promise<SendMessageCommandInput> {
  await deadLetters(queueUrl).setAside(body, reason, attributes)
  const call = sqs.commandCalls(SendMessageCommand).at(-1)
  if (!call) throw new Error('nothing was sent')
  return call.args[0].input
}

const bytesOf = (message: SendMessageCommandInput) =>
  Buffer.byteLength(message.MessageBody ?? '') +
  Object.entries(message.MessageAttributes ?? {}).reduce(
    (bytes, [name, { DataType, StringValue }]) => bytes + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    0,
  )

describe('dead letters', () => {
  test('keep the body as it came, the reason and the facts', async () => {
    expect(await sent('{"a":1}', 'not an ECR event', { messageId: 'm-1', functionName: 'deploy-image' })).toEqual({
      QueueUrl: queueUrl,
      MessageBody: '{"a":1}',
      MessageAttributes: {
        reason: { DataType: 'String', StringValue: 'not an ECR event' },
        messageId: { DataType: 'String', StringValue: 'm-1' },
        functionName: { DataType: 'String', StringValue: 'deploy-image' },
      },
    })
  })

  test.each([
    { case: 'control characters', body: 'a\u0000b\u001b[1mc\td\n', expected: 'a\ufffdb\ufffd[1mc\td\n' },
    { case: 'half a surrogate pair', body: 'a\ud83d', expected: 'a\ufffd' },
    { case: 'noncharacters', body: 'a\uffffb', expected: 'a\ufffdb' },
    { case: 'an empty body', body: '', expected: ' ' },
  ])('$case: sent as SQS takes it', async ({ body, expected }) => {
    expect((await sent(body, 'r')).MessageBody).toBe(expected)
  })

  test('an empty reason is said to be unknown, names of facts are made valid, empty facts and reserved names left out', async () => {
    const { MessageAttributes } = await sent('x', '', { 'image tag': 'a', 'AWS.x': 'b', none: '', '.x': 'c', ok: 'd' })
    expect(MessageAttributes).toEqual({
      reason: { DataType: 'String', StringValue: 'unknown' },
      image_tag: { DataType: 'String', StringValue: 'a' },
      ok: { DataType: 'String', StringValue: 'd' },
    })
  })

  test('whatever comes fits into 256 KB and ten attributes, cut between characters', async () => {
    const text = fc.tuple(fc.constantFrom('x', 'ß', '世', '🚀'), fc.integer({ min: 0, max: 300_000 }))
    const facts = fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 400 }),
    )
    await fc.assert(
      fc.asyncProperty(text, text, facts, async ([body, length], [reason, reasonLength], attributes) => {
        const message = await sent(body.repeat(length), reason.repeat(reasonLength), attributes)
        expect(bytesOf(message)).toBeLessThanOrEqual(256 * 1024)
        expect(Object.keys(message.MessageAttributes ?? {}).length).toBeLessThanOrEqual(10)
        expect(message.MessageBody?.replaceAll(body, '').trim()).toBe('')
        expect(message.MessageAttributes?.reason?.StringValue?.replaceAll(reason, '')).toMatch(/^(unknown)?$/)
        if (length * Buffer.byteLength(body) > 256 * 1024) expect(bytesOf(message)).toBeGreaterThan(256 * 1024 - 4)
      }),
      // Shrinking texts of this size takes minutes, and the sizes say enough.
      { numRuns: 50, endOnFailure: true },
    )
  })

  test.each([
    { code: 'QueueDoesNotExist', status: 400, kind: RefusedError },
    { code: 'AccessDeniedException', status: 403, kind: RefusedError },
    { code: 'RequestThrottled', status: 403, kind: RetryableError },
    { code: 'InternalError', status: 500, kind: RetryableError },
  ])('$code: the caller can tell whether trying again helps', async ({ code, status, kind }) => {
    const $metadata = { httpStatusCode: status }
    const $fault = status < 500 ? 'client' : 'server'
    sqs.on(SendMessageCommand).rejects(new SQSServiceException({ name: code, $fault, $metadata, message: 'no' }))
    await expect(deadLetters(queueUrl).setAside('x', 'y')).rejects.toThrow(kind)
  })
})
