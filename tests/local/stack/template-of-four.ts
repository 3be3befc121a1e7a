/** A template as serverless would package it: functions behind queues, one that only functions send to, and a schedule. */
import type { Properties, Resource } from '../../../local/stack/resource.ts'

export type Resources = Record<string, Resource>

const attribute = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

/** `schedule`, `target`: members of the schedule, and of its target, that are other than usual. */
export function templateOfFour({ schedule, target }: { schedule?: Properties; target?: Properties } = {}): {
  Resources: Resources
} {
  return {
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'farguard-dev',
          BillingMode: 'PAY_PER_REQUEST',
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
          AttributeDefinitions: ['pk', 'sk', 'at', 'a', 'b', 'c'].map(AttributeName => ({
            AttributeName,
            AttributeType: 'S',
          })),
          KeySchema: keys('pk', 'sk'),
          GlobalSecondaryIndexes: ['a', 'b', 'c'].map(name => ({
            IndexName: `by-${name}`,
            KeySchema: keys(name, 'at'),
            Projection: { ProjectionType: 'ALL' },
          })),
        },
      },
      DeadLettersQueue: queue('dead-letters'),
      TasksQueue: queue('tasks', true),
      ControlQueue: queue('control', true),
      TasksQueuePolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'TasksQueue' }],
          PolicyDocument: {
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'events.amazonaws.com' },
                Action: 'sqs:SendMessage',
                Resource: attribute('TasksQueue'),
                Condition: { ArnEquals: { 'aws:SourceArn': [attribute('TaskChanged')] } },
              },
            ],
          },
        },
      },
      TaskChanged: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'farguard-dev-task-changed',
          EventPattern: { source: ['aws.ecs'] },
          Targets: [{ Id: 'tasks', Arn: attribute('TasksQueue') }],
        },
      },
      SweepRole: { Type: 'AWS::IAM::Role', Properties: {} },
      ...handled('RecordTask', 'record-task', 'TasksQueue', { BatchSize: 100, MaximumBatchingWindowInSeconds: 5 }),
      ...handled('CarryOut', 'carry-out', 'ControlQueue', { BatchSize: 10 }),
      SweepLambdaFunction: lambda('sweep'),
      SweepOnce: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'SweepLambdaFunction' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: attribute('DeadLettersQueue') } },
        },
      },
      SweepSchedule: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          Name: 'farguard-dev-sweep',
          ScheduleExpression: 'rate(5 minutes)',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: attribute('SweepLambdaFunction'),
            RoleArn: attribute('SweepRole'),
            RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 300 },
            DeadLetterConfig: { Arn: attribute('DeadLettersQueue') },
            ...target,
          },
          ...schedule,
        },
      },
    },
  }
}

function keys(hash: string, range: string) {
  return [
    { AttributeName: hash, KeyType: 'HASH' },
    { AttributeName: range, KeyType: 'RANGE' },
  ]
}

function queue(name: string, hasDeadLetters = false): Resource {
  const RedrivePolicy = { deadLetterTargetArn: attribute('DeadLettersQueue'), maxReceiveCount: 5 }
  return {
    Type: 'AWS::SQS::Queue',
    Properties: { QueueName: `farguard-dev-${name}`, VisibilityTimeout: 180, ...(hasDeadLetters && { RedrivePolicy }) },
  }
}

function lambda(name: string): Resource {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: `farguard-dev-${name}`, Handler: `functions/${name}.handler` },
  }
}

function handled(logicalId: string, name: string, queueId: string, mapping: Properties): Resources {
  return {
    [`${logicalId}LambdaFunction`]: lambda(name),
    [`${logicalId}Mapping`]: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: attribute(`${logicalId}LambdaFunction`),
        EventSourceArn: attribute(queueId),
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...mapping,
      },
    },
  }
}
