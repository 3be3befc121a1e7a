/** Topics, two queues behind them and whatever functions a test brings, spoken to by the SDK's own client. */
import * as sdk from '@aws-sdk/client-sns'
import { createSns, type LostDelivery } from '../../../local/account/sns/sns.ts'
import { createSqs } from '../../../local/account/sqs.ts'
import { accountContext } from '../account-context.ts'
import { localAccount } from '../wire/local-account.ts'

export const topicArn = 'arn:aws:sns:eu-central-1:123456789012:budgets'

const allowing = (sourceArn: string) => ({
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: '*',
      Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
    },
  ],
})

export async function snsAccount() {
  const context = accountContext()
  const sqs = createSqs(context)
  const settings = { visibilityTimeoutSeconds: 30, retentionSeconds: 3600 }
  const inbox = sqs.createQueue({ name: 'inbox', policy: allowing(topicArn), ...settings })
  const closed = sqs.createQueue({ name: 'closed', policy: allowing(`${topicArn}-others`), ...settings })
  const sns = createSns(context, sqs)
  const losses: LostDelivery[] = []
  sns.onLoss(loss => losses.push(loss))
  const { client: options, account, faults, wire } = localAccount({ sns: sns.operations })
  const client = new sdk.SNSClient(options)
  await client.send(new sdk.CreateTopicCommand({ Name: 'budgets' }))
  return {
    ...context,
    sns,
    inbox,
    closed,
    losses,
    client,
    account,
    faults,
    wire,
    subscribe: (Protocol: string, Endpoint: string, more: Partial<sdk.SubscribeCommandInput> = {}) =>
      client.send(new sdk.SubscribeCommand({ TopicArn: topicArn, Protocol, Endpoint, ...more })),
    publish: (Message: string, more: Partial<sdk.PublishCommandInput> = {}) =>
      client.send(new sdk.PublishCommand({ TopicArn: topicArn, Message, ...more })),
    attributes: async () =>
      (await client.send(new sdk.GetTopicAttributesCommand({ TopicArn: topicArn }))).Attributes ?? {},
    set: (AttributeName: string, AttributeValue: string) =>
      client.send(new sdk.SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName, AttributeValue })),
    subscriptions: async () =>
      (await client.send(new sdk.ListSubscriptionsByTopicCommand({ TopicArn: topicArn }))).Subscriptions ?? [],
    /** What the queue has got. */
    bodies: () => inbox.receive(10).map(({ body }) => body),
  }
}

export type SnsAccount = Awaited<ReturnType<typeof snsAccount>>
