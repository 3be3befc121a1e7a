/** Topics and who is subscribed to them. */
import type { SubscribeInput } from '@aws-sdk/client-sns'
import type { AccountContext } from '../context.ts'
import type { PolicyStatement } from '../resource-policy.ts'
import { invalid, notFound, notModelled } from './refusals.ts'

export interface TopicSettings {
  name: string
  displayName?: string
  /** Which services may publish; absent: none, only the account itself. */
  policy?: { Statement: readonly PolicyStatement[] }
}

export interface Subscription {
  arn: string
  topicArn: string
  protocol: 'lambda' | 'sqs' | 'email'
  endpoint: string
  /** SQS gets the bare message instead of SNS's envelope. */
  isRaw: boolean
  /** An address that nobody has confirmed yet gets nothing. */
  isPending: boolean
}

export interface Topic {
  arn: string
  settings: TopicSettings
  subscriptions: Subscription[]
  /** Of subscriptions that were ended. */
  deleted: number
}

const endpoints: Readonly<Record<Subscription['protocol'], RegExp>> = {
  lambda: /^arn:aws:lambda:[^:]+:\d{12}:function:[\w-]+$/,
  sqs: /^arn:aws:sqs:[^:]+:\d{12}:[\w-]+$/,
  email: /^[^@\s]+@[^@\s]+$/,
}

export class Topics {
  readonly #context: Omit<AccountContext, 'emit'>
  readonly #topics = new Map<string, Topic>()

  constructor(context: Omit<AccountContext, 'emit'>) {
    this.#context = context
  }

  all(): Topic[] {
    return [...this.#topics.values()]
  }

  /** The one of that name, or a new one; a topic that is there with other settings is refused. */
  create(settings: TopicSettings): Topic {
    const { name } = settings
    if (!/^[\w-]{1,256}$/.test(name)) throw invalid(`Topic Name "${name}": 1 to 256 of A-Z a-z 0-9 _ -`)
    const { region, accountId } = this.#context
    const arn = `arn:aws:sns:${region}:${accountId}:${name}`
    const known = this.#topics.get(arn)
    if (known && isOther(known.settings, settings))
      throw invalid('Attributes Reason: Topic already exists with different attributes')
    const topic = known ?? { arn, settings, subscriptions: [], deleted: 0 }
    this.#topics.set(arn, topic)
    return topic
  }

  /** Throws NotFoundException. */
  find(arn: string | undefined): Topic {
    if (!/^arn:aws:sns:[^:]+:\d{12}:[\w-]+$/.test(arn ?? '')) throw invalid('TopicArn')
    const topic = this.#topics.get(arn ?? '')
    if (!topic) throw notFound('Topic')
    return topic
  }

  /** As AWS does, it does not tell when there was none. */
  remove(arn: string | undefined): void {
    this.#topics.delete(arn ?? '')
  }

  /** The same protocol and endpoint again is the same subscription. */
  subscribe(input: SubscribeInput): Subscription {
    const topic = this.find(input.TopicArn)
    const { Protocol = '', Endpoint: endpoint = '' } = input
    const protocol = protocolOf(Protocol)
    if (!endpoints[protocol].test(endpoint)) throw invalid(`${protocol} endpoint "${endpoint}"`)
    const isRaw = isRawOf(protocol, input.Attributes ?? {})
    const known = topic.subscriptions.find(one => one.protocol === protocol && one.endpoint === endpoint)
    if (known && known.isRaw !== isRaw)
      throw invalid('Attributes Reason: Subscription already exists with different attributes')
    if (known) return known
    const subscription: Subscription = {
      arn: `${topic.arn}:${this.#context.random.uuid()}`,
      topicArn: topic.arn,
      protocol,
      endpoint,
      isRaw,
      isPending: protocol === 'email',
    }
    topic.subscriptions.push(subscription)
    return subscription
  }

  /** As AWS does, it does not tell when there was none. */
  unsubscribe(arn: string | undefined): void {
    for (const topic of this.#topics.values()) {
      const left = topic.subscriptions.filter(subscription => subscription.arn !== arn)
      topic.deleted += topic.subscriptions.length - left.length
      topic.subscriptions = left
    }
  }
}

function protocolOf(protocol: string): Subscription['protocol'] {
  if (protocol === 'lambda' || protocol === 'sqs' || protocol === 'email') return protocol
  if (['http', 'https', 'email-json', 'sms', 'application', 'firehose'].includes(protocol))
    throw notModelled(`the protocol ${protocol}: lambda, sqs and email only`)
  throw invalid(`Does not support this protocol string: ${protocol}`)
}

function isRawOf(protocol: string, { RawMessageDelivery = 'false', ...others }: Record<string, string>): boolean {
  const [unknown] = Object.keys(others)
  if (unknown) throw notModelled(`the attribute ${unknown} of a subscription`)
  if (RawMessageDelivery !== 'true' && RawMessageDelivery !== 'false')
    throw invalid('Attributes Reason: RawMessageDelivery')
  if (RawMessageDelivery === 'true' && protocol !== 'sqs')
    throw invalid(`Attributes Reason: RawMessageDelivery is not for ${protocol}`)
  return RawMessageDelivery === 'true'
}

const isOther = (known: TopicSettings, given: TopicSettings) =>
  (given.displayName !== undefined && given.displayName !== known.displayName) ||
  (given.policy !== undefined && JSON.stringify(given.policy) !== JSON.stringify(known.policy))
