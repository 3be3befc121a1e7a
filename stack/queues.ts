/** The queue of image pushes, the dead letters behind everything, and who may send to them. */

/** AWS's advice for a queue behind a Lambda: six times its timeout, so that a slow batch is not given out twice. */
const visibilityPerTimeout = 6
/** Fewer, and a few throttled invocations would send good events aside. */
const maxReceiveCount = 5
const fortnightSeconds = 14 * 24 * 3600

/** `timeoutSeconds`: of the function that reads the queue. */
export function workQueue(name: string, deadLetters: string, timeoutSeconds: number) {
  return queue(name, {
    VisibilityTimeout: visibilityPerTimeout * timeoutSeconds,
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] }, maxReceiveCount },
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

/** Lets exactly these rules send to the queues: without it EventBridge drops what they match, and says so nowhere. */
export function letRulesIn(queues: readonly string[], rules: readonly string[]) {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: queues.map(Ref => ({ Ref })),
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            // In a queue's policy that is the queue itself, each of them.
            Resource: '*',
            Condition: { ArnEquals: { 'aws:SourceArn': rules.map(rule => ({ 'Fn::GetAtt': [rule, 'Arn'] })) } },
          },
        ],
      },
    },
  }
}
