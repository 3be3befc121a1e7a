/** What each function may do: one role a function, written out. */

/** Logical ids that a role names. */
export interface RoleParts {
  functionName: string
  table: string
  queue: string
  deadLetters: string
}

/** The role of deploy-image: reads images and what runs, registers revisions, starts tasks, keeps records. */
export function deployImageRole({ functionName, table, queue, deadLetters }: RoleParts) {
  return lambdaRole(functionName, [
    allow(['ecr:DescribeImages'], arn('ecr', 'repository/*')),
    allow(['ecs:DescribeClusters'], arn('ecs', 'cluster/*')),
    allow(['ecs:DescribeServices', 'ecs:UpdateService'], arn('ecs', 'service/*')),
    // Neither of them can be limited to a resource.
    allow(['ecs:DescribeTaskDefinition', 'ecs:ListTasks'], '*'),
    allow(['ecs:RegisterTaskDefinition', 'ecs:RunTask'], arn('ecs', 'task-definition/*')),
    allow(['ecs:DescribeTasks', 'ecs:StopTask'], arn('ecs', 'task/*')),
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
    allow(
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      [{ 'Fn::GetAtt': [table, 'Arn'] }, { 'Fn::Sub': `\${${table}.Arn}/index/*` }],
    ),
    allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], { 'Fn::GetAtt': [queue, 'Arn'] }),
    allow(['sqs:SendMessage'], { 'Fn::GetAtt': [deadLetters, 'Arn'] }),
  ])
}

function lambdaRole(functionName: string, statements: readonly unknown[]) {
  const logs = allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    arn('logs', `log-group:/aws/lambda/${functionName}:*`),
  )
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [
        { PolicyName: functionName, PolicyDocument: { Version: '2012-10-17', Statement: [...statements, logs] } },
      ],
    },
  }
}

function allow(Action: string[], Resource: unknown, Condition?: unknown) {
  return { Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) }
}

/** Of this account and Region. */
function arn(service: string, resource: string) {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}` }
}
