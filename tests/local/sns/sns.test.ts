import * as sdk from '@aws-sdk/client-sns'
import type { SNSEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { type SnsAccount, snsAccount, topicArn } from './topics.ts'

const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:guard-costs'

describe('topics', () => {
  test('are made once, listed, described and deleted', async () => {
    const { client, attributes, set, faults } = await snsAccount()
    const create = (input: sdk.CreateTopicCommandInput) => client.send(new sdk.CreateTopicCommand(input))
    expect(await create({ Name: 'budgets' })).toMatchObject({ TopicArn: topicArn })
    await create({ Name: 'alerts', Attributes: { DisplayName: 'Grüße <&>\r\n"' } })
    const { Topics } = await client.send(new sdk.ListTopicsCommand())
    expect(Topics).toEqual([{ TopicArn: topicArn }, { TopicArn: topicArn.replace('budgets', 'alerts') }].toReversed())
    await set('DisplayName', 'Budgets')
    expect(await attributes()).toMatchObject({ TopicArn: topicArn, Owner: '123456789012', DisplayName: 'Budgets' })
    await expect(create({ Name: 'budgets', Attributes: { DisplayName: 'x' } })).rejects.toThrow(/already exists/)
    await client.send(new sdk.DeleteTopicCommand({ TopicArn: topicArn }))
    await expect(attributes()).rejects.toBeInstanceOf(sdk.NotFoundException)
    await client.send(new sdk.DeleteTopicCommand({ TopicArn: topicArn }))
    expect(faults).toEqual([])
  })

  test('what XML would misread comes back as it was', async () => {
    const { attributes, set } = await snsAccount()
    const DisplayName = 'Grüße <&>\r\n"\' 🚀 ]]>'
    await set('DisplayName', DisplayName)
    expect(await attributes()).toMatchObject({ DisplayName })
  })

  test('and their subscriptions come in pages of a hundred', async () => {
    const { client, subscribe } = await snsAccount()
    for (let nth = 0; nth < 103; nth++) await subscribe('email', `user${nth}@example.com`)
    const pages: number[] = []
    for await (const { Subscriptions = [] } of sdk.paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn }))
      pages.push(Subscriptions.length)
    expect(pages).toEqual([100, 3])
  })
})

