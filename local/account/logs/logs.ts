/** CloudWatch Logs of the local account: what containers write, and clients read. */
import type {
  CreateLogGroupCommandInput,
  CreateLogStreamCommandInput,
  DescribeLogGroupsCommandInput,
  DescribeLogStreamsCommandInput,
  FilterLogEventsCommandInput,
  GetLogEventsCommandInput,
  PutLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs'
import type { AccountContext, AccountService } from '../context.ts'
import type { ContainerLogs } from '../ecs/behaviour.ts'
import { describeLogGroups, describeLogStreams } from './describe.ts'
import { invalidParameter, type LogGroup, LogGroups } from './log-groups.ts'
import { putLogEvents } from './put-events.ts'
import { filterLogEvents, getLogEvents } from './read-events.ts'

/** The operations of the AWS API, and the way in for the containers of tasks. */
export interface Logs extends AccountService, ContainerLogs {}

export function createLogs(context: Omit<AccountContext, 'emit'>): Logs {
  const { clock } = context
  const groups = new LogGroups(context)
  return {
    operations: {
      CreateLogGroup({ logGroupName = '', ...others }: CreateLogGroupCommandInput) {
        refuseUnmodelled('CreateLogGroup', others)
        groups.create(logGroupName)
        return {}
      },
      CreateLogStream({ logGroupName = '', logStreamName = '' }: CreateLogStreamCommandInput) {
        groups.createStream(logGroupName, logStreamName)
        return {}
      },
      PutLogEvents: (input: PutLogEventsCommandInput) => putLogEvents(groups, input, clock.now()),
      GetLogEvents: (input: GetLogEventsCommandInput) =>
        getLogEvents(groups.stream(groupOf(input).name, input.logStreamName ?? ''), input),
      FilterLogEvents: (input: FilterLogEventsCommandInput) => filterLogEvents(groupOf(input), input),
      DescribeLogGroups: (input: DescribeLogGroupsCommandInput) => describeLogGroups(groups.all(), input),
      DescribeLogStreams: (input: DescribeLogStreamsCommandInput) => describeLogStreams(groupOf(input), input),
    },
    open({ group, stream, makesGroup }) {
      if (makesGroup && !groups.has(group)) groups.create(group)
      groups.createStream(group, stream)
    },
    write({ group, stream }, message) {
      groups.append(groups.stream(group, stream), [{ timestamp: clock.now().getTime(), message }])
    },
  }

  /** By its name or its ARN, of which a request has exactly one. */
  function groupOf(input: { logGroupName?: string | undefined; logGroupIdentifier?: string | undefined }): LogGroup {
    const { logGroupName, logGroupIdentifier } = input
    if ((logGroupName === undefined) === (logGroupIdentifier === undefined))
      throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be given.')
    return groups.find(logGroupName ?? (logGroupIdentifier ?? '').replace(/^arn:aws:logs:[^:]*:[^:]*:log-group:/, ''))
  }
}

function refuseUnmodelled(operation: string, members: object): void {
  for (const [name, value] of Object.entries(members))
    if (value !== undefined && value !== false && value !== 'STANDARD')
      throw invalidParameter(`The local account does not model ${name} of logs:${operation}.`)
}
