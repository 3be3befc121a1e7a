/** The control queue, in SQS. */
import { GetQueueUrlCommand, SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import { type Control, RefusedError } from '../ports.ts'
import { clientConfig } from './client-config.ts'
import { saying } from './sdk-error.ts'

/** SQS delays a message by 15 minutes at most. */
const maxDelaySeconds = 900

/** `queueUrl`: as CloudFormation gives it. `options`: for a client other than the environment's. */
export function controlQueue(queueUrl: string, options: SQSClientConfig = {}): Control {
  return controlOf(sqsClient(options), async () => queueUrl)
}

/** The queue of this name in the client's own account and Region; it is looked for when the first message is sent. */
export function controlQueueNamed(name: string, options: SQSClientConfig = {}): Control {
  const sqs = sqsClient(options)
  let found: string | undefined
  return controlOf(sqs, async () => {
    found ??= await saying(`sqs:GetQueueUrl of ${name}`, async () => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }))
      if (!QueueUrl) throw new RefusedError('QueueDoesNotExist', `sqs:GetQueueUrl of ${name}: SQS named no queue.`)
      return QueueUrl
    })
    return found
  })
}

function sqsClient(options: SQSClientConfig): SQSClient {
  // Otherwise the host in the queue's URL beats AWS_ENDPOINT_URL, which alone is to move the whole program.
  return new SQSClient({ ...clientConfig, useQueueUrlAsEndpoint: false, ...options })
}

function controlOf(sqs: SQSClient, urlOf: () => Promise<string>): Control {
  return {
    async send(message, delaySeconds = 0) {
      if (!(Number.isInteger(delaySeconds) && delaySeconds >= 0 && delaySeconds <= maxDelaySeconds)) {
        const what = `A delay of ${delaySeconds} seconds: SQS takes whole seconds from 0 to ${maxDelaySeconds}.`
        throw new RefusedError('InvalidParameterValue', what)
      }
      const QueueUrl = await urlOf()
      const body = { QueueUrl, MessageBody: JSON.stringify(message), DelaySeconds: delaySeconds }
      await saying(`sqs:SendMessage to ${QueueUrl}`, () => sqs.send(new SendMessageCommand(body)))
    },
  }
}
