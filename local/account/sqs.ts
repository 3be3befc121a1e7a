/** SQS in the local account: the operations, on queues that the stack made. */
import type * as sqs from '@aws-sdk/client-sqs'
import { AwsError } from './aws-error.ts'
import type { AccountContext, AccountService } from './context.ts'
import { type MessageAttributes, md5OfAttributes } from './message-md5.ts'
import { type Message, Queue, type QueueSettings } from './queue.ts'
import { allows } from './resource-policy.ts'
import { checkMessage, requireBetween } from './sqs-limits.ts'

export type Sqs = AccountService & {
  createQueue(settings: QueueSettings): Queue
  queue(name: string): Queue | undefined
  queueUrl(name: string): string
  /** As EventBridge sends; throws when the queue is missing or its policy does not allow the rule. */
  deliver(queueArn: string, body: string, about: { ruleArn: string; attributes?: Record<string, string> }): void
  /** As SNS sends; throws as `deliver` does. */
  deliverFromTopic(queueArn: string, body: string, about: { topicArn: string; attributes?: MessageAttributes }): void
}

/** `host`: of the queues' URLs, `host:port`; a function where the port is known only later. */
export function createSqs(
  context: Omit<AccountContext, 'emit'>,
  { host = 'sqs.local' }: { host?: string | (() => string) } = {},
): Sqs {
  const queues = new Map<string, Queue>()
  const byArn = (arn: string) => [...queues.values()].find(queue => queue.arn === arn)
  const queueUrl = (name: string) => `http://${typeof host === 'function' ? host() : host}/${context.accountId}/${name}`

  function named(name: string | undefined, account = context.accountId): Queue {
    const queue = account === context.accountId ? queues.get(name ?? '') : undefined
    if (queue) return queue
    throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')
  }

  /** Only the path tells the queue: the host is that of whatever endpoint the client was sent to. */
  function at(url: string | undefined): Queue {
    const [, account, name] = /^(?:https?:\/\/[^/]+)?\/?(\d{12})\/([\w-]+)\/?$/.exec(url ?? '') ?? []
    if (!account) throw new AwsError('InvalidAddress', `The address ${url} is not valid for this endpoint.`)
    return named(name, account)
  }

  /** Throws as EventBridge records it: without the permission an event is lost, or goes to the rule's dead letters. */
  function open(queueArn: string, service: string, sourceArn: string): Queue {
    const queue = byArn(queueArn)
    if (!queue) throw new AwsError('RESOURCE_NOT_FOUND', `The queue ${queueArn} does not exist.`)
    const statements = queue.settings.policy?.Statement ?? []
    const request = {
      service,
      action: 'sqs:SendMessage',
      resource: queueArn,
      sourceArn,
      sourceAccount: context.accountId,
    }
    if (allows(statements, request)) return queue
    throw new AwsError('NO_PERMISSIONS', `The policy of ${queueArn} does not allow ${sourceArn} to send.`)
  }

  return {
    createQueue(settings) {
      if (queues.has(settings.name)) throw new AwsError('QueueNameExists', `A queue ${settings.name} exists already.`)
      const queue = new Queue(context, settings)
      queues.set(settings.name, queue)
      queue.setDeadLetters(message => {
        const arn = settings.redrive?.deadLetterArn ?? ''
        const deadLetters = byArn(arn)
        // A program's mistake, not a client's: the stack names a queue that it does not make.
        if (!deadLetters) throw new Error(`${settings.name} sends its dead letters to ${arn}, which does not exist.`)
        deadLetters.adopt(message, queue.arn)
      })
      return queue
    },
    queue: name => queues.get(name),
    queueUrl,
    deliver(queueArn, body, { ruleArn, attributes = {} }) {
      const strings = Object.entries(attributes).map(([name, StringValue]) => [
        name,
        { DataType: 'String', StringValue },
      ])
      open(queueArn, 'events.amazonaws.com', ruleArn).send(body, Object.fromEntries(strings))
    },
    deliverFromTopic(queueArn, body, { topicArn, attributes = {} }) {
      open(queueArn, 'sns.amazonaws.com', topicArn).send(body, attributes)
    },
    operations: {
      SendMessage: (input: sqs.SendMessageRequest): sqs.SendMessageResult => {
        const queue = at(input.QueueUrl)
        const { body, attributes } = checkMessage(input)
        const delay = requireBetween('DelaySeconds', input.DelaySeconds ?? 0, 0, 900)
        const message = queue.send(body, attributes, delay)
        const md5 = md5OfAttributes(attributes)
        return {
          MessageId: message.id,
          MD5OfMessageBody: message.md5OfBody,
          ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5 }),
        }
      },
      ReceiveMessage: async (input: sqs.ReceiveMessageRequest): Promise<sqs.ReceiveMessageResult> => {
        const queue = at(input.QueueUrl)
        const most = requireBetween('MaxNumberOfMessages', input.MaxNumberOfMessages ?? 1, 1, 10)
        const wait = requireBetween('WaitTimeSeconds', input.WaitTimeSeconds ?? 0, 0, 20)
        const visibility = input.VisibilityTimeout
        if (visibility !== undefined) requireBetween('VisibilityTimeout', visibility, 0, 43_200)
        let messages = queue.receive(most, visibility)
        if (messages.length === 0 && wait > 0) {
          await arrival(context, queue, wait)
          messages = queue.receive(most, visibility)
        }
        return messages.length === 0 ? {} : { Messages: messages.map(message => received(message, input)) }
      },
      DeleteMessage: (input: sqs.DeleteMessageRequest) => {
        at(input.QueueUrl).delete(receiptOf(input.ReceiptHandle))
        return {}
      },
      ChangeMessageVisibility: (input: sqs.ChangeMessageVisibilityRequest) => {
        const queue = at(input.QueueUrl)
        const seconds = requireBetween('VisibilityTimeout', input.VisibilityTimeout ?? 0, 0, 43_200)
        if (queue.changeVisibility(receiptOf(input.ReceiptHandle), seconds)) return {}
        throw new AwsError('MessageNotInflight', 'The message referred to is not in flight.')
      },
      GetQueueUrl: (input: sqs.GetQueueUrlRequest): sqs.GetQueueUrlResult => {
        const { settings } = named(input.QueueName, input.QueueOwnerAWSAccountId)
        return { QueueUrl: queueUrl(settings.name) }
      },
      GetQueueAttributes: (input: sqs.GetQueueAttributesRequest): sqs.GetQueueAttributesResult => {
        const all = attributesOf(at(input.QueueUrl))
        const asked: string[] = input.AttributeNames ?? []
        const unknown = asked.find(name => name !== 'All' && !knownAttributes.has(name))
        if (unknown) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`)
        const chosen = Object.entries(all).filter(([name]) => asked.includes('All') || asked.includes(name))
        return chosen.length === 0 ? {} : { Attributes: Object.fromEntries(chosen) }
      },
      ListQueues: (input: sqs.ListQueuesRequest): sqs.ListQueuesResult => {
        const names = [...queues.keys()].filter(name => name.startsWith(input.QueueNamePrefix ?? '')).sort()
        const most = requireBetween('MaxResults', input.MaxResults ?? 1000, 1, 1000)
        const from = input.NextToken === undefined ? 0 : names.findIndex(name => name > (input.NextToken ?? ''))
        const page = from === -1 ? [] : names.slice(from, from + most)
        const last = page.at(-1)
        const isMore = last !== undefined && last !== names.at(-1)
        return {
          ...(page.length > 0 ? { QueueUrls: page.map(queueUrl) } : {}),
          ...(isMore && input.MaxResults !== undefined ? { NextToken: last } : {}),
        }
      },
      PurgeQueue: (input: sqs.PurgeQueueRequest) => {
        at(input.QueueUrl).purge()
        return {}
      },
    },
  }
}

/** Comes back when the queue has something to give, or after `seconds` of the account's time. */
function arrival({ clock }: Pick<AccountContext, 'clock'>, queue: Queue, seconds: number): Promise<void> {
  return new Promise(done => {
    const end = () => {
      timer.cancel()
      stop()
      done()
    }
    const stop = queue.onVisible(end)
    const timer = clock.after(seconds * 1000, end)
  })
}

function receiptOf(receipt: string | undefined): string {
  if (receipt && /^[0-9a-f-]{36}\.\d+\.[0-9a-f]{32}$/.test(receipt)) return receipt
  throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${receipt}" is not a valid receipt handle.`)
}

