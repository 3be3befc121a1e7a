import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSqs } from '../../../local/account/sqs.ts'
import { deadLetters } from '../../../shared/aws/sqs-dead-letters.ts'
import { accountContext } from '../account-context.ts'
import { localAccount } from '../wire/local-account.ts'

const minute = 60_000

/** Two queues, the second behind the first, spoken to by the SDK's own client. */
function account() {
  const context = accountContext()
  const sqs = createSqs(context, { host: '127.0.0.1:4566' })
  const dead = sqs.createQueue({ name: 'dead', visibilityTimeoutSeconds: 30, retentionSeconds: 14 * 24 * 3600 })
  const images = sqs.createQueue({
    name: 'images',
    visibilityTimeoutSeconds: 180,
    retentionSeconds: 4 * 24 * 3600,
    redrive: { deadLetterArn: dead.arn, maxReceiveCount: 3 },
  })
  const { client: options } = localAccount({ sqs: sqs.operations })
  const client = new SQSClient({ ...options, useQueueUrlAsEndpoint: false })
  const QueueUrl = sqs.queueUrl('images')
  return {
    ...context,
    sqs,
    images,
    dead,
    client,
    options,
    QueueUrl,
    send: (MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more })),
    receive: async (more: Partial<ReceiveMessageCommandInput> = {}) =>
      (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [],
    remove: (ReceiptHandle: string | undefined) => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
  }
}

type Given = ReturnType<typeof account>

