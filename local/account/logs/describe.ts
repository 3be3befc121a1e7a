/** DescribeLogGroups and DescribeLogStreams. */
import type {
  LogStream as DescribedStream,
  DescribeLogGroupsCommandInput,
  DescribeLogGroupsResponse,
  DescribeLogStreamsCommandInput,
  DescribeLogStreamsResponse,
} from '@aws-sdk/client-cloudwatch-logs'
import { byName, invalidParameter, type LogGroup, type LogStream } from './log-groups.ts'

const mostOnPage = 50

export function describeLogGroups(groups: LogGroup[], input: DescribeLogGroupsCommandInput): DescribeLogGroupsResponse {
  const { logGroupNamePrefix, logGroupNamePattern, nextToken, limit, ...others } = input
  for (const [name, value] of Object.entries(others))
    if (value !== undefined && value !== false)
      throw invalidParameter(`The local account does not model ${name} of logs:DescribeLogGroups.`)
  if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined)
    throw invalidParameter('logGroupNamePrefix and logGroupNamePattern can not both be given.')
  const chosen = groups.filter(
    ({ name }) => name.startsWith(logGroupNamePrefix ?? '') && name.includes(logGroupNamePattern ?? ''),
  )
  const { items, ...next } = page(chosen, ({ name }) => name, { nextToken, limit })
  return { logGroups: items.map(groupAnswer), ...next }
}

function groupAnswer({ name, arn, createdAt, streams }: LogGroup) {
  const events = [...streams.values()].flatMap(stream => stream.events)
  return {
    logGroupName: name,
    arn: `${arn}:*`,
    logGroupArn: arn,
    creationTime: createdAt,
    metricFilterCount: 0,
    storedBytes: events.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0),
    logGroupClass: 'STANDARD' as const,
  }
}

export function describeLogStreams(group: LogGroup, input: DescribeLogStreamsCommandInput): DescribeLogStreamsResponse {
  const { logStreamNamePrefix, orderBy = 'LogStreamName', descending = false, nextToken, limit } = input
  if (!['LogStreamName', 'LastEventTime'].includes(orderBy))
    throw invalidParameter(`orderBy should be LogStreamName or LastEventTime, but was ${orderBy}.`)
  if (orderBy === 'LastEventTime' && logStreamNamePrefix !== undefined)
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
  const chosen = byName(group.streams.values()).filter(({ name }) => name.startsWith(logStreamNamePrefix ?? ''))
  const lastEvent = ({ events }: LogStream) => events.at(-1)?.timestamp ?? 0
  if (orderBy === 'LastEventTime') chosen.sort((one, other) => lastEvent(one) - lastEvent(other))
  if (descending) chosen.reverse()
  const { items, ...next } = page(chosen, ({ name }) => name, { nextToken, limit })
  return { logStreams: items.map(streamAnswer), ...next }
}

function streamAnswer({ name, arn, createdAt, events }: LogStream): DescribedStream {
  const [first, last] = [events[0], events.at(-1)]
  return {
    logStreamName: name,
    arn,
    creationTime: createdAt,
    ...(first && { firstEventTimestamp: first.timestamp }),
    ...(last && { lastEventTimestamp: last.timestamp, lastIngestionTime: last.ingestionTime }),
    storedBytes: 0,
  }
}

/** The token names the last item given: a list in any order goes on after it. */
function page<Item>(
  items: Item[],
  key: (item: Item) => string,
  { nextToken, limit = mostOnPage }: { nextToken: string | undefined; limit: number | undefined },
): { items: Item[]; nextToken?: string } {
  if (limit < 1 || limit > mostOnPage)
    throw invalidParameter(`limit should be between 1 and ${mostOnPage}, but was ${limit}.`)
  const after = nextToken === undefined ? -1 : items.findIndex(item => tokenOf(key(item)) === nextToken)
  if (nextToken !== undefined && after === -1) throw invalidParameter('The specified nextToken is invalid.')
  const found = items.slice(after + 1, after + 1 + limit)
  const last = found.at(-1)
  return { items: found, ...(last && after + 1 + limit < items.length && { nextToken: tokenOf(key(last)) }) }
}

const tokenOf = (key: string) => Buffer.from(key).toString('base64url')
