import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { SQSEvent } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBus, type Loss } from '../../../local/account/bus.ts'
import { createSns } from '../../../local/account/sns/sns.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import { deployStack } from '../../../local/stack/deploy-stack.ts'
import { readTemplate } from '../../../local/stack/template.ts'
import { configOf, type Packaged, packaged, removeDirectory, serviceDirectory } from '../../stack/packaged.ts'
import { accountContext } from '../account-context.ts'

const directory = serviceDirectory(configOf(2))
let stack: Packaged
beforeAll(async () => {
  stack = await packaged(directory)
}, 60_000)
afterAll(() => removeDirectory(directory))

type Template = Packaged['template']

/** The packaged template with a change. */
function changed(change: (resources: Template['Resources']) => void): Template {
  const template = structuredClone(stack.template)
  change(template.Resources)
  return template
}

const place = { accountId: '123456789012', region: 'eu-central-1', queueUrl: (name: string) => `http://local/${name}` }

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The template does not have that.')
  return value
}

describe('the packaged template', () => {
  test('read: what there is to make, with every reference resolved', () => {
    const { table, queues, rules, functions, mappings } = readTemplate(stack.template, place)
    const arn = 'arn:aws:sqs:eu-central-1:123456789012'
    expect(table).toMatchObject({ TableName: 'farguard-dev', BillingMode: 'PAY_PER_REQUEST' })
    expect(table).not.toHaveProperty('PointInTimeRecoverySpecification')
    expect(queues).toContainEqual(
      expect.objectContaining({
        name: 'farguard-dev-images',
        visibilityTimeoutSeconds: 180,
        redrive: { deadLetterArn: `${arn}:farguard-dev-dead-letters`, maxReceiveCount: 5 },
      }),
    )
    expect(queues.map(({ name }) => name)).toContain('farguard-dev-dead-letters')
    const target = { arn: `${arn}:farguard-dev-images`, deadLetterArn: `${arn}:farguard-dev-dead-letters` }
    expect(rules).toContainEqual({
      name: expect.stringMatching(/^farguard-dev-image-.*1$/),
      pattern: expect.objectContaining({ source: ['aws.ecr'] }),
      targets: [{ id: expect.any(String), ...target }],
    })
    expect(functions).toContainEqual({
      name: 'farguard-dev-deploy-image',
      bundle: 'deploy-image',
      environment: expect.objectContaining({
        FARGUARD_TABLE: 'farguard-dev',
        FARGUARD_DEAD_LETTERS: 'http://local/farguard-dev-dead-letters',
      }),
      timeoutSeconds: 30,
      memoryMb: 512,
    })
    expect(mappings).toContainEqual({
      functionName: 'farguard-dev-deploy-image',
      queueArn: `${arn}:farguard-dev-images`,
      batchSize: 10,
      reportsItemFailures: true,
    })
  })

  test.each<[string, (resources: Template['Resources']) => void, RegExp]>([
    [
      'a kind of resource',
      all => (all.Stream = { Type: 'AWS::Kinesis::Stream', Properties: {} }),
      /does not model AWS::Kinesis::Stream, of which the stack has Stream/,
    ],
    ['a second table', all => (all.Other = must(all.Table)), /has 2 tables/],
    [
      'a reference to what is not there',
      all => (must(all.ImagesQueue).Properties.RedrivePolicy.deadLetterTargetArn = { 'Fn::GetAtt': ['Gone', 'Arn'] }),
      /can't resolve Arn of Gone, which the stack does not have/,
    ],
    [
      'an attribute',
      all =>
        (must(all.ImagesQueue).Properties.RedrivePolicy.deadLetterTargetArn = { 'Fn::GetAtt': ['Table', 'StreamArn'] }),
      /can't resolve StreamArn of Table \(AWS::DynamoDB::Table\)/,
    ],
    [
      'an intrinsic function',
      all => (must(all.Table).Properties.BillingMode = { 'Fn::Select': [0, ['a']] }),
      /does not know CloudFormation's Fn::Select/,
    ],
    [
      'a queue without a name',
      all => delete must(all.ImagesQueue).Properties.QueueName,
      /ImagesQueue \(AWS::SQS::Queue\) has no QueueName/,
    ],
    [
      'a rule with an input transformer',
      all => (imageRule(all).Properties.Targets[0].InputPath = '$.detail'),
      /does not model InputPath of target \w+ of rule farguard-dev-image-/,
    ],
    [
      'a rule that is switched off',
      all => (imageRule(all).Properties.State = 'DISABLED'),
      /does not model State DISABLED of rule farguard-dev-image-/,
    ],
    [
      'a schedule',
      all => (imageRule(all).Properties.ScheduleExpression = 'rate(1 day)'),
      /does not model the schedule/,
    ],
    ['a filter on the mapping', all => (mapping(all).Properties.FilterCriteria = {}), /does not model FilterCriteria/],
    ['a mapping that is switched off', all => (mapping(all).Properties.Enabled = false), /is not enabled/],
    [
      'a condition in a queue policy',
      all =>
        (statementOn(all, 'ImagesQueue').Condition = {
          Bool: { 'aws:SecureTransport': 'true' },
        }),
      /condition Bool on aws:SecureTransport is not modelled/,
    ],
    [
      'a queue policy that denies',
      all => (statementOn(all, 'ImagesQueue').Effect = 'Deny'),
      /Effect Deny is not modelled/,
    ],
  ])('%s that the local account does not have is refused by name', (_, change, message) => {
    expect(() => readTemplate(changed(change), place)).toThrow(message)
  })

  test('what is no template is said', () => {
    expect(() => readTemplate({}, place)).toThrow(/no CloudFormation template/)
  })
})

