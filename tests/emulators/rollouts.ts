/** Rollouts on another AWS emulator, as far as its ECS goes: no service deployments, no versions, no times of a task, no stop codes. */
import type { Task } from '@aws-sdk/client-ecs'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { pushed, type StackOnMoto } from './stack-on-moto.ts'

const minute = 60_000

export function rollouts(on: () => StackOnMoto): void {
  const deploy = async (name: string, tag: string) => {
    const { push, invoke, known } = on()
    const digest = await push(`acme/${name}`, tag)
    expect(await invoke('deploy-image', pushed(`acme/${name}`, tag, digest))).toEqual({ batchItemFailures: [] })
    const current = (await known(name)).head?.current
    expect(current?.image).toMatchObject({ tag, digest })
    return { digest, number: current?.number ?? 0 }
  }

  const looksToCome = async () => {
    const { clients, queues } = on()
    const input = { QueueUrl: queues.control, AttributeNames: ['ApproximateNumberOfMessagesDelayed' as const] }
    const { Attributes } = await clients.sqs.send(new GetQueueAttributesCommand(input))
    return Number(Attributes?.ApproximateNumberOfMessagesDelayed)
  }

  test('a service of which ECS tells nothing is put back at the deadline', async () => {
    const { look, deployment, imageOf, invoke, pass } = on()
    const before = { image: await imageOf('demo', 'api'), looks: await looksToCome() }
    const { digest, number } = await deploy('api', '1.0.1')
    expect(await looksToCome()).toBe(before.looks + 1)
    // moto keeps telling of the first deployment, and answers ListServiceDeployments with a page of HTML.
    await look('api', number)
    expect(await invoke('record-service', steady('api'))).toEqual({ batchItemFailures: [] })
    expect((await deployment('api', number)).state).toBe('started')
    expect(await imageOf('demo', 'api')).toContain(digest)

    pass(16 * minute)
    expect(await invoke('record-service', steady('api'))).toEqual({ batchItemFailures: [] })
    expect(await deployment('api', number)).toMatchObject({
      state: 'rolled-back',
      ended: { reason: 'not-in-time', detail: expect.stringContaining('ECS says nothing after 15 min') },
      undone: { by: 'farguard' },
    })
    expect(await imageOf('demo', 'api')).toBe(before.image)
  })

  test('a push to a parked service is judged by its copies once it wakes', async () => {
    const { look, deployment, setDesiredCount } = on()
    await setDesiredCount('demo', 'asleep', 0)
    const { number } = await deploy('asleep', '1.0.1')
    await look('asleep', number)
    expect(await deployment('asleep', number)).toMatchObject({ state: 'started', isParked: true })
    await setDesiredCount('demo', 'asleep', 1)
    await look('asleep', number)
    expect(await deployment('asleep', number)).toMatchObject({ state: 'succeeded' })
  })

  test('copies that run succeed by their first event, and those of before are stopped', async () => {
    const { deployment, tasksOf, invoke, look } = on()
    const first = await deploy('copies', '1.0.1')
    const [copy] = await tasksOf('demo', 'copies')
    expect(await invoke('record-task', running(copy))).toEqual({ batchItemFailures: [] })
    expect(await deployment('copies', first.number)).toMatchObject({ state: 'succeeded' })

    const second = await deploy('copies', '1.0.2')
    await look('copies', second.number)
    expect(await deployment('copies', second.number)).toMatchObject({ state: 'succeeded' })
    expect((await deployment('copies', first.number)).retiredAt).toBeDefined()
    const { id } = await deployment('copies', second.number)
    const startedBy = (await tasksOf('demo', 'copies')).map(each => each.startedBy)
    expect(startedBy).toEqual([`fg/copies/${id}01`, `fg/copies/${id}01`])
  })

  test('a job whose end ECS does not explain has not succeeded', async () => {
    const { known, look, deployment, moto } = on()
    const number = (await known('nightly')).head?.current.number ?? 0
    await moto.tasksEnd('by being looked at')
    try {
      for (let looks = 0; looks < 5; looks++) await look('nightly', number)
    } finally {
      await moto.tasksEnd('never')
    }
    expect(await deployment('nightly', number)).toMatchObject({ state: 'failed', ended: { reason: 'outcome-unknown' } })
  })
}

function steady(service: string): string {
  return JSON.stringify({
    source: 'aws.ecs',
    'detail-type': 'ECS Service Action',
    time: new Date().toISOString(),
    resources: [`arn:aws:ecs:eu-central-1:123456789012:service/demo/${service}`],
    detail: { eventType: 'INFO', eventName: 'SERVICE_STEADY_STATE' },
  })
}

/** The event that AWS would send of it; moto sends none. */
function running({ taskArn, clusterArn, group, startedBy, launchType }: Task = {}): string {
  const detail = {
    taskArn,
    clusterArn,
    group,
    startedBy,
    launchType,
    version: 4,
    lastStatus: 'RUNNING',
    containers: [],
  }
  const envelope = { source: 'aws.ecs', 'detail-type': 'ECS Task State Change', time: new Date().toISOString() }
  return JSON.stringify({ ...envelope, detail })
}
