import type { SQSEvent } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSqs } from '../../../local/account/sqs.ts'
import { type Batch, failedOf, pollQueue } from '../../../local/stack/poller.ts'
import { accountContext } from '../account-context.ts'

type Answer = (event: SQSEvent) => unknown

function polled(answer: Answer, { reportsItemFailures = true, batchSize = 10, batchingWindowSeconds = 0 } = {}) {
  const context = accountContext()
  const sqs = createSqs(context)
  const dead = sqs.createQueue({ name: 'dead', visibilityTimeoutSeconds: 30, retentionSeconds: 1e6 })
  const redrive = { deadLetterArn: dead.arn, maxReceiveCount: 5 }
  const queue = sqs.createQueue({ name: 'images', visibilityTimeoutSeconds: 180, retentionSeconds: 1e6, redrive })
  const events: SQSEvent[] = []
  const batches: Batch[] = []
  const mapping = { functionName: 'f', queueArn: queue.arn, batchSize, reportsItemFailures, batchingWindowSeconds }
  const invoke = async (_: string, event: SQSEvent) => {
    events.push(event)
    return await answer(event)
  }
  const stop = pollQueue(context, queue, mapping, invoke, batch => batches.push(batch))
  const bodies = () => events.map(event => event.Records.map(({ body }) => body))
  return { ...context, queue, dead, events, batches, bodies, stop }
}

const failing =
  (...bodies: string[]): Answer =>
  ({ Records }) => ({
    batchItemFailures: Records.filter(({ body }) => bodies.includes(body)).map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  })

