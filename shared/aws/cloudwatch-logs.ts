/** What tasks write, in CloudWatch Logs. */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  GetLogEventsCommand,
  type GetLogEventsCommandOutput,
  type OutputLogEvent,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs'
import type { LogPage, Logs } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { saying } from './sdk-error.ts'

/** GetLogEvents gives this many a page at most. */
const linesPerPage = 10_000
/** CloudWatch Logs gives pages that are empty, or not full, before the end of a stream: how many are looked through. */
const maxPages = 10

/** `options`: for a client other than the environment's. */
export function cloudWatchLogs(options: CloudWatchLogsClientConfig = {}): Logs {
  const client = new CloudWatchLogsClient({ ...clientConfig, ...options })
  return {
    lastLines: (group, stream, count) => unlessMissing(group, stream, () => lastLines(client, group, stream, count)),
    linesAfter: (group, stream, next) => unlessMissing(group, stream, () => linesAfter(client, group, stream, next)),
  }
}

async function unlessMissing(
  group: string,
  stream: string,
  call: () => Promise<LogPage>,
): Promise<LogPage | undefined> {
  return saying(`logs:GetLogEvents of ${stream} in ${group}`, async () => {
    try {
      return await call()
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    }
  })
}

async function lastLines(client: CloudWatchLogsClient, group: string, stream: string, count: number): Promise<LogPage> {
  const input = { logGroupName: group, logStreamName: stream, startFromHead: false }
  const events: OutputLogEvent[] = []
  let next: string | undefined
  let from: string | undefined
  for (let pages = 0; pages < maxPages && events.length < count; pages++) {
    const limit = Math.min(count - events.length, linesPerPage)
    const token = from === undefined ? {} : { nextToken: from }
    const page: GetLogEventsCommandOutput = await client.send(new GetLogEventsCommand({ ...input, limit, ...token }))
    events.unshift(...(page.events ?? []))
    // To go on from is behind the newest line: that of the first page.
    next ??= page.nextForwardToken
    if (!page.nextBackwardToken || page.nextBackwardToken === from) break
    from = page.nextBackwardToken
  }
  return { lines: events.map(asLine), next: next ?? '' }
}

async function linesAfter(client: CloudWatchLogsClient, group: string, stream: string, next: string): Promise<LogPage> {
  let nextToken = next
  for (let pages = 0; pages < maxPages; pages++) {
    // A forward token goes with startFromHead, and at the end of the stream it comes back unchanged.
    const input = { logGroupName: group, logStreamName: stream, startFromHead: true, nextToken }
    const page = await client.send(new GetLogEventsCommand(input))
    const from = nextToken
    nextToken = page.nextForwardToken ?? from
    const lines = (page.events ?? []).map(asLine)
    if (lines.length > 0 || nextToken === from) return { lines, next: nextToken }
  }
  return { lines: [], next: nextToken }
}

function asLine({ timestamp = 0, message = '' }: OutputLogEvent): LogPage['lines'][number] {
  return { at: new Date(timestamp).toISOString(), text: message }
}
