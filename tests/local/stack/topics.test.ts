import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import type { SNSEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { createBus } from '../../../local/account/bus.ts'
import { createSns, type LostDelivery } from '../../../local/account/sns/sns.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import type { FailedAttempt } from '../../../local/stack/asynchronous.ts'
import { deployStack } from '../../../local/stack/deploy-stack.ts'
import { readTemplate } from '../../../local/stack/template.ts'
import { accountContext } from '../account-context.ts'
import { localAccount } from '../wire/local-account.ts'
import { type Resources, templateOfFour } from './template-of-four.ts'

const place = { accountId: '123456789012', region: 'eu-central-1', queueUrl: (name: string) => `http://local/${name}` }
const topicArn = 'arn:aws:sns:eu-central-1:123456789012:farguard-dev-budgets'
const attribute = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

/** The template with a topic that wakes the sweep; `change`: of its resources. */
function withTopic(change: (resources: Resources) => void = () => undefined): { Resources: Resources } {
  const { Resources } = templateOfFour()
  Object.assign(Resources, {
    BudgetsTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: 'farguard-dev-budgets', DisplayName: 'Farguard' },
    },
    BudgetsTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'BudgetsTopic' }],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'budgets.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: 'BudgetsTopic' },
              Condition: {
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                ArnLike: {
                  'aws:SourceArn': { 'Fn::Join': ['', ['arn:aws:budgets::', { Ref: 'AWS::AccountId' }, ':*']] },
                },
              },
            },
          ],
        },
      },
    },
    BudgetsSubscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        Protocol: 'lambda',
        Endpoint: attribute('SweepLambdaFunction'),
        TopicArn: { 'Fn::GetAtt': ['BudgetsTopic', 'TopicArn'] },
      },
    },
    BudgetsPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'SweepLambdaFunction' },
        Principal: 'sns.amazonaws.com',
        SourceArn: { Ref: 'BudgetsTopic' },
      },
    },
  } satisfies Resources)
  change(Resources)
  return { Resources }
}

const propertiesOf = (resources: Resources, logicalId: string) => {
  const found = resources[logicalId]
  if (!found) throw new Error(`no ${logicalId}`)
  return found.Properties
}

async function deployed(template = withTopic(), fails = false) {
  const context = accountContext({ at: '2026-03-01T22:00:00.000Z' })
  const sqs = createSqs(context)
  const sns = createSns(context, sqs)
  const invoked: { name: string; event: SNSEvent }[] = []
  const failed: FailedAttempt[] = []
  const losses: LostDelivery[] = []
  sns.onLoss(loss => losses.push(loss))
  const stop = await deployStack(readTemplate(template, { ...place, queueUrl: sqs.queueUrl }), {
    context,
    sqs,
    sns,
    bus: createBus(context, sqs.deliver),
    createTable: async () => undefined,
    invoke: async (name, event) => {
      if (!(event as SNSEvent).Records) return
      invoked.push({ name, event: event as SNSEvent })
      if (fails) throw new Error('no')
    },
    onFailedAttempt: attempt => failed.push(attempt),
  })
  const client = new SNSClient(localAccount({ sns: sns.operations }).client)
  const publish = (Message: string) => client.send(new PublishCommand({ TopicArn: topicArn, Message }))
  return { ...context, sqs, sns, invoked, failed, losses, publish, stop }
}

