import { PutMetricDataCommand, type PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { type Measured, measuredAccount } from './measured-account.ts'

const put = (account: Measured, MetricData: PutMetricDataCommandInput['MetricData'], Namespace = 'Acme') =>
  account.sdk.send(new PutMetricDataCommand({ Namespace, MetricData }))

const queue = [{ Name: 'Queue', Value: 'orders' }]
const depth = ['Acme Depth', { Queue: 'orders' }] as const

test('values, values with counts and statistics come together by the minute', async () => {
  const account = measuredAccount()
  await put(account, [
    { MetricName: 'Depth', Dimensions: queue, Value: 3 },
    { MetricName: 'Depth', Dimensions: queue, Values: [1, 8], Counts: [2, 1] },
    { MetricName: 'Depth', Dimensions: queue, StatisticValues: { Sum: 15, SampleCount: 2, Minimum: 0, Maximum: 15 } },
    { MetricName: 'Depth', Dimensions: queue, Value: 100, Timestamp: new Date('2026-03-01T21:59:00Z') },
    { MetricName: 'Depth', Dimensions: [{ Name: 'Queue', Value: 'other' }], Value: 1000 },
  ])
  await account.advance(1)
  expect(await account.values(depth, 'Sum')).toEqual([28])
  expect(await account.values(depth, 'SampleCount')).toEqual([6])
  expect(await account.values(depth, 'Minimum')).toEqual([0])
  expect(await account.values(depth, 'Maximum')).toEqual([15])
})

test('the order of dimensions makes no other metric', async () => {
  const account = measuredAccount()
  const [a, b] = [
    { Name: 'A', Value: '1' },
    { Name: 'B', Value: '2' },
  ]
  await put(account, [{ MetricName: 'Depth', Dimensions: [a, b], Value: 1 }])
  await put(account, [{ MetricName: 'Depth', Dimensions: [b, a], Value: 2 }])
  await account.advance(1)
  expect(await account.values(['Acme Depth', { B: '2', A: '1' }], 'Sum')).toEqual([3])
  expect(await account.list({ Namespace: 'Acme' })).toHaveLength(1)
})

test('one more sample, high for a moment, among those of a task', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  const [id = ''] = account.run('crawl', 'cpu 1%')
  const own = { ClusterName: 'demo', TaskDefinitionFamily: 'crawl', TaskId: id }
  await account.advance(5)
  account.cloudwatch.addSample('ECS/ContainerInsights', 'TaskCpuUtilization', own, account.clock.now(), 90)
  await account.advance(5)
  expect(await account.values(['ECS/ContainerInsights TaskCpuUtilization', own], 'Maximum')).toEqual([
    1, 1, 1, 1, 1, 90, 1, 1,
  ])
})

test('a large request comes packed', async () => {
  const account = measuredAccount()
  await put(
    account,
    Array.from({ length: 900 }, () => ({ MetricName: 'Depth', Dimensions: queue, Value: 1 })),
  )
  await account.advance(1)
  expect(await account.values(depth, 'SampleCount')).toEqual([900])
})

test.each<{
  case: string
  datum: NonNullable<PutMetricDataCommandInput['MetricData']>[number]
  namespace?: string
  refused: object
}>([
  {
    case: "AWS's own namespace",
    namespace: 'AWS/ECS',
    datum: { MetricName: 'Depth', Value: 1 },
    refused: {
      name: 'InvalidParameterValueException',
      message: 'The value AWS/ECS for parameter Namespace is invalid.',
    },
  },
  { case: 'no value', datum: { MetricName: 'Depth' }, refused: { name: 'InvalidParameterCombinationException' } },
  {
    case: 'two kinds of values',
    datum: { MetricName: 'Depth', Value: 1, Values: [1] },
    refused: { name: 'InvalidParameterCombinationException' },
  },
  {
    case: 'counts for other values',
    datum: { MetricName: 'Depth', Values: [1, 2], Counts: [1] },
    refused: { message: expect.stringContaining('MetricData.member.2.Counts') },
  },
  {
    case: 'statistics of nothing',
    datum: { MetricName: 'Depth', StatisticValues: { Sum: 1, SampleCount: 0, Minimum: 1, Maximum: 1 } },
    refused: { message: expect.stringContaining("can't be those of any samples") },
  },
  {
    case: 'three weeks ago',
    datum: { MetricName: 'Depth', Value: 1, Timestamp: new Date('2026-02-08T22:00:00Z') },
    refused: { message: expect.stringContaining('within the last two weeks') },
  },
  {
    case: 'tomorrow',
    datum: { MetricName: 'Depth', Value: 1, Timestamp: new Date('2026-03-02T22:00:00Z') },
    refused: { message: expect.stringContaining('the next two hours') },
  },
  {
    case: 'by the second',
    datum: { MetricName: 'Depth', Value: 1, StorageResolution: 1 },
    refused: { message: expect.stringContaining('StorageResolution of 1 s') },
  },
  {
    case: 'a dimension twice',
    datum: { MetricName: 'Depth', Value: 1, Dimensions: [...queue, ...queue] },
    refused: { message: expect.stringContaining('a Name twice') },
  },
  {
    case: 'a dimension without a value',
    datum: { MetricName: 'Depth', Value: 1, Dimensions: [{ Name: 'Queue', Value: '' }] },
    refused: { message: expect.stringContaining('without a Name or a Value') },
  },
])('$case is refused, and nothing of the request is taken', async ({ datum, namespace = 'Acme', refused }) => {
  const account = measuredAccount()
  const good = { MetricName: 'Depth', Dimensions: queue, Value: 3 }
  await expect(put(account, [good, datum], namespace)).rejects.toMatchObject(refused)
  expect(await account.list()).toEqual([])
})