describe('the poller', () => {
  test('gives the function the event that Lambda gives', async () => {
    const { queue, clock, events } = polled(failing())
    const { id } = queue.send('body', {
      reason: { DataType: 'String', StringValue: 'why' },
      blob: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
    })
    await clock.advance(1_000)
    expect(events).toEqual([
      {
        Records: [
          {
            messageId: id,
            receiptHandle: expect.any(String),
            body: 'body',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: String(Date.parse('2026-03-01T22:00:00.250Z')),
              SenderId: expect.any(String),
              ApproximateFirstReceiveTimestamp: String(Date.parse('2026-03-01T22:00:00.350Z')),
            },
            messageAttributes: {
              reason: { stringValue: 'why', stringListValues: [], binaryListValues: [], dataType: 'String' },
              blob: { binaryValue: 'AQI=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
            },
            md5OfBody: '841a2d689ad86bd1611447453c22c6fc',
            md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
            eventSource: 'aws:sqs',
            eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:images',
            awsRegion: 'eu-central-1',
          },
        ],
      },
    ])
  })

  test('takes up to a batch at a time, in order, until the queue is empty', async () => {
    const { queue, clock, bodies } = polled(failing(), { batchSize: 3 })
    for (let nth = 0; nth < 7; nth++) queue.send(String(nth))
    await clock.advance(1_000)
    expect(bodies()).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6']])
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('one batch at a time: a message that comes meanwhile waits', async () => {
    let running = 0
    let most = 0
    const { queue, clock, events } = polled(async () => {
      most = Math.max(most, ++running)
      if (events.length === 1) queue.send('meanwhile')
      await new Promise(next => setImmediate(next))
      running--
      return null
    })
    queue.send('first')
    await clock.advance(1_000)
    expect(events).toHaveLength(2)
    expect(most).toBe(1)
  })

  test('what failed comes back alone after the visibility timeout; after five times it is set aside', async () => {
    const { queue, dead, clock, bodies } = polled(failing('bad'))
    for (const body of ['a', 'bad', 'b']) queue.send(body)
    await clock.advance(60_000)
    expect(bodies()).toEqual([['a', 'bad', 'b']])
    await clock.advance(180_000)
    expect(bodies()).toEqual([['a', 'bad', 'b'], ['bad']])
    await clock.advance(20 * 60_000)
    expect(bodies()).toEqual([['a', 'bad', 'b'], ['bad'], ['bad'], ['bad'], ['bad']])
    expect(dead.receive(10).map(({ body }) => body)).toEqual(['bad'])
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('waits for its window, and no longer than until the batch is full', async () => {
    const { queue, clock, bodies } = polled(failing(), { batchSize: 25, batchingWindowSeconds: 5 })
    queue.send('0')
    await clock.advance(3_000)
    queue.send('1')
    await clock.advance(2_099)
    expect(bodies()).toEqual([])
    await clock.advance(1)
    expect(bodies()).toEqual([['0', '1']])
    for (let nth = 0; nth < 60; nth++) queue.send(String(nth))
    await clock.advance(300)
    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, nth) => String(from + nth))
    expect(bodies().slice(1)).toEqual([numbers(0, 25), numbers(25, 50)])
    await clock.advance(5_000)
    expect(bodies().slice(3)).toEqual([numbers(50, 60)])
    expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('a batch that is full before its window ends does not end the next one', async () => {
    const { queue, clock, bodies } = polled(failing(), { batchSize: 20, batchingWindowSeconds: 10 })
    queue.send('first')
    await clock.advance(9_000)
    for (let nth = 0; nth < 19; nth++) queue.send(String(nth))
    await clock.advance(500)
    expect(bodies()).toHaveLength(1)
    queue.send('next')
    await clock.advance(9_000)
    expect(bodies()).toHaveLength(1)
    await clock.advance(2_000)
    expect(bodies()[1]).toEqual(['next'])
  })

  test('whatever comes when: each message once, in order, in no larger batch and no later than the window allows', async () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 60 })
    const settings = fc.record({
      batchSize: fc.integer({ min: 1, max: 40 }),
      batchingWindowSeconds: fc.integer({ min: 0, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(arrivals, settings, async (gaps, { batchSize, batchingWindowSeconds }) => {
        const { queue, clock, bodies } = polled(failing(), { batchSize, batchingWindowSeconds })
        for (const [nth, gap] of gaps.entries()) {
          await clock.advance(gap % 7 === 0 ? 0 : gap)
          queue.send(String(nth))
        }
        // The last one waits for its window, and for a poll of each batch before it.
        await clock.advance(batchingWindowSeconds * 1000 + 100 * (1 + Math.ceil(gaps.length / batchSize)))
        expect(bodies().flat()).toEqual(gaps.map((_, nth) => String(nth)))
        expect(Math.max(0, ...bodies().map(batch => batch.length))).toBeLessThanOrEqual(batchSize)
        expect(queue.counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
      }),
      { numRuns: 60 },
    )
  })

  test('an event has at most 6 MiB, whatever the batch size', async () => {
    const { queue, clock, events } = polled(failing(), { batchSize: 100, batchingWindowSeconds: 60 })
    for (let nth = 0; nth < 20; nth++) queue.send('x'.repeat(1_000_000))
    await clock.advance(70_000)
    expect(events.map(({ Records }) => Records.length)).toEqual([6, 6, 6, 2])
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(6 * 1024 * 1024)
  })

  test('what waits in a window when it is stopped comes back', async () => {
    const { queue, clock, events, stop } = polled(failing(), { batchSize: 25, batchingWindowSeconds: 5 })
    queue.send('a')
    await clock.advance(1_000)
    stop()
    await clock.advance(180_000)
    expect(events).toEqual([])
    expect(queue.counts.visible).toBe(1)
  })

  test('an exception fails the whole batch', async () => {
    let fails = true
    const { queue, clock, bodies, batches } = polled(() => {
      if (fails) throw new Error('no')
      return null
    })
    for (const body of ['a', 'b']) queue.send(body)
    await clock.advance(1_000)
    expect(batches[0]).toMatchObject({ failed: [expect.any(String), expect.any(String)], error: new Error('no') })
    fails = false
    await clock.advance(180_000)
    expect(bodies()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(queue.counts.inFlight).toBe(0)
  })

  test('without ReportBatchItemFailures the answer does not matter', async () => {
    const { queue, clock, bodies } = polled(failing('a'), { reportsItemFailures: false })
    queue.send('a')
    await clock.advance(60 * 60_000)
    expect(bodies()).toEqual([['a']])
  })

  test('polls no more once it is stopped', async () => {
    const { queue, clock, events, stop } = polled(failing())
    queue.send('a')
    stop()
    queue.send('b')
    await clock.advance(1_000)
    expect(events).toEqual([])
    expect(queue.counts.visible).toBe(2)
  })

  test.each<{ case: string; answer: unknown; failed: string[] }>([
    { case: 'nothing', answer: undefined, failed: [] },
    { case: 'null', answer: null, failed: [] },
    { case: 'an empty object', answer: {}, failed: [] },
    { case: 'no list', answer: { batchItemFailures: null }, failed: [] },
    { case: 'an empty list', answer: { batchItemFailures: [] }, failed: [] },
    { case: 'one of them', answer: { batchItemFailures: [{ itemIdentifier: 'b' }] }, failed: ['b'] },
    { case: 'text', answer: 'done', failed: ['a', 'b'] },
    { case: 'a list that is none', answer: { batchItemFailures: 'b' }, failed: ['a', 'b'] },
    { case: 'an empty id', answer: { batchItemFailures: [{ itemIdentifier: '' }] }, failed: ['a', 'b'] },
    { case: 'a null id', answer: { batchItemFailures: [{ itemIdentifier: null }] }, failed: ['a', 'b'] },
    { case: 'a misspelt key', answer: { batchItemFailures: [{ itemIdentifer: 'b' }] }, failed: ['a', 'b'] },
    { case: 'an id of another batch', answer: { batchItemFailures: [{ itemIdentifier: 'c' }] }, failed: ['a', 'b'] },
    { case: 'an entry that is null', answer: { batchItemFailures: [null] }, failed: ['a', 'b'] },
  ])('an answer with $case: comes back $failed', ({ answer, failed }) => {
    expect(failedOf(answer, ['a', 'b'])).toEqual(failed)
  })
})
