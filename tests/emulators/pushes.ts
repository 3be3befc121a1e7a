/** deploy-image on another AWS emulator. */
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { pushed, type StackOnMoto } from './stack-on-moto.ts'

export function pushes(on: () => StackOnMoto): void {
  test('a push puts the service on the pushed digest', async () => {
    const { push, invoke, imageOf } = on()
    const digest = await push('acme/web', '1.1.0')
    expect(await invoke('deploy-image', pushed('acme/web', '1.1.0', digest))).toEqual({ batchItemFailures: [] })
    expect(await imageOf('demo', 'web')).toMatch(new RegExp(`/acme/web@${digest}$`))
  })

  test('a job runs once for two deliveries of its push', async () => {
    const { push, invoke, tasksOf } = on()
    const digest = await push('acme/nightly', 'v1')
    const event = pushed('acme/nightly', 'v1', digest)
    expect(await invoke('deploy-image', event, event)).toEqual({ batchItemFailures: [] })
    expect(await tasksOf('demo', 'nightly')).toHaveLength(1)
  })

  test('twelve copies start, each with the name of its deployment', async () => {
    const { push, invoke, tasksOf } = on()
    const digest = await push('acme/worker', 'v1')
    await invoke('deploy-image', pushed('acme/worker', 'v1', digest))
    const names = (await tasksOf('demo', 'worker')).map(({ startedBy = '' }) => startedBy)
    expect(names).toHaveLength(12)
    expect(new Set(names.map(each => each.replace(/[0-9a-z]{6}(?=0[12]$)/, '…')))).toEqual(
      new Set(['fg/worker/…01', 'fg/worker/…02']),
    )
  })

  test('what can never succeed goes aside with its reason, and does not block its batch', async () => {
    const { push, invoke, imageOf, clients, queues } = on()
    const digest = await push('acme/web', '1.2.0')
    const answer = await invoke('deploy-image', '{ no json', pushed('acme/web', '1.2.0', digest))
    expect(answer).toEqual({ batchItemFailures: [] })
    expect(await imageOf('demo', 'web')).toMatch(new RegExp(`/acme/web@${digest}$`))
    const input = { QueueUrl: queues.deadLetters, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }
    const { Messages } = await clients.sqs.send(new ReceiveMessageCommand(input))
    expect(Messages?.map(each => each.MessageAttributes?.reason?.StringValue)).toEqual([
      expect.stringMatching(/^malformed: The message is not JSON/),
    ])
  })
}
