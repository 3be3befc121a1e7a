/** sweep on another AWS emulator, which sends no event at all: what was pushed is found, what is missing is started. */
import { StopTaskCommand } from '@aws-sdk/client-ecs'
import { expect, test } from 'vitest'
import { runningTasks } from '../../shared/status/task-record.ts'
import type { StackOnMoto } from './stack-on-moto.ts'

export function sweeps(on: () => StackOnMoto): void {
  const found = ({ repaired }: { repaired: string[] }) => repaired.filter(line => line.startsWith('target missed:'))

  test('an image that no event told of is deployed', async () => {
    const { push, sweep, known, tasksOf } = on()
    const digest = await push('acme/missed', '1.0.1')
    const report = await sweep()
    expect({ failed: report.failed, left: report.left }).toEqual({ failed: [], left: [] })
    expect(found(report)).toHaveLength(1)
    expect((await known('missed')).head?.current.image).toMatchObject({ tag: '1.0.1', digest })
    expect(await tasksOf('night', 'missed')).toHaveLength(1)
  })

  test('the next one puts its task on record and finds that it runs', async () => {
    const { sweep, deployment, table } = on()
    await sweep()
    expect(await deployment('missed', 1)).toMatchObject({ state: 'succeeded' })
    const records = []
    for await (const page of runningTasks(table, { target: 'missed' })) records.push(...page)
    expect(records).toEqual([
      expect.objectContaining({
        cluster: 'night',
        lastStatus: 'RUNNING',
        deployment: expect.objectContaining({ attempt: 1 }),
      }),
    ])
  })

  test('once all is as it should be, one writes nothing', async () => {
    const { sweep, records } = on()
    const before = await records()
    expect(await sweep()).toEqual({ repaired: [], failed: [], left: [] })
    expect(await records()).toEqual(before)
  })

  test('a copy that is gone is started again', async () => {
    const { sweep, tasksOf, clients, pass } = on()
    const [copy] = await tasksOf('night', 'missed')
    await clients.ecs.send(new StopTaskCommand({ cluster: 'night', task: copy?.taskArn }))
    pass(11 * 60_000)
    const report = await sweep()
    expect(found(report)).toEqual(['target missed: 1 of its copies had ended and were started again'])
    expect(await tasksOf('night', 'missed')).toHaveLength(1)
  })
}