describe('the stack in the local account', () => {
  async function deployed(template: Template = stack.template) {
    const context = accountContext()
    const sqs = createSqs(context)
    const sns = createSns(context, sqs)
    const bus = createBus(context, sqs.deliver)
    const losses: Loss[] = []
    bus.onLoss(loss => losses.push(loss))
    const tables: CreateTableCommandInput[] = []
    const invoked: { name: string; event: unknown }[] = []
    const read = readTemplate(template, { ...place, queueUrl: sqs.queueUrl })
    const stop = await deployStack(read, {
      context,
      sqs,
      sns,
      bus,
      createTable: async table => tables.push(table),
      invoke: async (name, event) => {
        invoked.push({ name, event })
        return { batchItemFailures: [] }
      },
    })
    const push = (repository: string, result = 'SUCCESS') =>
      bus.emit({
        source: 'aws.ecr',
        'detail-type': 'ECR Image Action',
        resources: [],
        detail: { 'action-type': 'PUSH', result, 'repository-name': repository, 'image-tag': '1.0.0' },
      })
    const bodies = () => invoked.flatMap(({ event }) => (event as SQSEvent).Records.map(({ body }) => JSON.parse(body)))
    return { ...context, sqs, losses, tables, invoked, bodies, push, stop }
  }

  test('a push to a repository of farguard.yml reaches the function, another does not', async () => {
    const { clock, push, invoked, bodies, tables } = await deployed()
    push('acme/service-0')
    push('acme/elsewhere')
    push('acme/service-1', 'FAILURE')
    push('acme/service-1')
    await clock.advance(1_000)
    expect(new Set(invoked.map(({ name }) => name))).toEqual(new Set(['farguard-dev-deploy-image']))
    expect(bodies().map(({ detail }) => detail['repository-name'])).toEqual(['acme/service-0', 'acme/service-1'])
    expect(tables.map(({ TableName }) => TableName)).toEqual(['farguard-dev'])
  })

  test('were the queue policy to leave the rule out, nothing would arrive, here as on AWS', async () => {
    const { clock, push, invoked, sqs, losses } = await deployed(
      changed(all => {
        const another = ['arn:aws:events:eu-central-1:123456789012:rule/another']
        for (const queue of ['ImagesQueue', 'DeadLettersQueue'])
          statementOn(all, queue).Condition.ArnEquals['aws:SourceArn'] = another
      }),
    )
    push('acme/service-0')
    // The dead letters' policy leaves it out too: then EventBridge has nowhere to put it.
    await clock.advance(1_000)
    expect(invoked).toEqual([])
    expect(sqs.queue('farguard-dev-images')?.counts.visible).toBe(0)
    expect(losses).toMatchObject([
      { rule: expect.stringMatching(/^farguard-dev-image-/), error: { code: 'NO_PERMISSIONS' } },
    ])
  })

  test('a stack taken down invokes nothing', async () => {
    const { clock, push, invoked, stop } = await deployed()
    stop()
    push('acme/service-0')
    await clock.advance(1_000)
    expect(invoked).toEqual([])
  })

  test('a mapping of a queue that the stack does not make is refused', async () => {
    const template = changed(all => {
      mapping(all).Properties.EventSourceArn = 'arn:aws:sqs:eu-central-1:123456789012:elsewhere'
    })
    await expect(deployed(template)).rejects.toThrow(/reads arn:.*:elsewhere, a queue that the stack does not make/)
  })
})

function ofType(resources: Template['Resources'], type: string) {
  return Object.values(resources).filter(({ Type }) => Type === type)
}

function mapping(resources: Template['Resources']) {
  return must(ofType(resources, 'AWS::Lambda::EventSourceMapping')[0])
}

function imageRule(resources: Template['Resources']) {
  return must(ofType(resources, 'AWS::Events::Rule').find(({ Properties }) => /-image-/.test(Properties.Name)))
}

/** What the policy of a queue says first, by the queue's logical id. */
function statementOn(resources: Template['Resources'], queue: string) {
  const names = ({ Properties }: { Properties: { Queues: { Ref: string }[] } }) =>
    Properties.Queues.some(({ Ref }) => Ref === queue)
  return must(ofType(resources, 'AWS::SQS::QueuePolicy').find(names)).Properties.PolicyDocument.Statement[0]
}
