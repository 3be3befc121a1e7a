/** The queues in front of the functions, the dead letters behind everything, and which rules may send to them. */
import { arnOf } from './arns.ts'

/** AWS's advice for a queue behind a Lambda: six times its timeout, so that a slow batch is not given out twice. */
const visibilityPerTimeout = 6
/** Fewer, and a few throttled invocations would send good events aside. */
const maxReceiveCount = 5
const fortnightSeconds = 14 * 24 * 3600

/** `timeoutSeconds`: of the function that reads the queue. `windowSeconds`: how long Lambda holds messages to fill a batch. */
export function workQueue(name: string, deadLetters: string, timeoutSeconds: number, windowSeconds = 0) {
  return queue(name, {
    VisibilityTimeout: visibilityPerTimeout * timeoutSeconds + windowSeconds,
    RedrivePolicy: { deadLetterTargetArn: arnOf(deadLetters), maxReceiveCount },
  })
}

export function deadLetterQueue(name: string) {
  return queue(name, {})
}

function queue(QueueName: string, more: Record<string, unknown>) {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: { QueueName, SqsManagedSseEnabled: true, MessageRetentionPeriod: fortnightSeconds, ...more },
  }
}

/** Lets exactly these rules send to the queue: without it EventBridge drops what they match, and says so nowhere. */
export function letRulesIn(queue: string, rules: readonly string[]) {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: queue }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arnOf(queue),
            Condition: { ArnEquals: { 'aws:SourceArn': rules.map(arnOf) } },
          },
        ],
      },
    },
  }
}