function received(message: Message, input: sqs.ReceiveMessageRequest): sqs.Message {
  const system: string[] = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])]
  const Attributes = Object.entries(systemAttributes(message)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  )
  const asked = input.MessageAttributeNames ?? []
  const wanted = (name: string) =>
    asked.some(each => each === 'All' || each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -2))))
  const MessageAttributes = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => wanted(name)))
  const md5 = md5OfAttributes(MessageAttributes)
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    ...(Attributes.length > 0 ? { Attributes: Object.fromEntries(Attributes) } : {}),
    ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5, MessageAttributes }),
  }
}

/** What SQS itself says of a message, as strings. */
export function systemAttributes(message: Message): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    // EventBridge and our own functions are the only senders, and SQS names a sender by its role's id.
    SenderId: 'AROAFARGUARDLOCAL:farguard',
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.deadLetterSourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSourceArn }),
  }
}

const knownAttributes = new Set([
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'MaximumMessageSize',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'QueueArn',
  'RedrivePolicy',
  'Policy',
  'SqsManagedSseEnabled',
])

function attributesOf(queue: Queue): Record<string, string> {
  const { settings, counts } = queue
  const created = String(Math.floor(queue.createdAt / 1000))
  const { redrive, policy } = settings
  return {
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    VisibilityTimeout: String(settings.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(settings.retentionSeconds),
    MaximumMessageSize: '1048576',
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    QueueArn: queue.arn,
    SqsManagedSseEnabled: 'true',
    ...(policy ? { Policy: JSON.stringify(policy) } : {}),
    ...(redrive
      ? {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: redrive.deadLetterArn,
            maxReceiveCount: redrive.maxReceiveCount,
          }),
        }
      : {}),
  }
}