describe('a subscription', () => {
  test('is made once; one by mail waits to be confirmed; it ends when it is told to', async () => {
    const { client, subscribe, subscriptions, attributes, inbox } = await snsAccount()
    const { SubscriptionArn } = await subscribe('sqs', inbox.arn)
    expect(SubscriptionArn).toMatch(new RegExp(`^${topicArn}:[0-9a-f-]{36}$`))
    expect(await subscribe('sqs', inbox.arn)).toMatchObject({ SubscriptionArn })
    expect(await subscribe('email', 'ops@example.com')).toMatchObject({ SubscriptionArn: 'pending confirmation' })
    const waiting = await subscribe('email', 'ops@example.com', { ReturnSubscriptionArn: true })
    expect(waiting.SubscriptionArn).toMatch(/^arn:/)
    const Owner = '123456789012'
    expect(await subscriptions()).toEqual(
      expect.arrayContaining([
        { SubscriptionArn, TopicArn: topicArn, Protocol: 'sqs', Endpoint: inbox.arn, Owner },
        {
          SubscriptionArn: 'PendingConfirmation',
          TopicArn: topicArn,
          Protocol: 'email',
          Endpoint: 'ops@example.com',
          Owner,
        },
      ]),
    )
    await client.send(new sdk.UnsubscribeCommand({ SubscriptionArn }))
    expect(await subscriptions()).toHaveLength(1)
    expect(await attributes()).toMatchObject({
      SubscriptionsConfirmed: '0',
      SubscriptionsPending: '1',
      SubscriptionsDeleted: '1',
    })
  })

  const queue = 'arn:aws:sqs:eu-central-1:123456789012:inbox'
  test.each<[string, (given: SnsAccount) => Promise<unknown>, string, RegExp]>([
    [
      'a topic that is not there',
      a => a.subscribe('sqs', queue, { TopicArn: `${topicArn}-none` }),
      'NotFoundException',
      /Topic does not exist/,
    ],
    [
      'what is no topic',
      a => a.subscribe('sqs', queue, { TopicArn: 'budgets' }),
      'InvalidParameterException',
      /TopicArn/,
    ],
    [
      'a protocol that is not modelled',
      a => a.subscribe('https', 'https://example.com'),
      'InvalidParameterException',
      /does not model the protocol https/,
    ],
    [
      'a protocol that does not exist',
      a => a.subscribe('pigeon', 'roof'),
      'InvalidParameterException',
      /protocol string: pigeon/,
    ],
    ["another protocol's endpoint", a => a.subscribe('lambda', queue), 'InvalidParameterException', /lambda endpoint/],
    [
      'a filter',
      a => a.subscribe('sqs', queue, { Attributes: { FilterPolicy: '{}' } }),
      'InvalidParameterException',
      /does not model the attribute FilterPolicy/,
    ],
    [
      'bare messages to a function',
      a => a.subscribe('lambda', functionArn, { Attributes: { RawMessageDelivery: 'true' } }),
      'InvalidParameterException',
      /not for lambda/,
    ],
    [
      'a topic in order',
      a => a.client.send(new sdk.CreateTopicCommand({ Name: 'a.fifo' })),
      'InvalidParameterException',
      /a\.fifo/,
    ],
    [
      'a key',
      a => a.client.send(new sdk.CreateTopicCommand({ Name: 'a', Attributes: { KmsMasterKeyId: 'k' } })),
      'InvalidParameterException',
      /does not model the attribute KmsMasterKeyId/,
    ],
    ['a policy that is no JSON', a => a.set('Policy', '{'), 'InvalidParameterException', /Policy: /],
    [
      'a policy that denies',
      a => a.set('Policy', JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: '*' } })),
      'InvalidParameterException',
      /Effect Deny is not modelled/,
    ],
    [
      'a made-up token',
      a => a.client.send(new sdk.ListTopicsCommand({ NextToken: 'x' })),
      'InvalidParameterException',
      /NextToken/,
    ],
  ])('refuses %s', async (_, act, name, message) => {
    const refusal = act(await snsAccount())
    await expect(refusal).rejects.toMatchObject({ name })
    await expect(refusal).rejects.toThrow(message)
  })
})

