import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  type DescribeLogStreamsCommandInput,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
  PutLogEventsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { group, logAccount, start } from './task-logs.ts'

const minute = 60_000

/** A group whose streams hold a line for each of these minutes. */
async function written(streams: Record<string, number[]>) {
  const { logs, clock, createGroup } = logAccount()
  await createGroup()
  const put = (stream: string, minutes: number[], text = 'line') =>
    logs.send(
      new PutLogEventsCommand({
        logGroupName: group,
        logStreamName: stream,
        logEvents: minutes.map(at => ({ timestamp: start + at * minute, message: `${text} ${at}` })),
      }),
    )
  for (const [logStreamName, minutes] of Object.entries(streams)) {
    await logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName }))
    if (minutes.length > 0) await put(logStreamName, minutes)
  }
  const get = async (more: Partial<GetLogEventsCommandInput> = {}) => {
    const { events, ...tokens } = await logs.send(
      new GetLogEventsCommand({ logGroupName: group, logStreamName: 'a', ...more }),
    )
    return { ...tokens, lines: (events ?? []).map(({ message }) => message) }
  }
  const filter = async (more: Partial<FilterLogEventsCommandInput> = {}) => {
    const { events, nextToken } = await logs.send(new FilterLogEventsCommand({ logGroupName: group, ...more }))
    return { nextToken, lines: (events ?? []).map(({ logStreamName, message }) => `${logStreamName}: ${message}`) }
  }
  return { logs, clock, put, get, filter }
}

const lines = (...minutes: number[]) => minutes.map(at => `line ${at}`)

describe('GetLogEvents', () => {
  test('from the head goes forward, and keeps its token at the end until there is more', async () => {
    const { get, put } = await written({ a: [1, 2, 3, 4, 5] })
    const first = await get({ startFromHead: true, limit: 3 })
    expect(first.lines).toEqual(lines(1, 2, 3))
    const second = await get({ startFromHead: true, limit: 3, nextToken: first.nextForwardToken })
    expect(second.lines).toEqual(lines(4, 5))
    const end = await get({ startFromHead: true, nextToken: second.nextForwardToken })
    expect(end).toMatchObject({ lines: [], nextForwardToken: second.nextForwardToken })
    await put('a', [6])
    expect((await get({ startFromHead: true, nextToken: end.nextForwardToken })).lines).toEqual(lines(6))
    expect((await get({ startFromHead: true, nextToken: second.nextBackwardToken })).lines).toEqual(lines(1, 2, 3))
  })

  test('otherwise gives the latest, in the order of time, and goes backward', async () => {
    const { get } = await written({ a: [1, 2, 3, 4, 5] })
    const latest = await get({ limit: 2 })
    expect(latest.lines).toEqual(lines(4, 5))
    const before = await get({ limit: 2, nextToken: latest.nextBackwardToken })
    expect(before.lines).toEqual(lines(2, 3))
    const first = await get({ limit: 2, nextToken: before.nextBackwardToken })
    expect(first.lines).toEqual(lines(1))
    expect(await get({ nextToken: first.nextBackwardToken })).toMatchObject({
      lines: [],
      nextBackwardToken: first.nextBackwardToken,
    })
  })

  test('waits at a stream that is empty yet', async () => {
    const { get, put } = await written({ a: [] })
    const { nextForwardToken, lines: none } = await get({ startFromHead: true })
    expect(none).toEqual([])
    await put('a', [1])
    expect((await get({ startFromHead: true, nextToken: nextForwardToken })).lines).toEqual(lines(1))
  })

  test('keeps to a time: from its start on, and before its end', async () => {
    const { get } = await written({ a: [1, 2, 3, 4] })
    expect((await get({ startTime: start + 2 * minute, endTime: start + 4 * minute })).lines).toEqual(lines(2, 3))
  })

  test('sorts what comes in late', async () => {
    const { get, put } = await written({ a: [1, 5] })
    await put('a', [2, 3])
    expect((await get()).lines).toEqual(lines(1, 2, 3, 5))
  })

  test('ends a page at a megabyte', async () => {
    const { get, put } = await written({ a: [] })
    for (const at of [1, 2, 3]) await put('a', [at], 'x'.repeat(400_000))
    const first = await get({ startFromHead: true })
    expect(first.lines).toHaveLength(2)
    expect((await get({ startFromHead: true, nextToken: first.nextForwardToken })).lines).toHaveLength(1)
  })

  test.each<{ case: string; input: Partial<GetLogEventsCommandInput>; refused: string; says: RegExp }>([
    {
      case: 'a group that is missing',
      input: { logGroupName: '/nope' },
      refused: 'ResourceNotFoundException',
      says: /log group does not exist/,
    },
    {
      case: 'a stream that is missing',
      input: { logStreamName: 'nope' },
      refused: 'ResourceNotFoundException',
      says: /log stream does not exist/,
    },
    { case: 'no lines', input: { limit: 0 }, refused: 'InvalidParameterException', says: /limit/ },
    { case: 'too many lines', input: { limit: 10_001 }, refused: 'InvalidParameterException', says: /limit/ },
    {
      case: 'a token of its own',
      input: { nextToken: 'f/1' },
      refused: 'InvalidParameterException',
      says: /nextToken/,
    },
    {
      case: 'name and identifier',
      input: { logGroupIdentifier: group },
      refused: 'InvalidParameterException',
      says: /Exactly one/,
    },
  ])('refuses $case', async ({ input, refused, says }) => {
    const { get } = await written({ a: [1] })
    await expect(get(input)).rejects.toMatchObject({ name: refused, message: expect.stringMatching(says) })
  })

  test('finds the group by its ARN', async () => {
    const { get } = await written({ a: [1] })
    const logGroupIdentifier = `arn:aws:logs:eu-central-1:123456789012:log-group:${group}`
    expect((await get({ logGroupName: undefined, logGroupIdentifier })).lines).toEqual(lines(1))
  })

  test('gives every event once, in order, forward and backward, whatever the pages', async () => {
    const minutes = fc.array(fc.nat(50), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(minutes, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (given, limit, startFromHead) => {
        const sorted = given.toSorted((one, other) => one - other)
        const { get } = await written({ a: sorted })
        const found: (string | undefined)[] = []
        let nextToken: string | undefined
        for (;;) {
          const page = await get({ limit, startFromHead, nextToken })
          const following = startFromHead ? page.nextForwardToken : page.nextBackwardToken
          if (startFromHead) found.push(...page.lines)
          else found.unshift(...page.lines)
          if (following === nextToken) break
          nextToken = following
        }
        expect(found).toEqual(lines(...sorted))
      }),
      { numRuns: 30 },
    )
  })
})

