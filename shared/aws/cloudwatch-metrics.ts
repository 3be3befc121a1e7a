/** Metrics, in CloudWatch. */
import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  type Dimension,
  GetMetricDataCommand,
  ListMetricsCommand,
  type Metric,
  type MetricDataQuery,
  type MetricDataResult,
  RecentlyActive,
} from '@aws-sdk/client-cloudwatch'
import type { MetricQuery, MetricSpan, Metrics, Series } from '../ports.ts'
import { batchesOf } from './batches.ts'
import { clientConfig } from './client-config.ts'
import { saying, whatItSaid } from './sdk-error.ts'

/** GetMetricData takes this many at most. */
const queriesPerCall = 500

/** 100,800 points are a long answer. */
const requestHandler = { ...clientConfig.requestHandler, requestTimeout: 20_000 }

/** Metrics that have more dimensions than those asked for come in the same list: how many pages of it are looked through. */
const maxPages = 10

/** `options`: for a client other than the environment's. */
export function cloudWatchMetrics(options: CloudWatchClientConfig = {}): Metrics {
  const client = new CloudWatchClient({ ...clientConfig, requestHandler, ...options })
  return {
    read: (queries, span) => read(client, queries, span),
    hasMetric: (metric, dimensions, others) => hasMetric(client, metric, dimensions, others),
  }
}

type Portion = { nth: number; series: Series }[]

/** While a portion is worked on, the next one is on its way, and no more than that one: each may be megabytes. */
async function* read(
  client: CloudWatchClient,
  queries: readonly MetricQuery[],
  span: MetricSpan,
): AsyncGenerator<Portion> {
  const portions = batchesOf(queries.entries(), queriesPerCall)
  const begin = (portion: [number, MetricQuery][] | undefined) => {
    const answer = portion && readPortion(client, portion, span)
    // Who stops reading early waits for it no more.
    answer?.catch(() => {})
    return answer
  }
  let coming = begin(portions[0])
  for (let next = 1; coming; next++) {
    const portion: Portion = await coming
    coming = begin(portions[next])
    yield portion
  }
}

async function readPortion(
  client: CloudWatchClient,
  portion: readonly [number, MetricQuery][],
  span: MetricSpan,
): Promise<Portion> {
  try {
    const found = await saying(`cloudwatch:GetMetricData of ${portion.length} metrics`, () =>
      pagesOf(client, portion, span),
    )
    return portion.map(([nth, { name }]) => ({ nth, series: found.get(idOf(nth))?.series(name) ?? notTold(name) }))
  } catch (error) {
    const series = { unreadable: whatItSaid(error) }
    return portion.map(([nth]) => ({ nth, series }))
  }
}

const idOf = (nth: number) => `q${nth}`
const notTold = (name: string): Series => ({ unreadable: `cloudwatch:GetMetricData did not tell of ${name}` })

async function pagesOf(
  client: CloudWatchClient,
  portion: readonly [number, MetricQuery][],
  { from: StartTime, to: EndTime, periodSeconds }: MetricSpan,
): Promise<Map<string, Gathered>> {
  const MetricDataQueries = portion.map(([nth, query]) => asQuery(idOf(nth), query, periodSeconds))
  const found = new Map<string, Gathered>()
  let NextToken: string | undefined
  do {
    const from = NextToken === undefined ? {} : { NextToken }
    const page = await client.send(
      new GetMetricDataCommand({ MetricDataQueries, StartTime, EndTime, ScanBy: 'TimestampAscending', ...from }),
    )
    for (const result of page.MetricDataResults ?? []) {
      if (result.Id === undefined) continue
      const gathered = found.get(result.Id) ?? new Gathered()
      gathered.add(result)
      found.set(result.Id, gathered)
    }
    NextToken = page.NextToken
  } while (NextToken)
  return found
}

function asQuery(Id: string, query: MetricQuery, Period: number): MetricDataQuery {
  const { namespace: Namespace, name: MetricName, dimensions, statistic: Stat } = query
  const Metric = { Namespace, MetricName, Dimensions: withValues(dimensions) }
  return { Id, MetricStat: { Metric, Period, Stat }, ReturnData: true }
}

function withValues(dimensions: Record<string, string>): Dimension[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
}

/** One series, as its pages come. */
class Gathered {
  readonly #at: number[] = []
  readonly #values: number[] = []
  #isWhole = true
  #failed?: string

  add({ Timestamps = [], Values = [], StatusCode, Messages = [] }: MetricDataResult): void {
    for (const [nth, value] of Values.entries()) {
      const at = Timestamps[nth]
      if (!at) continue
      this.#at.push(at.getTime())
      this.#values.push(value)
    }
    // What is missing of it comes on a later page.
    this.#isWhole = StatusCode !== 'PartialData'
    if (StatusCode !== 'InternalError' && StatusCode !== 'Forbidden') return
    this.#failed ??= [StatusCode, ...Messages.flatMap(({ Value }) => Value ?? [])].join(': ')
  }

  /** A part of a series is no series: the points that are missing may be the busy ones. */
  series(name: string): Series {
    const failed = this.#failed ?? (this.#isWhole ? undefined : 'PartialData, and no further page')
    if (failed !== undefined) return { unreadable: `cloudwatch:GetMetricData of ${name}: ${failed}` }
    return { at: this.#at, values: this.#values }
  }
}

async function hasMetric(
  client: CloudWatchClient,
  { namespace: Namespace, name: MetricName }: { namespace: string; name: string },
  dimensions: Record<string, string>,
  others: readonly string[],
): Promise<boolean> {
  const Dimensions = [...withValues(dimensions), ...others.map(Name => ({ Name }))]
  let NextToken: string | undefined
  for (let pages = 0; pages < maxPages; pages++) {
    const from = NextToken === undefined ? {} : { NextToken }
    const page = await saying(`cloudwatch:ListMetrics of ${MetricName} in ${Namespace}`, () =>
      // What was switched off is listed for two more weeks: it would be taken for the finest there is, and have no data.
      client.send(
        new ListMetricsCommand({ Namespace, MetricName, Dimensions, RecentlyActive: RecentlyActive.PT3H, ...from }),
      ),
    )
    if (page.Metrics?.some(metric => isOf(metric, dimensions, others))) return true
    NextToken = page.NextToken
    if (!NextToken) return false
  }
  return false
}

/** ListMetrics also gives what has other dimensions beside. */
function isOf({ Dimensions = [] }: Metric, dimensions: Record<string, string>, others: readonly string[]): boolean {
  if (Dimensions.length !== Object.keys(dimensions).length + others.length) return false
  return Dimensions.every(({ Name = '', Value }) =>
    Object.hasOwn(dimensions, Name) ? dimensions[Name] === Value : others.includes(Name),
  )
}
