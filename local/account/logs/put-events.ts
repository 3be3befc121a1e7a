/** PutLogEvents: what it takes of a batch, and what it refuses. */
import type { PutLogEventsCommandInput, PutLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs'
import { invalidParameter, type LogGroups } from './log-groups.ts'

const hourMs = 3_600_000
const oldestMs = 14 * 24 * hourMs
const newestMs = 2 * hourMs
const widestMs = 24 * hourMs
const mostBytes = 1_048_576
const eventOverhead = 26

/** Throws InvalidParameterException for the whole batch; what is too old or too new is left out, and said. */
export function putLogEvents(groups: LogGroups, input: PutLogEventsCommandInput, now: Date): PutLogEventsResponse {
  const { logGroupName = '', logStreamName = '', logEvents = [] } = input
  const stream = groups.stream(logGroupName, logStreamName)
  const lines = logEvents.map(({ timestamp = 0, message = '' }) => ({ timestamp, message }))
  refuseInvalidBatch(lines)
  const from = lines.findIndex(({ timestamp }) => timestamp >= now.getTime() - oldestMs)
  const tooOld = from === -1 ? lines.length : from
  const tooNew = lines.findIndex(({ timestamp }) => timestamp > now.getTime() + newestMs)
  groups.append(stream, lines.slice(tooOld, tooNew === -1 ? undefined : tooNew))
  const rejected = {
    ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    ...(tooNew !== -1 && { tooNewLogEventStartIndex: tooNew }),
  }
  return Object.keys(rejected).length > 0 ? { rejectedLogEventsInfo: rejected } : {}
}

function refuseInvalidBatch(lines: readonly { timestamp: number; message: string }[]): void {
  if (lines.length < 1 || lines.length > 10_000) throw invalidParameter('A batch has 1 to 10000 log events.')
  if (lines.some(({ message }) => message === ''))
    throw invalidParameter('A log event has a message of 1 character or more.')
  const bytes = lines.reduce((sum, { message }) => sum + Buffer.byteLength(message) + eventOverhead, 0)
  if (bytes > mostBytes) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${mostBytes}`)
  if (lines.some(({ timestamp }, index) => timestamp < (lines[index - 1]?.timestamp ?? timestamp)))
    throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
  const [first, last] = [lines[0], lines.at(-1)]
  if (first && last && last.timestamp - first.timestamp > widestMs)
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
}
