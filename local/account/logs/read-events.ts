/** GetLogEvents and FilterLogEvents: pages of events, forwards, backwards, and over several streams. */
import type {
  FilteredLogEvent,
  FilterLogEventsCommandInput,
  FilterLogEventsResponse,
  GetLogEventsCommandInput,
  GetLogEventsResponse,
} from '@aws-sdk/client-cloudwatch-logs'
import { matcherOf } from './filter-pattern.ts'
import { byName, invalidParameter, type LogEvent, type LogGroup, type LogStream } from './log-groups.ts'

const mostEvents = 10_000
/** A page holds 1 MB, each event counted with 26 bytes beside its message. */
const mostBytes = 1024 * 1024
const eventOverhead = 26

/** Tokens name the event next to which a page begins, so that lines which come in meanwhile shift nothing. */
export function getLogEvents(stream: LogStream, input: GetLogEventsCommandInput): GetLogEventsResponse {
  const { nextToken, startFromHead = false, startTime = 0, endTime = Number.POSITIVE_INFINITY } = input
  const token = nextToken === undefined ? undefined : directed(nextToken)
  const forward = token ? token.forward : startFromHead
  const inTime = stream.events.filter(({ timestamp }) => timestamp >= startTime && timestamp < endTime)
  const ahead = token ? inTime.filter(({ id }) => (forward ? id > token.id : id < token.id)) : inTime
  const events = forward ? pageOf(ahead, input.limit) : pageOf(ahead.toReversed(), input.limit).reverse()
  const here = token?.id ?? firstId
  return {
    events: events.map(({ timestamp, ingestionTime, message }) => ({ timestamp, ingestionTime, message })),
    // At either end the token stays what it was: how a client knows that there is no more, for now.
    nextForwardToken: `f/${events.at(-1)?.id ?? here}`,
    nextBackwardToken: `b/${events[0]?.id ?? here}`,
  }
}

const firstId = '0'.repeat(56)

function directed(token: string): { forward: boolean; id: string } {
  const [, direction, id = ''] = /^([fb])\/(\d{56})$/.exec(token) ?? []
  if (!direction) throw invalidParameter('The specified nextToken is invalid.')
  return { forward: direction === 'f', id }
}

export function filterLogEvents(group: LogGroup, input: FilterLogEventsCommandInput): FilterLogEventsResponse {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, nextToken = firstId } = input
  if (!/^\d{56}$/.test(nextToken)) throw invalidParameter('The specified nextToken is invalid.')
  if (input.startFromHead === false) throw invalidParameter('The local account does not model startFromHead: false.')
  const matches = matcherOf(input.filterPattern)
  const found: (LogEvent & { stream: string })[] = chosenStreams(group, input).flatMap(({ name, events }) =>
    events
      .filter(({ id, timestamp }) => id > nextToken && timestamp >= startTime && timestamp <= endTime)
      .filter(({ message }) => matches(message))
      .map(event => ({ ...event, stream: name })),
  )
  found.sort((one, other) => (one.id < other.id ? -1 : 1))
  const page = pageOf(found, input.limit)
  const last = page.at(-1)
  return {
    events: page.map(
      ({ id, stream, timestamp, ingestionTime, message }): FilteredLogEvent => ({
        logStreamName: stream,
        timestamp,
        ingestionTime,
        message,
        eventId: id,
      }),
    ),
    searchedLogStreams: [],
    ...(last && page.length < found.length && { nextToken: last.id }),
  }
}

function chosenStreams({ streams }: LogGroup, input: FilterLogEventsCommandInput): LogStream[] {
  const { logStreamNames, logStreamNamePrefix } = input
  if (logStreamNames && logStreamNamePrefix !== undefined)
    throw invalidParameter('logStreamNames and logStreamNamePrefix can not both be given.')
  if (logStreamNames && (logStreamNames.length < 1 || logStreamNames.length > 100))
    throw invalidParameter('logStreamNames has 1 to 100 names.')
  const named = logStreamNames && new Set(logStreamNames)
  return byName(streams.values()).filter(({ name }) =>
    named ? named.has(name) : name.startsWith(logStreamNamePrefix ?? ''),
  )
}

/** The first events, as many as asked for and as fit; one at least. */
function pageOf<Event extends LogEvent>(events: Event[], limit = mostEvents): Event[] {
  if (!Number.isInteger(limit) || limit < 1 || limit > mostEvents)
    throw invalidParameter(`limit should be between 1 and ${mostEvents}, but was ${limit}.`)
  let bytes = 0
  const page: Event[] = []
  for (const event of events) {
    bytes += Buffer.byteLength(event.message) + eventOverhead
    if (page.length === limit || (bytes > mostBytes && page.length > 0)) break
    page.push(event)
  }
  return page
}
