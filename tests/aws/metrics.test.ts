/** What CloudWatch may answer, and how much of it is asked for at a time. */
import {
  CloudWatchClient,
  CloudWatchServiceException,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  type GetMetricDataCommandOutput,
  ListMetricsCommand,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import { cloudWatchMetrics } from '../../shared/aws/cloudwatch-metrics.ts'
import { type MetricQuery, RefusedError, RetryableError, type Series } from '../../shared/ports.ts'

const cloudWatch = mockClient(CloudWatchClient)
const metrics = cloudWatchMetrics({ region: 'eu-central-1' })
beforeEach(() => {
  cloudWatch.reset()
})

const span = { from: new Date('2026-03-01T20:00:00Z'), to: new Date('2026-03-01T22:00:00Z'), periodSeconds: 300 }
const minute = (nth: number) => new Date(span.from.getTime() + nth * 60_000)

const query = (service: string): MetricQuery => ({
  namespace: 'AWS/ECS',
  name: 'CPUUtilization',
  dimensions: { ClusterName: 'demo', ServiceName: service },
  statistic: 'Maximum',
})
const queries = (count: number) => Array.from({ length: count }, (_, nth) => query(`service-${nth}`))

/** One point each, whose value is the number of its service, beside what is said. */
function answer(
  said: (input: GetMetricDataCommandInput) => Partial<GetMetricDataCommandOutput> | undefined = () => ({}),
) {
  cloudWatch.on(GetMetricDataCommand).callsFake((input: GetMetricDataCommandInput) => ({
    MetricDataResults: input.MetricDataQueries?.map(({ Id, MetricStat }) => {
      const service = MetricStat?.Metric?.Dimensions?.find(({ Name }) => Name === 'ServiceName')?.Value ?? ''
      return { Id, Timestamps: [minute(0)], Values: [Number(service.split('-')[1])], StatusCode: 'Complete' }
    }),
    ...said(input),
  }))
}

const asked = () => cloudWatch.commandCalls(GetMetricDataCommand).map(call => call.args[0].input)

async function read(of: readonly MetricQuery[]): Promise<Series[]> {
  const found: Series[] = []
  for await (const portion of metrics.read(of, span)) for (const { nth, series } of portion) found[nth] = series
  return found
}

const denied = new CloudWatchServiceException({
  name: 'AccessDenied',
  $fault: 'client',
  $metadata: { httpStatusCode: 403 },
  message: 'not authorized to perform: cloudwatch:GetMetricData',
})

describe('reading', () => {
  test('what is asked: the metric, its dimensions and statistic, in the span, oldest first', async () => {
    answer()
    await read([query('service-7')])
    const Dimensions = [
      { Name: 'ClusterName', Value: 'demo' },
      { Name: 'ServiceName', Value: 'service-7' },
    ]
    const Metric = { Namespace: 'AWS/ECS', MetricName: 'CPUUtilization', Dimensions }
    expect(asked()).toEqual([
      {
        StartTime: span.from,
        EndTime: span.to,
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [{ Id: 'q0', ReturnData: true, MetricStat: { Metric, Period: 300, Stat: 'Maximum' } }],
      },
    ])
  })

  test('1,001 queries: three calls of at most 500, each series at the place of its query', async () => {
    answer()
    const found = await read(queries(1001))
    expect(asked().map(({ MetricDataQueries = [] }) => MetricDataQueries.length)).toEqual([500, 500, 1])
    expect(found).toEqual(queries(1001).map((_, nth) => ({ at: [minute(0).getTime()], values: [nth] })))
  })

  test('the same query twice, the very same even, is two series', async () => {
    answer()
    const same = query('service-7')
    expect(await read([same, same, query('service-7')])).toHaveLength(3)
    expect(asked()[0]?.MetricDataQueries?.map(({ Id }) => Id)).toEqual(['q0', 'q1', 'q2'])
  })

  test('nothing asks nothing', async () => {
    expect(await read([])).toEqual([])
    expect(asked()).toEqual([])
  })

  test('while one portion is looked at the next is on its way, and no other', async () => {
    answer()
    const portions = metrics.read(queries(2000), span)[Symbol.asyncIterator]()
    const calls: number[] = []
    for (let nth = 0; nth < 4; nth++) {
      await portions.next()
      calls.push(asked().length)
    }
    expect(calls).toEqual([2, 3, 4, 4])
  })

  test('who has seen enough stops it, and what was on its way may fail', async () => {
    answer(({ MetricDataQueries = [] }) => {
      if (MetricDataQueries[0]?.Id !== 'q0') throw new TypeError('a mistake of ours')
      return {}
    })
    for await (const portion of metrics.read(queries(2000), span)) {
      expect(portion).toHaveLength(500)
      break
    }
    await new Promise(done => setImmediate(done))
    expect(asked()).toHaveLength(2)
  })

  test('a series goes on over pages, each with what its page has', async () => {
    const pages: Record<string, Partial<GetMetricDataCommandOutput>> = {
      first: {
        MetricDataResults: [
          { Id: 'q0', Timestamps: [minute(0), minute(5)], Values: [1, 2], StatusCode: 'PartialData' },
          { Id: 'q1', Timestamps: [minute(0)], Values: [9], StatusCode: 'Complete' },
        ],
        NextToken: 'second',
      },
      second: { MetricDataResults: [{ Id: 'q0', StatusCode: 'PartialData' }], NextToken: 'third' },
      third: { MetricDataResults: [{ Id: 'q0', Timestamps: [minute(10)], Values: [3], StatusCode: 'Complete' }] },
    }
    answer(({ NextToken = 'first' }) => pages[NextToken])
    expect(await read(queries(2))).toEqual([
      { at: [minute(0), minute(5), minute(10)].map(at => at.getTime()), values: [1, 2, 3] },
      { at: [minute(0).getTime()], values: [9] },
    ])
    expect(asked().map(({ NextToken }) => NextToken)).toEqual([undefined, 'second', 'third'])
  })

  test('no points at all is an answer: no points', async () => {
    answer(() => ({ MetricDataResults: [{ Id: 'q0', StatusCode: 'Complete' }] }))
    expect(await read(queries(1))).toEqual([{ at: [], values: [] }])
  })

  test.each<{ case: string; result: MetricDataResult | undefined; said: string }>([
    {
      case: 'forbidden',
      result: { StatusCode: 'Forbidden', Messages: [{ Code: 'x', Value: 'not yours' }] },
      said: 'Forbidden: not yours',
    },
    { case: 'an error inside', result: { StatusCode: 'InternalError' }, said: 'InternalError' },
    {
      case: 'a part of the data, and nothing further to read',
      result: { StatusCode: 'PartialData', Timestamps: [minute(0)], Values: [0] },
      said: 'PartialData, and no further page',
    },
    { case: 'no word of it', result: undefined, said: 'did not tell of CPUUtilization' },
  ])('$case: that query can not be read, the other can', async ({ result, said }) => {
    const other = { Id: 'q1', Timestamps: [minute(0)], Values: [5], StatusCode: 'Complete' as const }
    answer(() => ({ MetricDataResults: [other, ...(result ? [{ ...result, Id: 'q0' }] : [])] }))
    const [one, another] = await read(queries(2))
    expect(one).toEqual({ unreadable: expect.stringContaining(said) })
    expect(another).toEqual({ at: [minute(0).getTime()], values: [5] })
  })

  test('a failure inside is not made good by the pages after it: what was missed may be the busy part', async () => {
    const results: Record<string, Partial<GetMetricDataCommandOutput>> = {
      first: { MetricDataResults: [{ Id: 'q0', StatusCode: 'InternalError' }], NextToken: 'second' },
      second: { MetricDataResults: [{ Id: 'q0', Timestamps: [minute(0)], Values: [0], StatusCode: 'Complete' }] },
    }
    answer(({ NextToken = 'first' }) => results[NextToken])
    expect(await read(queries(1))).toEqual([{ unreadable: expect.stringContaining('InternalError') }])
  })

  test('a portion that is denied says so for each of its queries; the others are read', async () => {
    answer(({ MetricDataQueries = [] }) => {
      if (MetricDataQueries[0]?.Id === 'q500') throw denied
      return {}
    })
    const found = await read(queries(1200))
    const unreadable = `cloudwatch:GetMetricData of 500 metrics: AccessDenied: ${denied.message}`
    expect(found.slice(500, 1000)).toEqual(Array(500).fill({ unreadable }))
    expect([...found.slice(0, 500), ...found.slice(1000)].every(series => 'at' in series)).toBe(true)
  })

  test('a page that fails leaves no half of a portion behind', async () => {
    answer(({ NextToken }) => {
      if (NextToken) throw Object.assign(new Error('too slow'), { name: 'TimeoutError' })
      return { NextToken: 'second' }
    })
    expect(await read(queries(2))).toEqual(
      Array(2).fill({ unreadable: 'cloudwatch:GetMetricData of 2 metrics: TimeoutError: too slow' }),
    )
  })

  test('a mistake of ours is no answer of CloudWatch', async () => {
    cloudWatch.on(GetMetricDataCommand).rejects(new TypeError('undefined is no function'))
    await expect(read(queries(1))).rejects.toThrow(TypeError)
  })
})

describe('whether there is a metric', () => {
  const metric = { namespace: 'ECS/ContainerInsights', name: 'CpuUtilized' }
  const listed = (...names: string[]) => ({
    Namespace: metric.namespace,
    MetricName: metric.name,
    Dimensions: names.map(Name => ({ Name, Value: Name === 'ClusterName' ? 'demo' : 'x' })),
  })
  const ask = () => metrics.hasMetric(metric, { ClusterName: 'demo' }, ['ServiceName'])
  const pagesAsked = () => cloudWatch.commandCalls(ListMetricsCommand).length

  test('asked with the dimensions that have a value, and those that have any', async () => {
    cloudWatch.on(ListMetricsCommand).resolves({ Metrics: [listed('ServiceName', 'ClusterName')] })
    expect(await ask()).toBe(true)
    expect(cloudWatch.commandCalls(ListMetricsCommand)[0]?.args[0].input).toEqual({
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: [{ Name: 'ClusterName', Value: 'demo' }, { Name: 'ServiceName' }],
      RecentlyActive: 'PT3H',
    })
  })

  test.each([
    { case: 'a dimension more', dimensions: listed('ClusterName', 'ServiceName', 'TaskId').Dimensions },
    { case: 'one less', dimensions: listed('ClusterName').Dimensions },
    { case: 'another one', dimensions: listed('ClusterName', 'TaskDefinitionFamily').Dimensions },
    {
      case: 'another value',
      dimensions: [
        { Name: 'ClusterName', Value: 'other' },
        { Name: 'ServiceName', Value: 'x' },
      ],
    },
    { case: 'none', dimensions: undefined },
  ])('$case is not that metric', async ({ dimensions }) => {
    const { Dimensions: _, ...bare } = listed()
    cloudWatch
      .on(ListMetricsCommand)
      .resolves({ Metrics: [{ ...bare, ...(dimensions && { Dimensions: dimensions }) }] })
    expect(await ask()).toBe(false)
  })

  test('it is looked for page by page, until it is found', async () => {
    const others = { Metrics: [listed('ClusterName', 'ServiceName', 'TaskId')] }
    cloudWatch
      .on(ListMetricsCommand)
      .resolvesOnce({ ...others, NextToken: 'second' })
      .resolvesOnce({ Metrics: [listed('ClusterName', 'ServiceName')], NextToken: 'third' })
    expect(await ask()).toBe(true)
    expect(cloudWatch.commandCalls(ListMetricsCommand)[1]?.args[0].input).toMatchObject({ NextToken: 'second' })
    expect(pagesAsked()).toBe(2)
  })

  test('and not through a list without end', async () => {
    cloudWatch.on(ListMetricsCommand).resolves({ Metrics: [], NextToken: 'more' })
    expect(await ask()).toBe(false)
    expect(pagesAsked()).toBe(10)
  })

  test('who may not know is told so: that is not "no"', async () => {
    cloudWatch.on(ListMetricsCommand).rejects(denied)
    await expect(ask()).rejects.toThrow(RefusedError)
    await expect(ask()).rejects.toThrow('cloudwatch:ListMetrics of CpuUtilized in ECS/ContainerInsights: AccessDenied')
    cloudWatch.on(ListMetricsCommand).rejects(Object.assign(new Error('slow'), { name: 'TimeoutError' }))
    await expect(ask()).rejects.toThrow(RetryableError)
  })
})
