/** Which metrics there are of what runs, by the cluster's setting. */
import type { Metric } from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { type MetricAsked, measuredAccount } from './measured-account.ts'

/** `CpuUtilized{ClusterName,ServiceName}` for each, once. */
const shapes = (metrics: Metric[]) =>
  [
    ...new Set(
      metrics.map(({ MetricName, Dimensions }) => `${MetricName}{${Dimensions?.map(({ Name }) => Name).join()}}`),
    ),
  ].sort()

const cluster = { ClusterName: 'demo' }
const insights = 'ECS/ContainerInsights'

test('without Container Insights, only services have metrics, and only CPU and memory', async () => {
  const account = measuredAccount()
  account.serve('web', 'cpu 3%, memory 40%, network 10KB/s')
  const [task = ''] = account.run('import', 'cpu 80%')
  await account.advance(30)
  expect(shapes(await account.list())).toEqual([
    'CPUUtilization{ClusterName,ServiceName}',
    'CPUUtilization{ClusterName}',
    'MemoryUtilization{ClusterName,ServiceName}',
    'MemoryUtilization{ClusterName}',
  ])
  const cpu = await account.values(['AWS/ECS CPUUtilization', { ...cluster, ServiceName: 'web' }])
  // A started task is RUNNING within the first minute, and what is younger than two minutes has not arrived.
  expect(cpu).toEqual(Array(28).fill(3))
  expect(new Set(await account.values(['AWS/ECS MemoryUtilization', { ...cluster, ServiceName: 'web' }]))).toEqual(
    new Set([40]),
  )
  // The cluster's figure is of services only, too.
  expect(new Set(await account.values(['AWS/ECS CPUUtilization', cluster], 'Maximum'))).toEqual(new Set([3]))
  for (const dimensions of [
    { ServiceName: 'web' },
    { TaskDefinitionFamily: 'import' },
    { TaskDefinitionFamily: 'import', TaskId: task },
  ])
    expect(await account.values([`${insights} CpuUtilized`, { ...cluster, ...dimensions }])).toEqual([])
})

test('with Container Insights, families and services have network too, in units and bytes a second', async () => {
  const account = measuredAccount({ insights: 'enabled' })
  const [task = ''] = account.run('import', 'cpu 25%, memory 50%, network 10KB/s', 1, '1024', '2048')
  account.serve('web', 'idle', 2)
  await account.advance(20)
  const family = { ...cluster, TaskDefinitionFamily: 'import' }
  const only = async (name: string, dimensions: Record<string, string> = family) => [
    ...new Set(await account.values([`${insights} ${name}`, dimensions])),
  ]
  expect(await only('CpuUtilized')).toEqual([256])
  expect(await only('CpuReserved')).toEqual([1024])
  expect(await only('MemoryUtilized')).toEqual([1024])
  expect(await only('MemoryReserved')).toEqual([2048])
  expect(await only('NetworkRxBytes')).toEqual([5000])
  expect(await only('NetworkTxBytes')).toEqual([5000])
  expect(await only('RunningTaskCount', { ...cluster, ServiceName: 'web' })).toEqual([2])
  expect(await only('TaskCount', cluster)).toEqual([3])
  expect(await only('TaskCpuUtilization')).toEqual([])
  expect(await only('CpuUtilized', { ...family, TaskId: task })).toEqual([])
  expect(shapes(await account.list({ Namespace: insights, MetricName: 'CpuUtilized' }))).toEqual([
    'CpuUtilized{ClusterName,ServiceName}',
    'CpuUtilized{ClusterName,TaskDefinitionFamily}',
    'CpuUtilized{ClusterName}',
  ])
})

test('with enhanced observability, each task has its own', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  const [lazy = ''] = account.run('crawl', 'idle')
  const [keen = ''] = account.run('crawl', 'cpu 50%, network 1MB/s')
  account.serve('web', 'cpu 7%')
  await account.advance(20)
  const own = (id: string) => ({ ...cluster, TaskDefinitionFamily: 'crawl', TaskId: id })
  const cpu = (dimensions: Record<string, string>, statistic?: string): Promise<number[]> =>
    account.values([`${insights} TaskCpuUtilization`, dimensions] satisfies MetricAsked, statistic)
  expect(new Set(await cpu(own(keen)))).toEqual(new Set([50]))
  expect(Math.max(...(await cpu(own(lazy))))).toBeLessThan(0.5)
  expect(new Set(await account.values([`${insights} NetworkRxBytes`, own(keen)]))).toEqual(new Set([500_000]))
  // The family's are over both: the busiest, and half of it on average.
  expect(new Set(await cpu({ ...cluster, TaskDefinitionFamily: 'crawl' }, 'Maximum'))).toEqual(new Set([50]))
  expect(Math.max(...(await cpu({ ...cluster, TaskDefinitionFamily: 'crawl' })))).toBeLessThan(25.3)
  const perTask = await account.list({ Dimensions: [{ Name: 'ServiceName', Value: 'web' }, { Name: 'TaskId' }] })
  expect(shapes(perTask)).toContain('TaskCpuUtilization{ClusterName,ServiceName,TaskId}')
  const [id = ''] = perTask.map(({ Dimensions }) => Dimensions?.find(({ Name }) => Name === 'TaskId')?.Value)
  expect(new Set(await cpu({ ...cluster, ServiceName: 'web', TaskId: id }))).toEqual(new Set([7]))
  expect(new Set(await cpu({ ...cluster, TaskDefinitionFamily: 'web', TaskId: id }))).toEqual(new Set([7]))
  // No other set of dimensions has anything.
  expect(await cpu({ TaskId: id })).toEqual([])
  expect(await cpu({ ...cluster, TaskId: id })).toEqual([])
  // Nor has the same task under another name.
  expect(await cpu({ ...own(keen), TaskDefinitionFamily: 'web' })).toEqual([])
  expect(await cpu({ ...own(keen), ClusterName: 'other' })).toEqual([])
})

test('a setting holds from when it was made until the next', async () => {
  const account = measuredAccount()
  account.run('import', 'cpu 80%')
  await account.advance(10)
  account.setInsights('enabled')
  await account.advance(10)
  account.setInsights('disabled')
  await account.advance(10)
  expect(
    await account.values([`${insights} CpuReserved`, { ...cluster, TaskDefinitionFamily: 'import' }]),
  ).toHaveLength(10)
})

test('a task has a sample for each minute at whose end it ran, and none after it', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  const [id = ''] = account.run('import', 'cpu 80%')
  await account.advance(10)
  account.call('StopTask', { cluster: 'demo', task: id })
  // ECS itself forgets it after an hour.
  await account.advance(180)
  const metric = [`${insights} TaskCpuUtilization`, { ...cluster, TaskDefinitionFamily: 'import', TaskId: id }] as const
  expect(await account.values(metric, 'SampleCount')).toEqual(Array(10).fill(1))
  expect(await account.values(metric, 'SampleCount', 4)).toEqual([4, 4, 2])
})
