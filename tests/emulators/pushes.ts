/** deploy-image on another AWS emulator. */
import { BatchDeleteImageCommand, StartImageScanCommand } from '@aws-sdk/client-ecr'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { imageEvent, pushed, type StackOnMoto } from './stack-on-moto.ts'

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

  test('an image that runs and is deleted is on record as gone', async () => {
    const { invoke, known, clients } = on()
    const { digest = '' } = (await known('web')).head?.current.image ?? {}
    const input = { repositoryName: 'acme/web', imageIds: [{ imageDigest: digest }] }
    await clients.ecr.send(new BatchDeleteImageCommand(input))
    const deleted = imageEvent('DELETE', 'acme/web', '1.2.0', digest)
    expect(await invoke('deploy-image', deleted, deleted)).toEqual({ batchItemFailures: [] })
    expect((await known('web')).gate?.gone).toEqual([expect.objectContaining({ digest, how: 'deleted' })])
  })

  test('what was never scanned waits for its scan, and what a scan found is held', async () => {
    const { push, invoke, known, clients, tasksOf } = on()
    const event = async (tag: string) => pushed('acme/scanned', tag, await push('acme/scanned', tag))
    await invoke('deploy-image', await event('1.0.1'))
    expect((await known('scanned')).gate?.parked).toMatchObject({ reason: 'scan-pending', image: { tag: '1.0.1' } })
    const next = await event('1.0.2')
    // moto finds the same in every image: 5 of HIGH, 1 of CRITICAL.
    await clients.ecr.send(
      new StartImageScanCommand({ repositoryName: 'acme/scanned', imageId: { imageTag: '1.0.2' } }),
    )
    await invoke('deploy-image', next)
    expect((await known('scanned')).gate?.parked).toMatchObject({ reason: 'scan-findings', image: { tag: '1.0.2' } })
    expect(await tasksOf('demo', 'scanned')).toEqual([])
  })
}