describe('FilterLogEvents', () => {
  const streams = { 'web/1': [1, 4], 'web/2': [2, 3], 'db/1': [3] }

  test.each<{ case: string; input: Partial<FilterLogEventsCommandInput>; found: string[] }>([
    {
      case: 'every stream, interleaved',
      input: {},
      found: ['web/1: line 1', 'web/2: line 2', 'web/2: line 3', 'db/1: line 3', 'web/1: line 4'],
    },
    {
      case: 'streams by prefix',
      input: { logStreamNamePrefix: 'web/' },
      found: ['web/1: line 1', 'web/2: line 2', 'web/2: line 3', 'web/1: line 4'],
    },
    { case: 'streams by name', input: { logStreamNames: ['db/1', 'nope'] }, found: ['db/1: line 3'] },
    {
      case: 'a time, both ends included',
      input: { startTime: start + 2 * minute, endTime: start + 3 * minute, logStreamNamePrefix: 'web/' },
      found: ['web/2: line 2', 'web/2: line 3'],
    },
    { case: 'a term', input: { filterPattern: '3', logStreamNamePrefix: 'web' }, found: ['web/2: line 3'] },
    { case: 'a phrase', input: { filterPattern: '"line 4"' }, found: ['web/1: line 4'] },
    { case: 'what must not occur', input: { filterPattern: 'line -3 -4' }, found: ['web/1: line 1', 'web/2: line 2'] },
    { case: 'a term in another case: none', input: { filterPattern: 'LINE' }, found: [] },
  ])('finds $case', async ({ input, found }) => {
    const { filter } = await written(streams)
    expect(await filter(input)).toEqual({ lines: found, nextToken: undefined })
  })

  test("comes in pages that the SDK's paginator follows", async () => {
    const { logs } = await written(streams)
    const pages: number[] = []
    const found: (string | undefined)[] = []
    for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName: group, limit: 2 })) {
      pages.push(events.length)
      found.push(...events.map(({ eventId }) => eventId))
    }
    expect(pages).toEqual([2, 2, 1])
    expect(new Set(found).size).toBe(5)
  })

  test.each<{ case: string; input: Partial<FilterLogEventsCommandInput>; says: RegExp }>([
    { case: 'names and a prefix', input: { logStreamNames: ['a'], logStreamNamePrefix: 'a' }, says: /both/ },
    {
      case: 'a JSON pattern',
      input: { filterPattern: '{ $.level = "error" }' },
      says: /does not model the filter pattern \{/,
    },
    { case: 'alternatives', input: { filterPattern: '?a ?b' }, says: /does not model the filter pattern \?a/ },
    { case: 'a made-up token', input: { nextToken: 'x' }, says: /nextToken/ },
  ])('refuses $case', async ({ input, says }) => {
    const { filter } = await written(streams)
    await expect(filter(input)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(says),
    })
  })
})

