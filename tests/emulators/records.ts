/** record-task on another AWS emulator: events as AWS sends them, records in its DynamoDB. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readTask } from '../../shared/status/task-record.ts'
import type { StackOnMoto } from './stack-on-moto.ts'

type Sample = { detail: Record<string, unknown> & { taskArn: string } }

function sample(name: string): Sample {
  return JSON.parse(readFileSync(new URL(`../../events/samples/${name}.json`, import.meta.url), 'utf8'))
}

export function records(on: () => StackOnMoto): void {
  const record = (...events: Sample[]) => on().invoke('record-task', ...events.map(each => JSON.stringify(each)))
  const onRecord = ({ detail }: Sample) => readTask(on().table, detail.taskArn)

  test('every task of a batch that is ours goes on record, and nothing else', async () => {
    const service = sample('task-of-service')
    const failed = sample('task-failed-to-start')
    const others = [sample('task-of-other-cluster'), sample('task-on-ec2')]
    expect(await record(service, failed, ...others)).toEqual({ batchItemFailures: [] })
    expect(await onRecord(service)).toMatchObject({
      version: 4,
      lastStatus: 'RUNNING',
      target: 'web',
      service: 'web',
      cpu: 256,
    })
    expect(await onRecord(failed)).toMatchObject({ version: 3, lastStatus: 'STOPPED', target: 'worker' })
    for (const other of others) expect(await onRecord(other)).toBeUndefined()
  })

  test('what comes late takes nothing back, and a task that has stopped never reopens', async () => {
    const stopped = sample('task-of-job-completed')
    const of = (version: number): Sample => ({
      ...stopped,
      detail: { ...stopped.detail, version, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', stopCode: undefined },
    })
    await record(of(5))
    expect(await onRecord(stopped)).toMatchObject({ version: 5, lastStatus: 'RUNNING' })
    await record(of(4), stopped, stopped)
    const ended = await onRecord(stopped)
    expect(ended).toMatchObject({ version: 9, lastStatus: 'STOPPED', stopped: { kind: 'completed', exitCode: 0 } })
    expect(await record(of(7), of(12))).toEqual({ batchItemFailures: [] })
    expect(await onRecord(stopped)).toEqual(ended)
  })
}
