/** What each function may do: one role a function, written out. */
import type { Config } from '../shared/config/config.ts'
import { arnOf } from './arns.ts'

/** Logical ids that a role names. */
export interface RoleParts {
  functionName: string
  table: string
  control: string
  /** What wakes the function; absent for the one that a schedule wakes, which has no message to set aside either. */
  queue?: { own: string; deadLetters: string }
}

/**
 * The role of a function. Each of them may find a rollout that can go on, and takes it as far as it goes: what that
 * needs is the same for all, what wakes them is not. `beside`: what this one does and others do not.
 */
export function functionRole(parts: RoleParts, beside: readonly Statement[] = []) {
  return lambdaRole(parts.functionName, [...clusters, ...beside, ...records(parts)])
}

/** What every function does with the table and the queues. */
export function records({ table, control, queue }: RoleParts): Statement[] {
  return [
    allow(
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      [arnOf(table), { 'Fn::Sub': `\${${table}.Arn}/index/*` }],
    ),
    allow(['sqs:SendMessage'], queue ? [arnOf(control), arnOf(queue.deadLetters)] : arnOf(control)),
    ...(queue ? [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], arnOf(queue.own))] : []),
  ]
}

/** What deciding on an image reads of it. */
export function images({ targets }: Config): Statement[] {
  const repositories = arn('ecr', 'repository/*')
  const described = allow(['ecr:DescribeImages'], repositories)
  if (!targets.some(({ gates }) => gates.scan)) return [described]
  return [
    described,
    allow(['ecr:BatchGetImage', 'ecr:DescribeImageScanFindings'], repositories),
    // With enhanced scanning ECR asks Inspector for the findings in the caller's name. Neither can be limited to a resource.
    allow(['inspector2:ListCoverage', 'inspector2:ListFindings'], '*'),
  ]
}

/** What starts tasks. */
const starting: readonly Statement[] = [
  // It can't be limited to a resource.
  allow(['ecs:DescribeTaskDefinition'], '*'),
  allow(['ecs:RegisterTaskDefinition', 'ecs:RunTask'], arn('ecs', 'task-definition/*')),
  // RunTask and RegisterTaskDefinition with tags ask for this as well; it tags nothing that exists already.
  allow(['ecs:TagResource'], [arn('ecs', 'task/*'), arn('ecs', 'task-definition/*')], {
    StringEquals: { 'ecs:CreateAction': ['RunTask', 'RegisterTaskDefinition'] },
  }),
  // The roles of the users' tasks, which only they know, but for tasks and nothing else.
  allow(
    ['iam:PassRole'],
    { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/*` },
    {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    },
  ),
]

/** What reads and changes what runs. */
const clusters: readonly Statement[] = [
  allow(['ecs:DescribeClusters'], arn('ecs', 'cluster/*')),
  allow(['ecs:DescribeServices', 'ecs:ListServiceDeployments', 'ecs:UpdateService'], arn('ecs', 'service/*')),
  allow(
    ['ecs:DescribeServiceDeployments', 'ecs:DescribeServiceRevisions'],
    ['service/*', 'service-deployment/*', 'service-revision/*'].map(kind => arn('ecs', kind)),
  ),
  // It can't be limited to a resource.
  allow(['ecs:ListTasks'], '*'),
  allow(['ecs:DescribeTasks', 'ecs:StopTask'], arn('ecs', 'task/*')),
  ...starting,
]

/** Writes its own log, beside `statements`. */
export function lambdaRole(functionName: string, statements: readonly Statement[]) {
  const logs = allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    arn('logs', `log-group:/aws/lambda/${functionName}:*`),
  )
  return role('lambda.amazonaws.com', functionName, [...statements, logs])
}

/** The role under which a schedule invokes one function, and sets aside what could not be delivered to it. */
export function scheduleRole(policyName: string, parts: { function: string; deadLetters: string }) {
  return role(
    'scheduler.amazonaws.com',
    policyName,
    [allow(['lambda:InvokeFunction'], arnOf(parts.function)), allow(['sqs:SendMessage'], arnOf(parts.deadLetters))],
    // Otherwise a schedule of another account could use the role as its own: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  )
}

function role(service: string, PolicyName: string, statements: readonly Statement[], Condition?: unknown) {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ ...trust, ...(Condition === undefined ? {} : { Condition }) }],
      },
      Policies: [{ PolicyName, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  }
}

export type Statement = ReturnType<typeof allow>

export function allow(Action: string[], Resource: unknown, Condition?: unknown) {
  return { Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) }
}

/** Of this account and Region. */
export function arn(service: string, resource: string) {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}` }
}
