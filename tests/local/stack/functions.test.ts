import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { SQSEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { createBus } from '../../../local/account/bus.ts'
import { createSns } from '../../../local/account/sns/sns.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import type { FailedAttempt } from '../../../local/stack/asynchronous.ts'
import { deployStack } from '../../../local/stack/deploy-stack.ts'
import type { Properties } from '../../../local/stack/resource.ts'
import { readTemplate } from '../../../local/stack/template.ts'
import { accountContext } from '../account-context.ts'
import { localAccount } from '../wire/local-account.ts'
import { type Resources, templateOfFour } from './template-of-four.ts'

const place = { accountId: '123456789012', region: 'eu-central-1', queueUrl: (name: string) => `http://local/${name}` }

async function deployed(
  template: { Resources: Resources } = templateOfFour(),
  answer: (name: string) => unknown = () => null,
) {
  const context = accountContext({ at: '2026-03-01T22:00:00.000Z' })
  const sqs = createSqs(context)
  const sns = createSns(context, sqs)
  const bus = createBus(context, sqs.deliver)
  const invoked: { at: string; name: string; event: unknown }[] = []
  const failed: FailedAttempt[] = []
  const stop = await deployStack(readTemplate(template, { ...place, queueUrl: sqs.queueUrl }), {
    context,
    sqs,
    sns,
    bus,
    createTable: async () => undefined,
    invoke: async (name, event) => {
      invoked.push({
        at: context.clock.now().toISOString().slice(11, 19),
        name: name.slice('farguard-dev-'.length),
        event,
      })
      return answer(name)
    },
    onFailedAttempt: attempt => failed.push(attempt),
  })
  const ofSweep = () => invoked.filter(({ name }) => name === 'sweep')
  const queue = (name: string) => {
    const found = sqs.queue(`farguard-dev-${name}`)
    if (!found) throw new Error(`no queue ${name}`)
    return found
  }
  return { ...context, bus, invoked, ofSweep, failed, queue, stop }
}

describe('a stack of several functions', () => {
  test('each gets what is on its own queue', async () => {
    const { clock, bus, queue, invoked } = await deployed()
    bus.emit({ source: 'aws.ecs', 'detail-type': 'ECS Task State Change', resources: [], detail: { version: 1 } })
    bus.emit({ source: 'aws.ecr', 'detail-type': 'ECR Image Action', resources: [], detail: {} })
    queue('control').send('{"intent":"deploy"}')
    await clock.advance(10_000)
    const told = invoked.map(({ name, event }) => [
      name,
      (event as SQSEvent).Records.map(({ body }) => JSON.parse(body)),
    ])
    expect(told).toEqual([
      ['carry-out', [{ intent: 'deploy' }]],
      ['record-task', [expect.objectContaining({ 'detail-type': 'ECS Task State Change' })]],
    ])
  })

  test('one whose batches fail holds up no other, and its messages end in the dead letters', async () => {
    const { clock, queue, invoked } = await deployed(templateOfFour(), name => {
      if (name.endsWith('carry-out')) throw new Error('no')
      return null
    })
    queue('control').send('bad')
    queue('tasks').send('good')
    await clock.advance(20 * 60_000)
    const times = (name: string) => invoked.filter(each => each.name === name).length
    expect([times('carry-out'), times('record-task')]).toEqual([5, 1])
    expect(queue('dead-letters').receive(10)).toMatchObject([{ body: 'bad' }])
  })

  test('its table, with a time to live and a third index, is one that DynamoDB takes', async () => {
    const { table } = readTemplate(templateOfFour(), place)
    const dynamo = new DynamoDBClient(localAccount().client)
    await dynamo.send(new CreateTableCommand(table))
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: table.TableName }))
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual(['by-a', 'by-b', 'by-c'])
  })
})