describe('a message', () => {
  const MessageAttributes = {
    kind: { DataType: 'String', StringValue: 'budget' },
    blob: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
  }

  test('comes to a queue in an envelope', async () => {
    const { subscribe, publish, bodies, inbox, clock } = await snsAccount()
    const { SubscriptionArn } = await subscribe('sqs', inbox.arn)
    const { MessageId } = await publish('Grüße <&>', { Subject: 'Over budget', MessageAttributes })
    expect(bodies()).toEqual([])
    await clock.advance(1000)
    expect(bodies().map(body => JSON.parse(body))).toEqual([
      {
        Type: 'Notification',
        MessageId,
        TopicArn: topicArn,
        Subject: 'Over budget',
        Message: 'Grüße <&>',
        Timestamp: '2026-03-01T22:00:00.250Z',
        SignatureVersion: '1',
        Signature: expect.any(String),
        SigningCertURL: expect.stringMatching(/^https:\/\/sns\.eu-central-1\.amazonaws\.com\/.*\.pem$/),
        UnsubscribeURL: expect.stringContaining(`SubscriptionArn=${SubscriptionArn}`),
        MessageAttributes: { kind: { Type: 'String', Value: 'budget' }, blob: { Type: 'Binary', Value: 'AP8=' } },
      },
    ])
  })

  test('comes bare where that was asked for, its attributes beside it', async () => {
    const { subscribe, publish, inbox, clock } = await snsAccount()
    await subscribe('sqs', inbox.arn, { Attributes: { RawMessageDelivery: 'true' } })
    await publish('bare', { MessageAttributes })
    await clock.advance(1000)
    const [message] = inbox.receive(10)
    expect(message?.body).toBe('bare')
    expect(message?.attributes.kind).toEqual({ DataType: 'String', StringValue: 'budget' })
    expect(Buffer.from(message?.attributes.blob?.BinaryValue ?? []).toString('hex')).toBe('00ff')
  })

  test("comes to a function as Lambda's event, once for each of its subscriptions", async () => {
    const { sns, subscribe, publish, clock, losses } = await snsAccount()
    const invoked: { functionArn: string; from: string; event: SNSEvent }[] = []
    const disconnect = sns.setFunctions((arn, from, event) => invoked.push({ functionArn: arn, from, event }))
    const { SubscriptionArn } = await subscribe('lambda', functionArn)
    const { MessageId } = await publish('Dear AWS Customer', { MessageAttributes })
    await clock.advance(1000)
    expect(invoked).toEqual([
      {
        functionArn,
        from: topicArn,
        event: {
          Records: [
            {
              EventSource: 'aws:sns',
              EventVersion: '1.0',
              EventSubscriptionArn: SubscriptionArn,
              Sns: {
                Type: 'Notification',
                MessageId,
                TopicArn: topicArn,
                Subject: null,
                Message: 'Dear AWS Customer',
                Timestamp: '2026-03-01T22:00:00.250Z',
                SignatureVersion: '1',
                Signature: expect.any(String),
                SigningCertUrl: expect.stringMatching(/\.pem$/),
                UnsubscribeUrl: expect.stringContaining('Action=Unsubscribe'),
                MessageAttributes: {
                  kind: { Type: 'String', Value: 'budget' },
                  blob: { Type: 'Binary', Value: 'AP8=' },
                },
              },
            },
          ],
        },
      },
    ])
    disconnect()
    await publish('again')
    await clock.advance(1000)
    expect(invoked).toHaveLength(1)
    expect(losses).toMatchObject([{ topicArn, endpoint: functionArn, error: { code: 'ResourceNotFoundException' } }])
  })

  test('goes to no address that nobody has confirmed, and is not lost for that', async () => {
    const { subscribe, publish, losses, clock } = await snsAccount()
    await subscribe('email', 'ops@example.com')
    await publish('x')
    await clock.advance(1000)
    expect(losses).toEqual([])
  })

  test('that meets a bug of the local account is no loss but a bug', async () => {
    const { sns, subscribe, publish, clock, losses } = await snsAccount()
    sns.setFunctions(() => {
      throw new TypeError('a bug')
    })
    await subscribe('lambda', functionArn)
    await publish('x')
    await expect(clock.advance(1000)).rejects.toThrow('a bug')
    expect(losses).toEqual([])
  })

  test('has a text for each protocol, if it says so', async () => {
    const { subscribe, publish, inbox, clock } = await snsAccount()
    await subscribe('sqs', inbox.arn, { Attributes: { RawMessageDelivery: 'true' } })
    await publish(JSON.stringify({ default: 'all', sqs: 'queues' }), { MessageStructure: 'json' })
    await publish(JSON.stringify({ default: 'all', lambda: 'functions' }), { MessageStructure: 'json' })
    await clock.advance(1000)
    expect(inbox.receive(10).map(({ body }) => body)).toEqual(['queues', 'all'])
  })

  test('is lost to a queue whose policy does not let the topic, and to one that is not there', async () => {
    const { subscribe, publish, bodies, inbox, closed, losses, clock } = await snsAccount()
    for (const endpoint of [closed.arn, `${inbox.arn}-none`, inbox.arn]) await subscribe('sqs', endpoint)
    await publish('x')
    await clock.advance(1000)
    expect(bodies()).toHaveLength(1)
    expect(closed.counts.visible).toBe(0)
    expect(losses.map(({ endpoint, error }) => [endpoint, error.code])).toEqual([
      [closed.arn, 'NO_PERMISSIONS'],
      [`${inbox.arn}-none`, 'RESOURCE_NOT_FOUND'],
    ])
  })

  test.each<[string, string, Partial<sdk.PublishCommandInput>]>([
    ['the longest subject', 'x', { Subject: 'x'.repeat(100) }],
    ['the longest message', 'x'.repeat(262_144), {}],
    ['a subject that begins with punctuation', 'x', { Subject: '(1) ~ok~' }],
  ])('takes %s', async (_, message, more) => {
    const { publish } = await snsAccount()
    expect((await publish(message, more)).MessageId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each<[string, string, Partial<sdk.PublishCommandInput>, RegExp]>([
    ['no text', '', {}, /Empty message/],
    ['one byte too many', 'x'.repeat(262_145), {}, /too long: 262145 bytes/],
    ['too many bytes with its attributes', 'x'.repeat(262_140), { MessageAttributes }, /too long/],
    ['a subject too long', 'x', { Subject: 'x'.repeat(101) }, /Subject/],
    ['a subject of two lines', 'x', { Subject: 'a\nb' }, /Subject/],
    ['a subject with an umlaut', 'x', { Subject: 'über' }, /Subject/],
    ['an empty subject', 'x', { Subject: '' }, /Subject/],
    [
      'an attribute of no known type',
      'x',
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      /type 'Text'/,
    ],
    ['an attribute without a value', 'x', { MessageAttributes: { a: { DataType: 'String' } } }, /non-empty/],
    ['texts that are no JSON', 'x', { MessageStructure: 'json' }, /failed to parse/],
    ['texts without a default', '{"sqs":"x"}', { MessageStructure: 'json' }, /No default entry/],
    ['a group', 'x', { MessageGroupId: 'g' }, /does not model MessageGroupId/],
    ['a phone number', 'x', { PhoneNumber: '+4915112345678' }, /does not model PhoneNumber/],
    ['two topics', 'x', { TargetArn: topicArn }, /TopicArn and TargetArn/],
  ])('with %s is refused', async (_, message, more, says) => {
    const { publish, subscribe, inbox, clock, bodies } = await snsAccount()
    await subscribe('sqs', inbox.arn)
    const refusal = publish(message, more)
    await expect(refusal).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await expect(refusal).rejects.toThrow(says)
    await clock.advance(1000)
    expect(bodies()).toEqual([])
  })

  test('faults strike before and after the effect, under the names that the SDK knows', async () => {
    const { account, publish, subscribe, inbox, clock, bodies } = await snsAccount()
    await subscribe('sqs', inbox.arn)
    const error = new AwsError('ThrottledException', 'Rate exceeded')
    account.failNext('sns:Publish', { when: 'before', error }, { when: 'after', error })
    await expect(publish('first')).rejects.toBeInstanceOf(sdk.ThrottledException)
    await expect(publish('second')).rejects.toMatchObject({ $metadata: { httpStatusCode: 429 } })
    await clock.advance(1000)
    expect(bodies().map(body => JSON.parse(body).Message)).toEqual(['second'])
  })
})

describe('a service', () => {
  const budgetArn = 'arn:aws:budgets::123456789012:budget/monthly'
  const statement = (more: object = {}) => ({
    Effect: 'Allow',
    Principal: { Service: 'budgets.amazonaws.com' },
    Action: 'SNS:Publish',
    Resource: topicArn,
    ...more,
  })

  test.each<{ case: string; statement?: object; mayPublish: boolean }>([
    { case: 'without any policy', mayPublish: false },
    { case: 'that a statement lets', statement: statement(), mayPublish: true },
    { case: 'that another action is for', statement: statement({ Action: 'sns:Subscribe' }), mayPublish: false },
    { case: 'that another topic is for', statement: statement({ Resource: `${topicArn}-2` }), mayPublish: false },
    {
      case: 'that another service is let for',
      statement: statement({ Principal: { Service: 'cloudwatch.amazonaws.com' } }),
      mayPublish: false,
    },
    {
      case: 'of this account, as the condition wants it',
      statement: statement({
        Condition: {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
          ArnLike: { 'aws:SourceArn': 'arn:aws:budgets::123456789012:*' },
        },
      }),
      mayPublish: true,
    },
    {
      case: 'for another account',
      statement: statement({ Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } } }),
      mayPublish: false,
    },
    {
      case: 'for another budget',
      statement: statement({ Condition: { ArnEquals: { 'AWS:SourceArn': 'arn:aws:budgets::*:budget/other' } } }),
      mayPublish: false,
    },
  ])('$case: may publish is $mayPublish', async ({ statement: given, mayPublish }) => {
    const { sns, set, subscribe, inbox, clock, bodies } = await snsAccount()
    await subscribe('sqs', inbox.arn)
    if (given) await set('Policy', JSON.stringify({ Version: '2012-10-17', Statement: [given] }))
    const publish = () =>
      sns.publishAs({ service: 'budgets.amazonaws.com', sourceArn: budgetArn }, topicArn, { Message: 'over' })
    if (mayPublish) publish()
    else expect(publish).toThrow(/budgets.amazonaws.com is not authorized to perform: SNS:Publish on resource/)
    await clock.advance(1000)
    expect(bodies()).toHaveLength(mayPublish ? 1 : 0)
  })
})
