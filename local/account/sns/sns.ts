/** SNS in the local account: topics, who is subscribed, and what is brought to functions and queues. */
import type * as sdk from '@aws-sdk/client-sns'
import type { SNSEvent } from 'aws-lambda'
import { AwsError } from '../aws-error.ts'
import type { AccountContext, AccountService } from '../context.ts'
import { allows, checkStatement, type PolicyStatement } from '../resource-policy.ts'
import type { Sqs } from '../sqs.ts'
import { lambdaEvent, type Published, queueMessage } from './notification.ts'
import { pageOf } from './pages.ts'
import { type CheckedMessage, checkMessage, invalid, notModelled, refuseGiven } from './refusals.ts'
import { type Subscription, type Topic, type TopicSettings, Topics } from './topics.ts'

/** Takes an event to a function, which it does not wait for. Throws AwsError when there is none, or when the topic may not. */
export type InvokeFunction = (functionArn: string, topicArn: string, event: SNSEvent) => void

/** A message that its subscriber did not take: on AWS a metric counts it, and nothing else tells. */
export interface LostDelivery {
  topicArn: string
  endpoint: string
  messageId: string
  error: AwsError
}

export interface Sns extends AccountService {
  createTopic(settings: TopicSettings): Topic
  subscribe(input: sdk.SubscribeInput): Subscription
  /**
   * As a service of AWS publishes, such as `budgets.amazonaws.com`, on behalf of what `sourceArn` names: throws AwsError when the
   * topic is missing, its policy does not let the service, or SNS does not take the message.
   */
  publishAs(from: { service: string; sourceArn: string }, topicArn: string, message: sdk.PublishInput): string
  /** Until the function that it gives is called; without it there are no functions. */
  setFunctions(invoke: InvokeFunction): () => void
  /** Hears of every message that a subscriber did not take; gives the function that stops listening. */
  onLoss(listener: (loss: LostDelivery) => void): () => void
}

/** What SNS takes to bring a message to a subscriber. */
const deliveryMs = 200

