/** What EventBridge Scheduler wakes functions by. */
import { arnOf } from './arns.ts'

/** Lambda keeps an event that it has no room for so long at most. */
const longestQueuedSeconds = 6 * 3600

export interface ScheduleParts {
  name: string
  description: string
  /** `rate(5 minutes)`, `cron(0 2 * * ? *)`. */
  expression: string
  /** Of a cron expression: an IANA name. */
  timeZone?: string
  /** What the function is given; absent: Scheduler's own event. */
  input?: unknown
  /** When it is no use any more to hand the event to the function; up to a day. */
  uselessAfterMinutes: number
}

/** The schedule, by which EventBridge Scheduler invokes a function; `function`, `role`, `deadLetters`: logical ids. */
export function scheduleOf(parts: { function: string; role: string; deadLetters: string }, schedule: ScheduleParts) {
  const { name, description, expression, timeZone, input, uselessAfterMinutes } = schedule
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: name,
      Description: description,
      ScheduleExpression: expression,
      ...(timeZone !== undefined && { ScheduleExpressionTimezone: timeZone }),
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arnOf(parts.function),
        RoleArn: arnOf(parts.role),
        ...(input !== undefined && { Input: JSON.stringify(input) }),
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: uselessAfterMinutes * 60 },
        DeadLetterConfig: { Arn: arnOf(parts.deadLetters) },
      },
    },
  }
}

/**
 * Scheduler and SNS only hand their events to Lambda, which by itself keeps those that it has no room for as long as six hours and
 * then runs them all, and repeats what fails twice. The next time, so many minutes later, is the repetition.
 */
export function withoutRepetition(functionId: string, everyMinutes: number) {
  return {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: { Ref: functionId },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: Math.min(everyMinutes * 60, longestQueuedSeconds),
    },
  }
}
