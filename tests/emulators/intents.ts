/** carry-out on another AWS emulator: what operators ask for, and its outcome on record. */
import { expect, test } from 'vitest'
import { pushed, type StackOnMoto } from './stack-on-moto.ts'

export function intents(on: () => StackOnMoto): void {
  const deliver = async (name: string, tag: string) => {
    const { push, invoke } = on()
    const digest = await push(`acme/${name}`, tag)
    expect(await invoke('deploy-image', pushed(`acme/${name}`, tag, digest))).toEqual({ batchItemFailures: [] })
    return digest
  }
  const current = async (name: string) => (await on().known(name)).head?.current
  const settled = async (name: string) => {
    const number = (await current(name))?.number ?? 0
    await on().look(name, number)
    return on().deployment(name, number)
  }

  test('what is held waits, and goes when it is released', async () => {
    const { intend, known } = on()
    const first = await deliver('held', '1.0.1')
    expect(await settled('held')).toMatchObject({ state: 'succeeded' })
    expect(await intend({ do: 'hold', target: 'held', because: 'a demo' })).toMatchObject({ state: 'done' })
    const second = await deliver('held', '1.0.2')
    expect((await current('held'))?.image.digest).toBe(first)
    expect((await known('held')).gate).toMatchObject({
      hold: { because: 'a demo', by: 'ana' },
      parked: { image: { digest: second } },
    })
    expect(await intend({ do: 'release', target: 'held' })).toMatchObject({
      state: 'done',
      deployments: [{ target: 'held', number: 2 }],
    })
    expect((await current('held'))?.image.digest).toBe(second)
    expect(await settled('held')).toMatchObject({ state: 'succeeded' })
  })

  test('a rollback runs what ran before, and a deployment by name what is named', async () => {
    const { intend, tasksOf } = on()
    expect(await intend({ do: 'rollback', target: 'held' })).toMatchObject({
      state: 'done',
      deployments: [{ target: 'held', number: 3 }],
    })
    expect(await settled('held')).toMatchObject({ state: 'succeeded', image: { tag: '1.0.1' } })
    expect(await intend({ do: 'deploy', repository: 'acme/held', tag: '1.0.2' })).toMatchObject({
      state: 'done',
      deployments: [{ target: 'held', number: 4 }],
    })
    const { id } = await settled('held')
    expect((await tasksOf('demo', 'held')).map(({ startedBy }) => startedBy)).toEqual([`fg/held/${id}01`])
  })

  test('what needs approval waits for it', async () => {
    const { intend, tasksOf } = on()
    const digest = await deliver('approved', '1.0.1')
    expect(await tasksOf('demo', 'approved')).toEqual([])
    expect(await intend({ do: 'approve', target: 'approved', tag: '1.0.1' })).toMatchObject({
      state: 'done',
      deployments: [{ target: 'approved', number: 1 }],
    })
    expect((await current('approved'))?.image.digest).toBe(digest)
    expect(await tasksOf('demo', 'approved')).toHaveLength(1)
  })

  test('one task is stopped, and only in a cluster of farguard.yml', async () => {
    const { intend, tasksOf } = on()
    const [task] = await tasksOf('demo', 'held')
    const id = task?.taskArn?.split('/').at(-1) ?? ''
    expect(await intend({ do: 'stop-task', cluster: 'other', task: id })).toMatchObject({ reason: 'cluster-not-ours' })
    expect(await tasksOf('demo', 'held')).toHaveLength(1)
    expect(await intend({ do: 'stop-task', cluster: 'demo', task: id })).toMatchObject({ reason: 'stopped' })
    expect(await tasksOf('demo', 'held')).toEqual([])
    expect(await intend({ do: 'stop-task', cluster: 'demo', task: id })).toMatchObject({ reason: 'stopped-already' })
  })

  test('a service is stopped by its desired count', async () => {
    const { intend, desiredCountOf } = on()
    expect(await desiredCountOf('demo', 'asleep')).toBe(1)
    const wish = { do: 'stop-service', cluster: 'demo', service: 'asleep' } as const
    expect(await intend(wish)).toMatchObject({ reason: 'stopped' })
    expect(await desiredCountOf('demo', 'asleep')).toBe(0)
    expect(await intend(wish)).toMatchObject({ reason: 'stopped-already' })
  })

  test.each([
    {
      case: 'an image that does not exist',
      wish: { do: 'deploy', repository: 'acme/held', tag: '1.0.9' },
      reason: 'image-gone',
    },
    {
      case: 'a task that does not exist',
      wish: { do: 'stop-task', cluster: 'demo', task: 'none' },
      reason: 'no-such-task',
    },
    {
      case: 'a service that does not exist',
      wish: { do: 'stop-service', cluster: 'demo', service: 'none' },
      reason: 'no-such-service',
    },
  ] as const)('$case is refused', async ({ wish, reason }) => {
    expect(await on().intend(wish)).toMatchObject({ state: 'refused', reason })
  })
}