export function createSns(context: Omit<AccountContext, 'emit'>, sqs: Pick<Sqs, 'deliverFromTopic'>): Sns {
  const topics = new Topics(context)
  const listeners = new Set<(loss: LostDelivery) => void>()
  let invoke = withoutFunctions

  function publish(topic: Topic, message: CheckedMessage): string {
    const messageId = context.random.uuid()
    const published: Published = { messageId, topicArn: topic.arn, at: context.clock.now(), message }
    for (const subscription of topic.subscriptions)
      if (!subscription.isPending) context.clock.after(deliveryMs, () => bring(published, subscription))
    return messageId
  }

  function bring(published: Published, subscription: Subscription): void {
    const { topicArn, messageId, message } = published
    const { protocol, endpoint, isRaw } = subscription
    try {
      if (protocol === 'lambda') invoke(endpoint, topicArn, lambdaEvent(published, subscription))
      else if (isRaw)
        sqs.deliverFromTopic(endpoint, message.textFor('sqs'), { topicArn, attributes: message.attributes })
      else sqs.deliverFromTopic(endpoint, queueMessage(published, subscription), { topicArn })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      for (const listener of listeners) listener({ topicArn, endpoint, messageId, error })
    }
  }

  return {
    createTopic: settings => topics.create(settings),
    subscribe: input => topics.subscribe(input),
    publishAs({ service, sourceArn }, topicArn, input) {
      const topic = topics.find(topicArn)
      const request = {
        service,
        action: 'sns:Publish',
        resource: topicArn,
        sourceArn,
        sourceAccount: context.accountId,
      }
      if (!allows(topic.settings.policy?.Statement ?? [], request))
        throw new AwsError(
          'AuthorizationErrorException',
          `User: ${service} is not authorized to perform: SNS:Publish on resource: ${topicArn}`,
          { status: 403 },
        )
      return publish(topic, checkMessage(input))
    },
    setFunctions(given) {
      invoke = given
      return () => {
        invoke = withoutFunctions
      }
    },
    onLoss(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    operations: {
      CreateTopic(input: sdk.CreateTopicInput): sdk.CreateTopicResponse {
        const { DataProtectionPolicy, Tags } = input
        refuseGiven('CreateTopic', { DataProtectionPolicy, Tags: Tags?.length ? Tags : undefined })
        return { TopicArn: topics.create({ name: input.Name ?? '', ...settingsOf(input.Attributes ?? {}) }).arn }
      },
      DeleteTopic(input: sdk.DeleteTopicInput) {
        topics.remove(input.TopicArn)
      },
      ListTopics(input: sdk.ListTopicsInput): sdk.ListTopicsResponse {
        const { items, ...next } = pageOf(topics.all(), ({ arn }) => arn, input)
        return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), ...next }
      },
      GetTopicAttributes: (input: sdk.GetTopicAttributesInput): sdk.GetTopicAttributesResponse => ({
        Attributes: attributesOf(topics.find(input.TopicArn), context.accountId),
      }),
      SetTopicAttributes(input: sdk.SetTopicAttributesInput) {
        const topic = topics.find(input.TopicArn)
        const { AttributeName = '', AttributeValue = '' } = input
        topic.settings = { ...topic.settings, ...settingsOf({ [AttributeName]: AttributeValue }) }
      },
      Subscribe(input: sdk.SubscribeInput): sdk.SubscribeResponse {
        const { arn, isPending } = topics.subscribe(input)
        return { SubscriptionArn: isPending && !input.ReturnSubscriptionArn ? 'pending confirmation' : arn }
      },
      Unsubscribe(input: sdk.UnsubscribeInput) {
        topics.unsubscribe(input.SubscriptionArn)
      },
      ListSubscriptionsByTopic(input: sdk.ListSubscriptionsByTopicInput): sdk.ListSubscriptionsByTopicResponse {
        const { items, ...next } = pageOf(topics.find(input.TopicArn).subscriptions, ({ arn }) => arn, input)
        return { Subscriptions: items.map(subscription => listed(subscription, context.accountId)), ...next }
      },
      Publish(input: sdk.PublishInput): sdk.PublishResponse {
        // Only one of the two may be given; both name a topic here.
        if (input.TopicArn !== undefined && input.TargetArn !== undefined) throw invalid('TopicArn and TargetArn')
        return { MessageId: publish(topics.find(input.TopicArn ?? input.TargetArn), checkMessage(input)) }
      },
    },
  }
}

const withoutFunctions: InvokeFunction = functionArn => {
  throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`)
}

function settingsOf({ DisplayName, Policy, ...others }: Record<string, string>): Omit<TopicSettings, 'name'> {
  const [unknown] = Object.keys(others)
  if (unknown) throw notModelled(`the attribute ${unknown} of a topic`)
  return {
    ...(DisplayName !== undefined && { displayName: DisplayName }),
    ...(Policy !== undefined && { policy: policyIn(Policy) }),
  }
}

function policyIn(text: string): NonNullable<TopicSettings['policy']> {
  try {
    const { Statement } = JSON.parse(text) as { Statement: PolicyStatement | PolicyStatement[] }
    const statements = [Statement].flat()
    for (const statement of statements) checkStatement('topic', statement)
    return { Statement: statements }
  } catch (error) {
    throw invalid(`Policy: ${(error as Error).message}`)
  }
}

function attributesOf({ arn, settings, subscriptions, deleted }: Topic, accountId: string): Record<string, string> {
  const pending = subscriptions.filter(({ isPending }) => isPending).length
  return {
    TopicArn: arn,
    Owner: accountId,
    DisplayName: settings.displayName ?? '',
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: settings.policy?.Statement ?? [] }),
    SubscriptionsConfirmed: String(subscriptions.length - pending),
    SubscriptionsPending: String(pending),
    SubscriptionsDeleted: String(deleted),
  }
}

const listed = ({ arn, topicArn, protocol, endpoint, isPending }: Subscription, Owner: string): sdk.Subscription => ({
  SubscriptionArn: isPending ? 'PendingConfirmation' : arn,
  TopicArn: topicArn,
  Protocol: protocol,
  Endpoint: endpoint,
  Owner,
})