describe('a topic of the stack', () => {
  test('is read with its policy, its subscription and the permission', () => {
    const { topics, subscriptions, permissions } = readTemplate(withTopic(), place)
    const name = 'farguard-dev-budgets'
    const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:farguard-dev-sweep'
    expect(topics).toEqual([
      {
        name,
        displayName: 'Farguard',
        policy: {
          Statement: [
            expect.objectContaining({
              Resource: topicArn,
              Condition: {
                StringEquals: { 'aws:SourceAccount': '123456789012' },
                ArnLike: { 'aws:SourceArn': 'arn:aws:budgets::123456789012:*' },
              },
            }),
          ],
        },
      },
    ])
    expect(subscriptions).toEqual([{ topicArn, protocol: 'lambda', endpoint: functionArn, isRaw: false }])
    expect(permissions).toEqual([
      {
        functionName: 'farguard-dev-sweep',
        action: 'lambda:InvokeFunction',
        principal: 'sns.amazonaws.com',
        sourceArn: topicArn,
      },
    ])
  })

  test('wakes the function that is subscribed', async () => {
    const { clock, publish, invoked, losses } = await deployed()
    await publish('over budget')
    await clock.advance(1000)
    expect(invoked).toMatchObject([
      { name: 'farguard-dev-sweep', event: { Records: [{ Sns: { TopicArn: topicArn, Message: 'over budget' } }] } },
    ])
    expect(losses).toEqual([])
  })

  test('without a policy of its own lets no service publish', () => {
    const template = withTopic(all => {
      all.OtherTopic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'other' } }
    })
    expect(readTemplate(template, place).topics).toContainEqual({ name: 'other' })
  })

  test('is published to by budgets, and by no other service', async () => {
    const { sns, clock, invoked } = await deployed()
    const sourceArn = 'arn:aws:budgets::123456789012:budget/monthly'
    sns.publishAs({ service: 'budgets.amazonaws.com', sourceArn }, topicArn, { Message: 'over' })
    expect(() => sns.publishAs({ service: 'cloudwatch.amazonaws.com', sourceArn }, topicArn, { Message: 'x' })).toThrow(
      /not authorized/,
    )
    await clock.advance(1000)
    expect(invoked).toHaveLength(1)
  })

  test('is repeated to a function that fails, as the function wants it, and then set aside', async () => {
    const { clock, publish, invoked, failed, sqs } = await deployed(withTopic(), true)
    await publish('over budget')
    await clock.advance(600_000)
    expect(invoked).toHaveLength(2)
    expect(failed.map(({ retryAt }) => retryAt !== undefined)).toEqual([true, false])
    const [aside] = sqs.queue('farguard-dev-dead-letters')?.receive(1) ?? []
    expect(JSON.parse(aside?.body ?? '{}').requestPayload.Records[0].Sns.Message).toBe('over budget')
  })

  test.each<[string, (resources: Resources) => void]>([
    ['no permission', all => delete all.BudgetsPermission],
    ['one for another service', all => (propertiesOf(all, 'BudgetsPermission').Principal = 's3.amazonaws.com')],
    ['one for another topic', all => (propertiesOf(all, 'BudgetsPermission').SourceArn = `${topicArn}-2`)],
    ['one for another account', all => (propertiesOf(all, 'BudgetsPermission').SourceAccount = '999999999999')],
    ['one for another action', all => (propertiesOf(all, 'BudgetsPermission').Action = 'lambda:GetFunction')],
    [
      'one for another function',
      all => (propertiesOf(all, 'BudgetsPermission').FunctionName = attribute('CarryOutLambdaFunction')),
    ],
  ])('wakes nobody with %s, here as on AWS', async (_, change) => {
    const { clock, publish, invoked, losses } = await deployed(withTopic(change))
    await publish('over budget')
    await clock.advance(1000)
    expect(invoked).toEqual([])
    expect(losses).toMatchObject([{ error: { code: 'AccessDeniedException' } }])
  })

  test('taken down with the stack wakes nobody', async () => {
    const { clock, publish, invoked, stop } = await deployed()
    stop()
    await publish('over budget')
    await clock.advance(1000)
    expect(invoked).toEqual([])
  })

  test.each<[string, (resources: Resources) => void, RegExp]>([
    [
      'a key',
      all => (propertiesOf(all, 'BudgetsTopic').KmsMasterKeyId = 'k'),
      /does not model KmsMasterKeyId of the topic farguard-dev-budgets/,
    ],
    [
      'a topic without a name',
      all => delete propertiesOf(all, 'BudgetsTopic').TopicName,
      /BudgetsTopic .* has no TopicName/,
    ],
    [
      'another attribute of a topic',
      all => (propertiesOf(all, 'BudgetsSubscription').TopicArn = attribute('BudgetsTopic')),
      /can't resolve Arn of BudgetsTopic/,
    ],
    [
      'a filter',
      all => (propertiesOf(all, 'BudgetsSubscription').FilterPolicy = {}),
      /does not model FilterPolicy of the subscription/,
    ],
    [
      'a token of a permission',
      all => (propertiesOf(all, 'BudgetsPermission').EventSourceToken = 't'),
      /does not model EventSourceToken of the permission to invoke farguard-dev-sweep/,
    ],
    [
      'a condition',
      all =>
        (propertiesOf(all, 'BudgetsTopicPolicy').PolicyDocument.Statement[0].Condition = {
          Bool: { 'aws:SecureTransport': 'true' },
        }),
      /A topic policy's condition Bool on aws:SecureTransport is not modelled/,
    ],
    [
      'a subscription to a topic that it does not make',
      all => (propertiesOf(all, 'BudgetsSubscription').TopicArn = `${topicArn}-2`),
      /a topic that the stack does not make/,
    ],
    [
      'a subscription of a function that it does not have',
      all =>
        (propertiesOf(all, 'BudgetsSubscription').Endpoint = 'arn:aws:lambda:eu-central-1:123456789012:function:x'),
      /function:x, a function that the stack does not have/,
    ],
  ])('with %s is refused by name', async (_, change, message) => {
    await expect(async () => deployed(withTopic(change))).rejects.toThrow(message)
  })
})
