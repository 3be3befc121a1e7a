import { GetQueueUrlCommand, QueueDoesNotExist, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { type ControlMessage, controlMessage } from '../../events/control-message.ts'
import { controlQueue, controlQueueNamed } from '../../shared/aws/sqs-control.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const url = 'https://sqs.eu-central-1.amazonaws.com/123456789012/farguard-dev-control'
const region = 'eu-central-1'
const look: ControlMessage = { kind: 'look', target: 'web' }
const sqs = mockClient(SQSClient)
beforeEach(() => {
  sqs.reset()
  sqs.on(SendMessageCommand).resolves({ MessageId: '1' })
})

const sent = () => sqs.commandCalls(SendMessageCommand).map(call => call.args[0].input)

describe('the control queue', () => {
  test('what is sent is what its reader takes', async () => {
    await controlQueue(url, { region }).send(look)
    expect(sent()).toMatchObject([{ QueueUrl: url, DelaySeconds: 0 }])
    expect(z.parse(controlMessage, JSON.parse(sent()[0]?.MessageBody ?? ''))).toEqual(look)
  })

  test.each([0, 1, 900])('%i seconds later', async delaySeconds => {
    await controlQueue(url, { region }).send(look, delaySeconds)
    expect(sent()).toMatchObject([{ DelaySeconds: delaySeconds }])
  })

  test.each([-1, 901, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'a delay of %d is refused before it is sent',
    async delay => {
      const refusal = controlQueue(url, { region }).send(look, delay)
      await expect(refusal).rejects.toThrow(RefusedError)
      await expect(refusal).rejects.toThrow(`A delay of ${delay} seconds: SQS takes whole seconds from 0 to 900.`)
      expect(sent()).toEqual([])
    },
  )

  test('by name: its URL is looked for once, when the first message is sent', async () => {
    sqs.on(GetQueueUrlCommand, { QueueName: 'farguard-dev-control' }).resolves({ QueueUrl: url })
    const control = controlQueueNamed('farguard-dev-control', { region })
    expect(sqs.calls()).toHaveLength(0)
    await control.send(look)
    await control.send(look, 60)
    expect(sent().map(({ QueueUrl }) => QueueUrl)).toEqual([url, url])
    expect(sqs.commandCalls(GetQueueUrlCommand)).toHaveLength(1)
  })

  test('by name: one that is not there yet is refused by its name, and found when it is', async () => {
    const message = 'The specified queue does not exist.'
    sqs.on(GetQueueUrlCommand).rejectsOnce(new QueueDoesNotExist({ message, $metadata: { httpStatusCode: 400 } }))
    const control = controlQueueNamed('farguard-dev-control', { region })
    const refusal = control.send(look)
    await expect(refusal).rejects.toMatchObject({ name: 'RefusedError', code: 'QueueDoesNotExist' })
    await expect(refusal).rejects.toThrow('sqs:GetQueueUrl of farguard-dev-control')
    sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: url })
    await control.send(look)
    expect(sent()).toHaveLength(1)
  })

  test('SQS that throttles is to be tried again', async () => {
    const throttled = Object.assign(new Error('slow down'), {
      name: 'RequestThrottled',
      $metadata: { httpStatusCode: 403 },
    })
    sqs.on(SendMessageCommand).rejects(throttled)
    await expect(controlQueue(url, { region }).send(look)).rejects.toThrow(RetryableError)
  })
})
