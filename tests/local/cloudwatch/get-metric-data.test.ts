import {
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  type GetMetricDataCommandOutput,
  GetMetricStatisticsCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { asked, type Measured, measuredAccount } from './measured-account.ts'

const start = new Date('2026-03-01T22:00:00Z')
const cpuOf = (service: string) => asked(['AWS/ECS CPUUtilization', { ClusterName: 'demo', ServiceName: service }])
const query = (Id: string, service: string, more: object = {}): MetricDataQuery => ({
  Id,
  MetricStat: { Metric: cpuOf(service), Period: 60, Stat: 'Average', ...more },
})

async function withServices(): Promise<Measured> {
  const account = measuredAccount()
  account.serve('web', 'cpu 1%')
  account.serve('api', 'cpu 2%')
  account.serve('old', 'cpu 3%', 0)
  await account.advance(32)
  return account
}

const get = (account: Measured, input: Partial<GetMetricDataCommandInput> = {}) =>
  account.sdk.send(
    new GetMetricDataCommand({
      StartTime: start,
      EndTime: account.clock.now(),
      MetricDataQueries: [query('web', 'web'), query('old', 'old'), query('api', 'api')],
      ...input,
    }),
  )

/** Each page's series: id, status, number of points. */
async function pages(account: Measured, input: Partial<GetMetricDataCommandInput>) {
  const all: GetMetricDataCommandOutput[] = []
  let NextToken: string | undefined
  do {
    const page = await get(account, { ...input, ...(NextToken && { NextToken }) })
    all.push(page)
    NextToken = page.NextToken
  } while (NextToken)
  return all
}

const shape = ({ MetricDataResults = [] }: GetMetricDataCommandOutput) =>
  MetricDataResults.map(({ Id, StatusCode, Values }) => `${Id} ${StatusCode} ${Values?.length}`)

test('many series at once, newest first unless asked otherwise; one without samples is complete and empty', async () => {
  const account = await withServices()
  const answer = await get(account)
  expect(shape(answer)).toEqual(['web Complete 30', 'old Complete 0', 'api Complete 30'])
  const [web, , api] = answer.MetricDataResults ?? []
  expect(web).toMatchObject({ Label: 'CPUUtilization', Values: Array(30).fill(1) })
  expect(api?.Values?.[0]).toBe(2)
  expect(web?.Timestamps?.[0]).toEqual(new Date('2026-03-01T22:29:00Z'))
  expect(web?.Timestamps?.at(-1)).toEqual(start)
  const ascending = await get(account, {
    ScanBy: 'TimestampAscending',
    MetricDataQueries: [{ ...query('m', 'web'), Label: 'mine' }],
  })
  expect(ascending.MetricDataResults).toMatchObject([{ Label: 'mine' }])
  expect(ascending.MetricDataResults?.[0]?.Timestamps?.[0]).toEqual(start)
})

test('what is not to be returned is left out', async () => {
  const account = await withServices()
  const MetricDataQueries = [{ ...query('a', 'web'), ReturnData: false }, query('b', 'api')]
  expect(shape(await get(account, { MetricDataQueries }))).toEqual(['b Complete 30'])
})

test.each([
  { scan: 'TimestampAscending', first: start },
  { scan: 'TimestampDescending', first: new Date('2026-03-01T22:29:00Z') },
] as const)('pages cut a series and go on with it, $scan', async ({ scan, first }) => {
  const account = await withServices()
  const all = await pages(account, { MaxDatapoints: 25, ScanBy: scan })
  expect(all.map(shape)).toEqual([
    ['web PartialData 25'],
    ['web Complete 5', 'old Complete 0', 'api PartialData 20'],
    ['api Complete 10'],
  ])
  const times = all.flatMap(({ MetricDataResults = [] }) =>
    MetricDataResults.filter(({ Id }) => Id === 'web').flatMap(({ Timestamps = [] }) => Timestamps.map(Number)),
  )
  expect(times[0]).toBe(first.getTime())
  expect(new Set(times).size).toBe(30)
  expect(times).toEqual(times.toSorted((one, other) => (scan === 'TimestampAscending' ? one - other : other - one)))
})

test('what arrives between two pages makes no point appear twice', async () => {
  const account = await withServices()
  const EndTime = new Date('2026-03-01T23:00:00Z')
  const input = { MaxDatapoints: 25, EndTime, MetricDataQueries: [query('web', 'web')] }
  const first = await get(account, input)
  await account.advance(10)
  const second = await get(account, { ...input, ...(first.NextToken && { NextToken: first.NextToken }) })
  expect(shape(second)).toEqual(['web Complete 5'])
  expect(second.MetricDataResults?.[0]?.Timestamps?.at(-1)).toEqual(start)
})

test('a token of another request is refused', async () => {
  const account = await withServices()
  const { NextToken = '' } = await get(account, { MaxDatapoints: 25 })
  for (const input of [{ NextToken, MetricDataQueries: [query('web', 'api')] }, { NextToken: 'x' }])
    await expect(get(account, input)).rejects.toMatchObject({ name: 'InvalidNextToken' })
})

test.each([
  { stat: 'Average', expected: 3 },
  { stat: 'Maximum', expected: 4 },
  { stat: 'Minimum', expected: 2 },
  { stat: 'Sum', expected: 30 },
  { stat: 'SampleCount', expected: 10 },
])('$stat is over tasks and minutes', async ({ stat, expected }) => {
  const account = measuredAccount()
  account.serve('web', 'cpu 2%')
  account.serve('api', 'cpu 4%')
  await account.advance(9)
  const values = await account.values(['AWS/ECS CPUUtilization', { ClusterName: 'demo' }], stat, 5)
  expect(values[0]).toBe(expected)
})

test.each<{ case: string; input: Partial<GetMetricDataCommandInput>; refused: object }>([
  { case: 'no query', input: { MetricDataQueries: [] }, refused: { name: 'MissingRequiredParameterException' } },
  {
    case: '501 queries',
    input: { MetricDataQueries: Array.from({ length: 501 }, (_, n) => query(`m${n}`, 'web')) },
    refused: { name: 'ValidationException', message: expect.stringContaining('500') },
  },
  {
    case: 'an id twice',
    input: { MetricDataQueries: [query('a', 'web'), query('a', 'api')] },
    refused: { name: 'ValidationException', message: expect.stringContaining('"a" is there twice') },
  },
  {
    case: 'an id that begins with a capital',
    input: { MetricDataQueries: [query('Web', 'web')] },
    refused: { message: expect.stringContaining('"Web"') },
  },
  {
    case: 'an expression',
    input: { MetricDataQueries: [{ Id: 'e', Expression: 'm1 * 2' }] },
    refused: { message: expect.stringContaining('does not model expressions ("m1 * 2" of query "e")') },
  },
  {
    case: 'a percentile',
    input: { MetricDataQueries: [query('a', 'web', { Stat: 'p99' })] },
    refused: { message: expect.stringContaining('the statistic "p99"') },
  },
  {
    case: 'a period of 90 s',
    input: { MetricDataQueries: [query('a', 'web', { Period: 90 })] },
    refused: { message: expect.stringContaining('multiple of 60, but was 90') },
  },
  {
    case: 'a period of 10 s',
    input: { MetricDataQueries: [query('a', 'web', { Period: 10 })] },
    refused: { message: expect.stringContaining('a period of 10 s') },
  },
  {
    case: 'an end before its start',
    input: { EndTime: new Date(0) },
    refused: { message: expect.stringContaining('StartTime must be less') },
  },
  {
    case: 'more points than a call has',
    input: { MaxDatapoints: 100_801 },
    refused: { message: expect.stringContaining('100800') },
  },
  {
    case: 'another account',
    input: { MetricDataQueries: [{ ...query('a', 'web'), AccountId: '210987654321' }] },
    refused: { message: expect.stringContaining('does not model AccountId') },
  },
])('$case is refused', async ({ input, refused }) => {
  const account = await withServices()
  await expect(get(account, input)).rejects.toMatchObject(refused)
  expect(account.faults).toEqual([])
})

test('short periods are not read for long: 15 days by the minute, 63 days by five', async () => {
  const account = measuredAccount()
  account.serve('web', 'cpu 1%')
  await account.advance(20 * 24 * 60)
  const day = new Date(start.getTime() + 24 * 3_600_000)
  const points = async (Period: number) =>
    shape(await get(account, { EndTime: day, MetricDataQueries: [query('a', 'web', { Period })] }))
  expect(await points(60)).toEqual(['a Complete 0'])
  expect(await points(300)).toEqual(['a Complete 288'])
})

test('samples are only found by their unit', async () => {
  const account = await withServices()
  const withUnit = (Unit: string) => get(account, { MetricDataQueries: [query('a', 'web', { Unit })] })
  expect(shape(await withUnit('Percent'))).toEqual(['a Complete 30'])
  expect(shape(await withUnit('Bytes'))).toEqual(['a Complete 0'])
})

test('trouble: lost samples, late ones, series withheld, short pages, calls that fail', async () => {
  const account = await withServices()
  const { cloudwatch } = account
  const lost = cloudwatch.losePoints({
    namespace: 'AWS/ECS',
    dimensions: { ServiceName: 'web' },
    to: new Date('2026-03-01T22:15:00Z'),
  })
  expect(shape(await get(account))).toEqual(['web Complete 15', 'old Complete 0', 'api Complete 30'])
  lost()
  const half = cloudwatch.losePoints({ share: 0.5 })
  const [web = []] = (await get(account)).MetricDataResults?.map(({ Timestamps = [] }) => Timestamps) ?? []
  expect(web.length).toBeGreaterThan(5)
  expect(web.length).toBeLessThan(25)
  expect((await get(account)).MetricDataResults?.[0]?.Timestamps).toEqual(web)
  half()
  const late = cloudwatch.delaySamples(12 * 60_000)
  expect(shape(await get(account))).toEqual(['web Complete 20', 'old Complete 0', 'api Complete 20'])
  late()
  const withheld = cloudwatch.withhold({ dimensions: { ServiceName: 'api' } }, 'InternalError')
  expect(shape(await get(account))).toEqual(['web Complete 30', 'old Complete 0', 'api InternalError 0'])
  withheld()
  const short = cloudwatch.shortenPages(40)
  expect((await pages(account, {})).map(shape)).toEqual([
    ['web Complete 30', 'old Complete 0', 'api PartialData 10'],
    ['api Complete 20'],
  ])
  short()
  account.account.failNext('cloudwatch:GetMetricData', {
    when: 'before',
    error: new AwsError('ThrottlingException', 'Rate exceeded'),
  })
  await expect(get(account)).rejects.toMatchObject({ name: 'ThrottlingException' })
  expect(shape(await get(account))).toEqual(['web Complete 30', 'old Complete 0', 'api Complete 30'])
})

test('GetMetricStatistics gives several statistics of one series, with its unit', async () => {
  const account = await withServices()
  const input = {
    ...cpuOf('web'),
    StartTime: start,
    EndTime: account.clock.now(),
    Period: 600,
    Statistics: ['Average', 'SampleCount'] as const,
  }
  const answer = await account.sdk.send(new GetMetricStatisticsCommand({ ...input, Statistics: [...input.Statistics] }))
  expect(answer).toMatchObject({
    Label: 'CPUUtilization',
    Datapoints: [0, 10, 20].map(minute => ({
      Timestamp: new Date(start.getTime() + minute * 60_000),
      Average: 1,
      SampleCount: 10,
      Unit: 'Percent',
    })),
  })
  const long = { ...input, Statistics: [...input.Statistics], Period: 60, StartTime: new Date('2026-02-28T00:00:00Z') }
  await expect(account.sdk.send(new GetMetricStatisticsCommand(long))).rejects.toMatchObject({
    name: 'InvalidParameterCombinationException',
    message: expect.stringContaining('exceeds the limit of 1440'),
  })
})
