/** SNS and Application Auto Scaling by the aws command and boto3. Each is skipped where it is not installed. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSns } from '../../../local/account/sns/sns.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import { type Listening, listen } from '../../../local/wire/listen.ts'
import { accountContext } from '../account-context.ts'
import { scaledService } from '../autoscaling/scaled-service.ts'
import { localAccount } from '../wire/local-account.ts'

const installed = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasAws = installed('aws', '--version')
const hasBoto = installed('python3', '-c', 'import boto3')

let server: Listening
let functionEvents: unknown[]
let advance: (ms: number) => Promise<void>
beforeEach(async () => {
  const context = accountContext()
  const sns = createSns(context, createSqs(context))
  functionEvents = []
  sns.setFunctions((_, __, event) => functionEvents.push(event))
  advance = ms => context.clock.advance(ms)
  const { autoscaling } = scaledService()
  const wire = localAccount({ sns: sns.operations, 'application-autoscaling': autoscaling.operations }).wire
  server = await listen(wire, { port: 0 })
})
afterEach(() => server.close())

/** Async, since the server is in this very process. */
async function run(command: string, ...args: string[]): Promise<string> {
  const { PATH, PYENV_VERSION, PYENV_ROOT } = process.env
  const env = {
    ...{ PATH, PYENV_VERSION, PYENV_ROOT, AWS_ENDPOINT_URL: server.url, AWS_PAGER: '' },
    ...{ AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'eu-central-1' },
  }
  return (await promisify(execFile)(command, args, { env })).stdout
}

test.skipIf(!hasAws)(
  'the aws command makes a topic, lets budgets publish, and suspends what scales a service',
  async () => {
    const aws = async (...args: string[]) => JSON.parse((await run('aws', ...args)) || 'null')
    const { TopicArn } = await aws('sns', 'create-topic', '--name', 'budgets', '--attributes', 'DisplayName=A <b> & c')
    const statement = { Effect: 'Allow', Principal: { Service: 'budgets.amazonaws.com' }, Action: 'sns:Publish' }
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const topic = ['--topic-arn', TopicArn]
    await aws('sns', 'set-topic-attributes', ...topic, '--attribute-name', 'Policy', '--attribute-value', policy)
    const { Attributes } = await aws('sns', 'get-topic-attributes', ...topic)
    expect(Attributes.DisplayName).toBe('A <b> & c')
    expect(JSON.parse(Attributes.Policy).Statement).toEqual([statement])
    const scaling = ['--service-namespace', 'ecs', '--scalable-dimension', 'ecs:service:DesiredCount']
    const shop = [...scaling, '--resource-id', 'service/default/shop']
    const register = (...more: string[]) => aws('application-autoscaling', 'register-scalable-target', ...shop, ...more)
    await register('--min-capacity', '1', '--max-capacity', '4')
    await register('--suspended-state', 'DynamicScalingOutSuspended=true')
    const described = await aws('application-autoscaling', 'describe-scalable-targets', '--service-namespace', 'ecs')
    expect(described.ScalableTargets).toMatchObject([
      {
        ResourceId: 'service/default/shop',
        MinCapacity: 1,
        MaxCapacity: 4,
        SuspendedState: { DynamicScalingInSuspended: false, DynamicScalingOutSuspended: true },
      },
    ])
  },
  30_000,
)

test.skipIf(!hasBoto)(
  'boto3 publishes with attributes, follows pages and raises the typed exceptions',
  async () => {
    const script = `
import boto3
sns = boto3.client('sns')
topic = sns.create_topic(Name='budgets', Tags=[])['TopicArn']
arn = 'arn:aws:lambda:eu-central-1:123456789012:function:guard'
sns.subscribe(TopicArn=topic, Protocol='lambda', Endpoint=arn)
for n in range(101): sns.subscribe(TopicArn=topic, Protocol='email', Endpoint=f'user{n}@example.com', ReturnSubscriptionArn=True)
pages = sns.get_paginator('list_subscriptions_by_topic').paginate(TopicArn=topic)
print(sum(len(page['Subscriptions']) for page in pages))
attributes = {'kind': {'DataType': 'String', 'StringValue': 'a=b&c'}, 'blob': {'DataType': 'Binary', 'BinaryValue': b'\\x00\\xff'}}
sns.publish(TopicArn=topic, Subject='Over', Message='100 % & <more>', MessageAttributes=attributes)
for call in (lambda: sns.publish(TopicArn=topic + '-none', Message='x'), lambda: sns.publish(TopicArn=topic, Message='x', Subject='ü')):
    try: call()
    except sns.exceptions.ClientError as e: print(type(e).__name__, e.response['Error']['Code'], e.response['ResponseMetadata']['HTTPStatusCode'])
scaling = boto3.client('application-autoscaling')
shop = dict(ServiceNamespace='ecs', ResourceId='service/default/shop', ScalableDimension='ecs:service:DesiredCount')
try: scaling.deregister_scalable_target(**shop)
except scaling.exceptions.ObjectNotFoundException as e: print(e.response['Error']['Code'])
scaling.register_scalable_target(MinCapacity=0, MaxCapacity=2, **shop)
print(scaling.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets'][0]['CreationTime'].year)
`
    expect((await run('python3', '-c', script)).trim().split('\n')).toEqual([
      '102',
      'NotFoundException NotFound 404',
      'InvalidParameterException InvalidParameter 400',
      'ObjectNotFoundException',
      '2026',
    ])
    await advance(1000)
    expect(functionEvents).toMatchObject([
      {
        Records: [
          {
            Sns: {
              Subject: 'Over',
              Message: '100 % & <more>',
              MessageAttributes: { kind: { Type: 'String', Value: 'a=b&c' }, blob: { Type: 'Binary', Value: 'AP8=' } },
            },
          },
        ],
      },
    ])
  },
  30_000,
)