describe('a schedule', () => {
  test('invokes its function with Scheduler’s own event, until the stack is taken down', async () => {
    const { clock, ofSweep, stop } = await deployed()
    await clock.advance(10 * 60_000)
    stop()
    await clock.advance(60 * 60_000)
    expect(ofSweep().map(({ at }) => at)).toEqual(['22:05:00', '22:10:00'])
    expect(ofSweep()[0]?.event).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: '123456789012',
      time: '2026-03-01T22:05:00Z',
      region: 'eu-central-1',
      resources: ['arn:aws:scheduler:eu-central-1:123456789012:schedule/default/farguard-dev-sweep'],
      detail: '{}',
    })
  })

  test('at a time of a place, with an input of its own', async () => {
    const schedule = { ScheduleExpression: 'cron(30 23 * * ? *)', ScheduleExpressionTimezone: 'Europe/Berlin' }
    const Input = '{"report":"nightly","due":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.else>"}'
    const { clock, ofSweep } = await deployed(templateOfFour({ schedule, target: { Input } }))
    await clock.advance(24 * 3_600_000)
    expect(ofSweep()).toEqual([
      {
        at: '22:30:00',
        name: 'sweep',
        event: { report: 'nightly', due: '2026-03-01T22:30:00Z', by: '<aws.scheduler.else>' },
      },
    ])
  })

  test('that is disabled invokes nothing', async () => {
    const { clock, ofSweep } = await deployed(templateOfFour({ schedule: { State: 'DISABLED' } }))
    await clock.advance(3_600_000)
    expect(ofSweep()).toEqual([])
  })

  test('whose function throws: Lambda tries again as it is set, the next time comes all the same', async () => {
    const { clock, ofSweep, failed, queue } = await deployed(templateOfFour(), () => {
      throw new Error('no')
    })
    await clock.advance(11 * 60_000)
    expect(ofSweep().map(({ at }) => at)).toEqual(['22:05:00', '22:06:00', '22:10:00', '22:11:00'])
    expect(failed.map(({ attempt, retryAt }) => [attempt, retryAt !== undefined])).toEqual([
      [1, true],
      [2, false],
      [1, true],
      [2, false],
    ])
    expect(
      queue('dead-letters')
        .receive(10)
        .map(({ body }) => JSON.parse(body).requestPayload.source),
    ).toEqual(['aws.scheduler', 'aws.scheduler'])
  })

  test.each<{ case: string; schedule?: Properties; target?: Properties; says: RegExp }>([
    {
      case: 'a flexible window',
      schedule: { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } },
      says: /FlexibleTimeWindow other/,
    },
    {
      case: 'an end',
      schedule: { EndDate: '2027-01-01' },
      says: /does not model EndDate of the schedule farguard-dev-sweep/,
    },
    { case: 'a state', schedule: { State: 'PAUSED' }, says: /has State PAUSED: ENABLED or DISABLED/ },
    {
      case: 'an expression',
      schedule: { ScheduleExpression: 'daily' },
      says: /schedule farguard-dev-sweep: "daily" is no/,
    },
    {
      case: 'a target',
      target: { Arn: 'arn:aws:sqs:eu-central-1:1:q' },
      says: /the target arn:aws:sqs.*is no function/,
    },
    { case: 'no role', target: { RoleArn: undefined }, says: /has no Target.RoleArn/ },
    { case: 'an input', target: { Input: 'now' }, says: /has an Input that is no JSON/ },
    {
      case: 'a member of the target',
      target: { SqsParameters: {} },
      says: /does not model SqsParameters of the target/,
    },
    {
      case: 'retries',
      target: { RetryPolicy: { MaximumRetryAttempts: 186 } },
      says: /MaximumRetryAttempts is 0 to 185/,
    },
    { case: 'an age', target: { RetryPolicy: { MaximumEventAgeInSeconds: 59 } }, says: /is 60 to 86400/ },
    { case: 'dead letters', target: { DeadLetterConfig: { Arn: 'arn:aws:sns:x' } }, says: /which is no queue/ },
  ])('with $case that the local account does not have is refused by name', ({ schedule, target, says }) => {
    const template = templateOfFour({ ...(schedule && { schedule }), ...(target && { target }) })
    expect(() => readTemplate(template, place)).toThrow(says)
  })

  test('of a function, or to a queue, that the stack does not have is refused', async () => {
    const elsewhere = { Arn: 'arn:aws:lambda:eu-central-1:123456789012:function:elsewhere' }
    await expect(deployed(templateOfFour({ target: elsewhere }))).rejects.toThrow(
      'The schedule farguard-dev-sweep invokes elsewhere, which the stack does not have.',
    )
    const template = templateOfFour()
    const { SweepOnce } = template.Resources
    if (SweepOnce) SweepOnce.Properties.DestinationConfig.OnFailure.Destination = 'arn:aws:sqs:eu-central-1:1:gone'
    await expect(deployed(template)).rejects.toThrow(/What fails in farguard-dev-sweep goes to arn:aws:sqs.*:gone/)
  })
})

test.each<{ case: string; id: string; properties: Properties; says: RegExp }>([
  {
    case: 'a FIFO queue',
    id: 'TasksQueue',
    properties: { FifoQueue: true },
    says: /FifoQueue of queue farguard-dev-tasks/,
  },
  { case: 'a delay', id: 'TasksQueue', properties: { DelaySeconds: 5 }, says: /does not model DelaySeconds of queue/ },
  {
    case: 'a large batch without a window',
    id: 'CarryOutMapping',
    properties: { BatchSize: 11 },
    says: /a BatchSize above 10 takes a MaximumBatchingWindowInSeconds/,
  },
  { case: 'a huge batch', id: 'RecordTaskMapping', properties: { BatchSize: 10_001 }, says: /BatchSize is 1 to 10000/ },
  {
    case: 'a destination that is no queue',
    id: 'SweepOnce',
    properties: { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:x' } } },
    says: /no destination of farguard-dev-sweep but queues, and not arn:aws:sns:x/,
  },
  {
    case: 'a destination of success',
    id: 'SweepOnce',
    properties: { DestinationConfig: { OnSuccess: { Destination: 'arn:aws:sqs:x' } } },
    says: /does not model the destination OnSuccess of farguard-dev-sweep/,
  },
])('$case is refused by name', ({ id, properties, says }) => {
  const template = templateOfFour()
  Object.assign(template.Resources[id]?.Properties ?? {}, properties)
  expect(() => readTemplate(template, place)).toThrow(says)
})
