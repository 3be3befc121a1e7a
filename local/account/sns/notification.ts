/** What subscribers get of a message: Lambda's event, and the envelope that SQS gets. */
import type { MessageAttributeValue } from '@aws-sdk/client-sns'
import type { SNSEvent } from 'aws-lambda'
import type { CheckedMessage } from './refusals.ts'
import type { Subscription } from './topics.ts'

export interface Published {
  messageId: string
  topicArn: string
  at: Date
  message: CheckedMessage
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export function lambdaEvent(published: Published, { arn }: Subscription): SNSEvent {
  const { messageId, topicArn, at, message } = published
  const { signature, unsubscribe, certificate } = signed(topicArn, arn)
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: arn,
        Sns: {
          Type: 'Notification',
          MessageId: messageId,
          TopicArn: topicArn,
          // AWS has null for none, whatever the type says.
          Subject: (message.subject ?? null) as string,
          Message: message.textFor('lambda'),
          Timestamp: at.toISOString(),
          SignatureVersion: '1',
          Signature: signature,
          SigningCertUrl: certificate,
          UnsubscribeUrl: unsubscribe,
          MessageAttributes: attributesOf(message.attributes),
        },
      },
    ],
  }
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
export function queueMessage(published: Published, { arn }: Subscription): string {
  const { messageId, topicArn, at, message } = published
  const { signature, unsubscribe, certificate } = signed(topicArn, arn)
  const MessageAttributes = attributesOf(message.attributes)
  return JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    ...(message.subject !== undefined && { Subject: message.subject }),
    Message: message.textFor('sqs'),
    Timestamp: at.toISOString(),
    SignatureVersion: '1',
    Signature: signature,
    SigningCertURL: certificate,
    UnsubscribeURL: unsubscribe,
    ...(Object.keys(MessageAttributes).length > 0 && { MessageAttributes }),
  })
}

function attributesOf(
  attributes: Record<string, MessageAttributeValue>,
): Record<string, { Type: string; Value: string }> {
  const entries = Object.entries(attributes).map(([name, { DataType = '', StringValue, BinaryValue }]) => {
    const Value = BinaryValue ? Buffer.from(BinaryValue).toString('base64') : (StringValue ?? '')
    return [name, { Type: DataType, Value }]
  })
  return Object.fromEntries(entries)
}

/** Nothing here is signed: whoever checks signatures must find that out at once. */
function signed(topicArn: string, subscriptionArn: string) {
  const [, , , region] = topicArn.split(':')
  const host = `https://sns.${region}.amazonaws.com`
  return {
    signature: 'THE+LOCAL+ACCOUNT+SIGNS+NOTHING=',
    certificate: `${host}/SimpleNotificationService-00000000000000000000000000000000.pem`,
    unsubscribe: `${host}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
  }
}