describe('SQS', () => {
  test('gives out what was sent, with its attributes; the SDK agrees with every digest', async () => {
    const { send, receive } = account()
    const MessageAttributes = {
      reason: { DataType: 'String', StringValue: 'Grüße 🚀' },
      count: { DataType: 'Number', StringValue: '3' },
      blob: { DataType: 'Binary.gzip', BinaryValue: new Uint8Array([0, 255, 1]) },
    }
    const sent = await send('{"a":"ß"}', { MessageAttributes })
    const [message, ...others] = await receive({ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] })
    expect(others).toEqual([])
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: '{"a":"ß"}',
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes,
      Attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.parse('2026-03-01T22:00:00.250Z')),
        ApproximateFirstReceiveTimestamp: String(Date.parse('2026-03-01T22:00:00.250Z')),
      },
    })
  })

  test("the attributes' digest is that of AWS's own algorithm", async () => {
    const { send } = account()
    // Of botocore's and moto's test data for the same attribute.
    const sent = await send('derp', {
      MessageAttributes: { timestamp: { DataType: 'Number', StringValue: '1493147359900' } },
    })
    expect(sent.MD5OfMessageAttributes).toBe('235c5c510d26fb653d073faed50ae77c')
  })

  test('gives only the attributes that were asked for', async () => {
    const { send, receive, clock } = account()
    const MessageAttributes = Object.fromEntries(
      ['a.x', 'a.y', 'b'].map(name => [name, { DataType: 'String', StringValue: '1' }]),
    )
    await send('x', { MessageAttributes })
    for (const [asked, expected] of [
      [undefined, undefined],
      [['b'], ['b']],
      [['a.*'], ['a.x', 'a.y']],
    ] as const) {
      const [message] = await receive({ VisibilityTimeout: 1, ...(asked ? { MessageAttributeNames: [...asked] } : {}) })
      expect(message?.MessageAttributes && Object.keys(message.MessageAttributes)).toEqual(expected)
      expect(message?.Attributes).toBeUndefined()
      await clock.advance(1_000)
    }
  })

  test('hides a message for the visibility timeout, then gives it out again, counted', async () => {
    const { send, receive, clock } = account()
    await send('x')
    const [first] = await receive()
    await clock.advance(3 * minute - 1)
    expect(await receive()).toEqual([])
    await clock.advance(1)
    const [second] = await receive({ MessageSystemAttributeNames: ['All'] })
    expect(second?.MessageId).toBe(first?.MessageId)
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle)
    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2')
    expect(second?.Attributes?.ApproximateFirstReceiveTimestamp).toBe(String(Date.parse('2026-03-01T22:00:00.250Z')))
  })

  test('a delayed message comes when its time has come', async () => {
    const { send, receive, clock, images } = account()
    await send('x', { DelaySeconds: 900 })
    expect(images.counts).toEqual({ visible: 0, inFlight: 0, delayed: 1 })
    await clock.advance(15 * minute - 1)
    expect(await receive()).toEqual([])
    await clock.advance(1)
    expect(await receive()).toHaveLength(1)
  })

  test('a deleted message is gone; an old receipt deletes nothing', async () => {
    const { send, receive, remove, clock, images } = account()
    await send('x')
    const [first] = await receive()
    await clock.advance(3 * minute)
    const [second] = await receive()
    await remove(first?.ReceiptHandle)
    expect(images.counts.inFlight).toBe(1)
    await remove(second?.ReceiptHandle)
    expect(images.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
    await clock.advance(60 * minute)
    expect(await receive()).toEqual([])
    await remove(second?.ReceiptHandle)
  })

  test('a receipt whose time ran out still deletes, as long as nobody else took the message', async () => {
    const { send, receive, remove, clock } = account()
    await send('x')
    const [first] = await receive()
    await clock.advance(4 * minute)
    await remove(first?.ReceiptHandle)
    expect(await receive()).toEqual([])
  })

  test('visibility can be changed while in flight, and only then', async () => {
    const { send, receive, clock, client, QueueUrl } = account()
    await send('x')
    const [{ ReceiptHandle } = {}] = await receive()
    const change = (VisibilityTimeout: number) =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }))
    await change(600)
    await clock.advance(9 * minute)
    expect(await receive()).toEqual([])
    await change(0)
    await clock.advance(0)
    await expect(change(10)).rejects.toMatchObject({ name: 'MessageNotInflight' })
    expect(await receive()).toHaveLength(1)
  })

  test('after three vain deliveries a message goes to the dead letters, and says where it came from', async () => {
    const { send, receive, clock, dead, images, sqs, client } = account()
    const { MessageId } = await send('poison')
    await send('another', { DelaySeconds: 600 })
    for (let delivery = 1; delivery <= 3; delivery++) {
      expect(await receive()).toHaveLength(1)
      expect(dead.counts.visible).toBe(0)
      await clock.advance(3 * minute)
    }
    expect((await receive()).map(({ Body }) => Body)).toEqual([])
    expect(images.counts).toEqual({ visible: 0, inFlight: 0, delayed: 1 })
    const input = { QueueUrl: sqs.queueUrl('dead'), MessageSystemAttributeNames: ['All' as const] }
    const { Messages } = await client.send(new ReceiveMessageCommand(input))
    expect(Messages).toEqual([
      expect.objectContaining({
        MessageId,
        Body: 'poison',
        Attributes: expect.objectContaining({
          DeadLetterQueueSourceArn: images.arn,
          SentTimestamp: String(Date.parse('2026-03-01T22:00:00.250Z')),
        }),
      }),
    ])
  })

  test('a message older than the retention period is gone', async () => {
    const { send, receive, clock } = account()
    await send('x')
    await clock.advance(4 * 24 * 60 * minute)
    expect(await receive()).toEqual([])
  })

  test('waits for a message as long as it was told to', async () => {
    const { receive, send, clock } = account()
    const nothing = receive({ WaitTimeSeconds: 20 })
    await new Promise(next => setImmediate(next))
    await clock.advance(20_000)
    expect(await nothing).toEqual([])
    const something = receive({ WaitTimeSeconds: 20 })
    await new Promise(next => setImmediate(next))
    await send('x')
    expect(await something).toHaveLength(1)
  })

  test('names its queues and tells about them', async () => {
    const { client, QueueUrl, send, receive, dead } = account()
    expect(QueueUrl).toBe('http://127.0.0.1:4566/123456789012/images')
    expect((await client.send(new GetQueueUrlCommand({ QueueName: 'images' }))).QueueUrl).toBe(QueueUrl)
    expect((await client.send(new ListQueuesCommand({}))).QueueUrls).toEqual([
      QueueUrl.replace('images', 'dead'),
      QueueUrl,
    ])
    const firstPage = await client.send(new ListQueuesCommand({ MaxResults: 1 }))
    expect(firstPage.QueueUrls).toHaveLength(1)
    const rest = await client.send(new ListQueuesCommand({ MaxResults: 1, NextToken: firstPage.NextToken }))
    expect(rest).toMatchObject({ QueueUrls: [QueueUrl] })
    expect(rest.NextToken).toBeUndefined()
    await send('a')
    await send('b')
    await send('c', { DelaySeconds: 5 })
    await receive({ MaxNumberOfMessages: 1 })
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      VisibilityTimeout: '180',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 }),
    })
    await client.send(new PurgeQueueCommand({ QueueUrl }))
    expect(await receive()).toEqual([])
  })

  test.each<[string, (given: Given) => Promise<unknown>, string, RegExp]>([
    [
      'a queue that is not there',
      a => a.send('x', { QueueUrl: `${a.QueueUrl}-none` }),
      'QueueDoesNotExist',
      /does not exist/,
    ],
    [
      'another account',
      a => a.send('x', { QueueUrl: a.QueueUrl.replace('123456789012', '999999999999') }),
      'QueueDoesNotExist',
      /does not exist/,
    ],
    ['no URL of a queue', a => a.send('x', { QueueUrl: 'images' }), 'InvalidAddress', /images is not valid/],
    [
      'a delay of more than 900 seconds',
      a => a.send('x', { DelaySeconds: 901 }),
      'InvalidParameterValue',
      /Value 901 for parameter DelaySeconds/,
    ],
    [
      'eleven messages at once',
      a => a.receive({ MaxNumberOfMessages: 11 }),
      'InvalidParameterValue',
      /MaxNumberOfMessages must be >= 1 and <= 10/,
    ],
    ['a control character', a => a.send('a\u0000'), 'InvalidMessageContents', /Invalid characters/],
    ['more than 1 MiB', a => a.send('x'.repeat(1_048_577)), 'InvalidParameterValue', /shorter than 1048576 bytes/],
    [
      'eleven attributes',
      a => a.send('x', { MessageAttributes: attributes(11) }),
      'InvalidParameterValue',
      /\[11\] exceeds/,
    ],
    [
      'an attribute type that does not exist',
      a => a.send('x', { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } }),
      'InvalidParameterValue',
      /invalid message attribute type/,
    ],
    [
      'an empty attribute',
      a => a.send('x', { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } }),
      'InvalidParameterValue',
      /non-empty/,
    ],
    [
      'a group, which this queue would ignore',
      a => a.send('x', { MessageGroupId: 'g' }),
      'InvalidParameterValue',
      /MessageGroupId/,
    ],
    ['a receipt that is none', a => a.remove('nonsense'), 'ReceiptHandleIsInvalid', /"nonsense"/],
    [
      'an attribute of a queue that does not exist',
      a => a.client.send(new GetQueueAttributesCommand({ QueueUrl: a.QueueUrl, AttributeNames: ['FifoQueue'] })),
      'InvalidAttributeName',
      /FifoQueue/,
    ],
  ])('refuses %s', async (_, act, name, message) => {
    const refusal = act(account())
    await expect(refusal).rejects.toMatchObject({ name })
    await expect(refusal).rejects.toThrow(message)
  })

  test("the control plane's own dead letters arrive", async () => {
    const { options, sqs, dead } = account()
    await deadLetters(sqs.queueUrl('dead'), options).setAside('not json', 'malformed: no JSON', { messageId: 'm-1' })
    expect(dead.receive(1)).toMatchObject([
      {
        body: 'not json',
        attributes: { reason: { StringValue: 'malformed: no JSON' }, messageId: { StringValue: 'm-1' } },
      },
    ])
  })

  test('whatever receivers do, no message is lost, and none is deleted by another receipt', async () => {
    type Step = { do: 'send' | 'receive' | 'delete' | 'wait'; n: number }
    const step = fc.record({ do: fc.constantFrom<Step['do']>('send', 'receive', 'delete', 'wait'), n: fc.nat(9) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const { images, dead, clock } = account()
        const receipts: { id: string; receipt: string }[] = []
        const latest = new Map<string, string>()
        const alive = new Set<string>()
        for (const { do: act, n } of steps) {
          if (act === 'send') alive.add(images.send(`m${n}`, {}, n * 10).id)
          if (act === 'wait') await clock.advance(n * 40_000)
          if (act === 'receive') {
            for (const { id, receipt = '' } of images.receive(n + 1)) {
              receipts.push({ id, receipt })
              latest.set(id, receipt)
            }
          }
          const one = receipts[n]
          if (act === 'delete' && one) {
            const isDead = [...dead.receive(100, 0)].some(({ id }) => id === one.id)
            images.delete(one.receipt)
            if (latest.get(one.id) === one.receipt && !isDead) alive.delete(one.id)
            await clock.advance(0)
          }
        }
        const { visible, inFlight, delayed } = images.counts
        expect(visible + inFlight + delayed + dead.counts.visible).toBe(alive.size)
      }),
    )
  })
})

const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, nth) => [`a${nth}`, { DataType: 'String', StringValue: 'x' }]))
