/** What CloudWatch Logs may answer. */
import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
  type GetLogEventsCommandOutput,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { cloudWatchLogs } from '../../shared/aws/cloudwatch-logs.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const cloudWatch = mockClient(CloudWatchLogsClient)
const logs = cloudWatchLogs({ region: 'eu-central-1' })
beforeEach(() => {
  cloudWatch.reset()
})

const at = (nth: number) => new Date(Date.UTC(2026, 2, 1, 22, 0, nth))
const line = (nth: number) => ({ at: at(nth).toISOString(), text: `line ${nth}` })
const event = (nth: number) => ({ timestamp: at(nth).getTime(), message: `line ${nth}`, ingestionTime: 0 })

/** A stream as CloudWatch Logs pages through it: each page by its token. */
function pages(of: Record<string, { events: number[]; forward: string; backward: string }>): void {
  cloudWatch
    .on(GetLogEventsCommand)
    .callsFake(({ nextToken = 'latest' }: GetLogEventsCommandInput): Partial<GetLogEventsCommandOutput> => {
      const page = of[nextToken]
      if (!page) throw new Error(`no page ${nextToken}`)
      return { events: page.events.map(event), nextForwardToken: page.forward, nextBackwardToken: page.backward }
    })
}

const asked = () => cloudWatch.commandCalls(GetLogEventsCommand).map(call => call.args[0].input)

describe('the last lines', () => {
  test('are those of the end, oldest first, in one call when it has them all', async () => {
    pages({ latest: { events: [8, 9], forward: 'f', backward: 'b' } })
    expect(await logs.lastLines('/ecs/web', 'web/app/1', 2)).toEqual({ lines: [line(8), line(9)], next: 'f' })
    expect(asked()).toEqual([{ logGroupName: '/ecs/web', logStreamName: 'web/app/1', startFromHead: false, limit: 2 }])
  })

  test('pages that are empty or not full before the stream is at its beginning are gone through', async () => {
    pages({
      latest: { events: [], forward: 'f', backward: 'b1' },
      b1: { events: [9], forward: 'x', backward: 'b2' },
      b2: { events: [], forward: 'x', backward: 'b3' },
      b3: { events: [7, 8], forward: 'x', backward: 'b4' },
    })
    expect(await logs.lastLines('g', 's', 3)).toEqual({ lines: [line(7), line(8), line(9)], next: 'f' })
    expect(asked().map(({ limit }) => limit)).toEqual([3, 3, 2, 2])
  })

  test('of a stream that is shorter: all of it', async () => {
    pages({
      latest: { events: [1], forward: 'f', backward: 'b1' },
      b1: { events: [], forward: 'x', backward: 'b1' },
    })
    expect(await logs.lastLines('g', 's', 20)).toEqual({ lines: [line(1)], next: 'f' })
    expect(asked()).toHaveLength(2)
  })

  test('of a stream that only ever gives empty pages: none, and an end to it', async () => {
    cloudWatch.on(GetLogEventsCommand).callsFake(({ nextToken = '0' }) => ({
      nextForwardToken: 'f',
      nextBackwardToken: String(Number(nextToken) + 1),
    }))
    expect(await logs.lastLines('g', 's', 20)).toEqual({ lines: [], next: 'f' })
    expect(asked().length).toBeLessThanOrEqual(20)
  })
})

describe('lines after', () => {
  test('come with where to go on; none came when the token comes back', async () => {
    pages({
      f: { events: [10, 11], forward: 'g', backward: 'x' },
      g: { events: [], forward: 'g', backward: 'x' },
    })
    expect(await logs.linesAfter('g', 's', 'f')).toEqual({ lines: [line(10), line(11)], next: 'g' })
    expect(await logs.linesAfter('g', 's', 'g')).toEqual({ lines: [], next: 'g' })
    // CloudWatch Logs wants startFromHead with a forward token.
    expect(asked()[0]).toEqual({ logGroupName: 'g', logStreamName: 's', startFromHead: true, nextToken: 'f' })
  })

  test('are behind empty pages too', async () => {
    pages({
      f: { events: [], forward: 'g', backward: 'x' },
      g: { events: [10], forward: 'h', backward: 'x' },
    })
    expect(await logs.linesAfter('g', 's', 'f')).toEqual({ lines: [line(10)], next: 'h' })
  })
})

describe('what there is not', () => {
  test('no group or stream (yet) is undefined', async () => {
    const error = new ResourceNotFoundException({ message: 'none', $metadata: { httpStatusCode: 400 } })
    cloudWatch.on(GetLogEventsCommand).rejects(error)
    expect(await logs.lastLines('g', 's', 1)).toBeUndefined()
    expect(await logs.linesAfter('g', 's', 'f')).toBeUndefined()
  })

  test.each([
    { name: 'AccessDeniedException', kind: RefusedError },
    { name: 'InvalidParameterException', kind: RefusedError },
    { name: 'ThrottlingException', kind: RetryableError },
  ])('$name is said, with the stream', async ({ name, kind }) => {
    cloudWatch
      .on(GetLogEventsCommand)
      .rejects(Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: 400 } }))
    await expect(logs.lastLines('g', 's', 1)).rejects.toThrow(kind)
    await expect(logs.linesAfter('g', 's', 'f')).rejects.toThrow(`logs:GetLogEvents of s in g: ${name}: no`)
  })

  test('a line without a text or a time is still a line', async () => {
    cloudWatch.on(GetLogEventsCommand).resolves({ events: [{}], nextForwardToken: 'f', nextBackwardToken: 'b' })
    expect(await logs.lastLines('g', 's', 1)).toEqual({
      lines: [{ at: '1970-01-01T00:00:00.000Z', text: '' }],
      next: 'f',
    })
  })
})