describe('PutLogEvents', () => {
  const oldest = -14 * 24 * 60
  test.each<{ case: string; minutes: number[]; kept: number[]; rejected: object | undefined }>([
    { case: 'what is in time', minutes: [0, 1, 120], kept: [0, 1, 120], rejected: undefined },
    { case: 'but what is too new', minutes: [119, 121, 122], kept: [119], rejected: { tooNewLogEventStartIndex: 1 } },
    {
      case: 'but what is too old',
      minutes: [oldest - 2, oldest - 1, oldest],
      kept: [oldest],
      rejected: { tooOldLogEventEndIndex: 2 },
    },
    {
      case: 'nothing of what is all too old',
      minutes: [oldest - 1],
      kept: [],
      rejected: { tooOldLogEventEndIndex: 1 },
    },
  ])('takes $case', async ({ minutes, kept, rejected }) => {
    const { put, get } = await written({ a: [] })
    expect((await put('a', minutes)).rejectedLogEventsInfo).toEqual(rejected)
    expect((await get()).lines).toEqual(lines(...kept))
  })

  test.each([
    { case: 'no events', minutes: [], says: /1 to 10000/ },
    { case: 'events out of order', minutes: [2, 1], says: /chronological order/ },
    { case: 'more than a day', minutes: [-1441, 0], says: /24 hours/ },
  ])('refuses $case, and keeps nothing of it', async ({ minutes, says }) => {
    const { put, get } = await written({ a: [] })
    await expect(put('a', minutes)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(says),
    })
    expect((await get()).lines).toEqual([])
  })

  test('refuses a stream that is missing', async () => {
    const { put } = await written({})
    await expect(put('a', [1])).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })
})

describe('groups and streams', () => {
  test('are made once', async () => {
    const { logs } = await written({ a: [] })
    const exists = { name: 'ResourceAlreadyExistsException' }
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName: group }))).rejects.toMatchObject(exists)
    const stream = { logGroupName: group, logStreamName: 'a' }
    await expect(logs.send(new CreateLogStreamCommand(stream))).rejects.toMatchObject(exists)
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName: 'a b' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName: 'k', kmsKeyId: 'arn' }))).rejects.toMatchObject({
      message: expect.stringContaining('does not model kmsKeyId'),
    })
  })

  test('are described by prefix or by part of the name, in pages', async () => {
    const { logs, createGroup } = logAccount()
    for (const name of ['/ecs/web', '/ecs/db', '/aws/web']) await createGroup(name)
    const names = async (input: object) => {
      const { logGroups = [], nextToken } = await logs.send(new DescribeLogGroupsCommand(input))
      return { names: logGroups.map(({ logGroupName }) => logGroupName), nextToken }
    }
    expect((await names({ logGroupNamePrefix: '/ecs' })).names).toEqual(['/ecs/db', '/ecs/web'])
    expect((await names({ logGroupNamePattern: 'web' })).names).toEqual(['/aws/web', '/ecs/web'])
    const first = await names({ limit: 2 })
    expect(first.names).toEqual(['/aws/web', '/ecs/db'])
    expect(await names({ limit: 2, nextToken: first.nextToken })).toEqual({ names: ['/ecs/web'], nextToken: undefined })
    await expect(names({ logGroupNamePrefix: 'a', logGroupNamePattern: 'b' })).rejects.toThrow(/both/)
    await expect(names({ includeLinkedAccounts: true })).rejects.toThrow(/does not model includeLinkedAccounts/)
  })

  test.each<{ case: string; input: Partial<DescribeLogStreamsCommandInput>; names: string[] }>([
    { case: 'by name', input: {}, names: ['a', 'ab', 'b'] },
    { case: 'by name, falling', input: { descending: true }, names: ['b', 'ab', 'a'] },
    { case: 'by prefix', input: { logStreamNamePrefix: 'a' }, names: ['a', 'ab'] },
    { case: 'the latest first', input: { orderBy: 'LastEventTime', descending: true }, names: ['ab', 'a', 'b'] },
  ])('streams come $case', async ({ input, names }) => {
    const { logs } = await written({ a: [1, 2], ab: [3], b: [] })
    const describe = async (more: object = {}) =>
      logs.send(new DescribeLogStreamsCommand({ logGroupName: group, ...input, ...more }))
    const { logStreams = [] } = await describe()
    expect(logStreams.map(({ logStreamName }) => logStreamName)).toEqual(names)
    const first = await describe({ limit: 1 })
    const second = await describe({ limit: 1, nextToken: first.nextToken })
    expect(second.logStreams?.map(({ logStreamName }) => logStreamName)).toEqual([names[1]])
    const a = logStreams.find(({ logStreamName }) => logStreamName === 'a')
    expect(a).toMatchObject({ firstEventTimestamp: start + minute, lastEventTimestamp: start + 2 * minute })
  })

  test('streams of a prefix do not come by their last event', async () => {
    const { logs } = await written({ a: [1] })
    const input = { logGroupName: group, orderBy: 'LastEventTime', logStreamNamePrefix: 'a' } as const
    await expect(logs.send(new DescribeLogStreamsCommand(input))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
  })
})
