/** What wakes the sweep. */
import { arnOf } from './arns.ts'

const everyMinutes = 5

/** The schedule, by which EventBridge Scheduler invokes a function; `function`, `role`, `deadLetters`: logical ids. */
export function scheduleOf(parts: { function: string; role: string; deadLetters: string }, name: string) {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: name,
      Description: 'Looks for what no event told.',
      ScheduleExpression: `rate(${everyMinutes} minutes)`,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arnOf(parts.function),
        RoleArn: arnOf(parts.role),
        // By then the next one has come.
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: everyMinutes * 60 },
        DeadLetterConfig: { Arn: arnOf(parts.deadLetters) },
      },
    },
  }
}

/**
 * Scheduler only hands its events to Lambda, which by itself keeps those that it has no room for as long as six hours and
 * then runs them all, and repeats what fails twice. The next sweep is the repetition.
 */
export function withoutRepetition(functionId: string) {
  return {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: { Ref: functionId },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: everyMinutes * 60,
    },
  }
}
