/** GetMetricData: many series at once, in pages that may cut one of them. */
import { createHash } from 'node:crypto'
import type {
  GetMetricDataCommandInput,
  MetricDataQuery,
  MetricDataResult,
  MetricStat,
} from '@aws-sdk/client-cloudwatch'
import { AwsError } from '../aws-error.ts'
import { asDimensions, type MetricId } from './metric.ts'
import type { Metrics } from './metrics.ts'
import { invalid, missingParameter, notModelled, refuseUnmodelled } from './refusals.ts'
import { type Minutes, minuteMs, type Statistic, statistics } from './samples.ts'
import type { Trouble } from './trouble.ts'

const mostQueries = 500
const mostPoints = 100_800

interface Query {
  id: string
  metric: MetricId
  statistic: Statistic
  periodMinutes: number
  unit?: string
  label: string
  isReturned: boolean
}

/** Where a page begins: after so many points of the nth series, as it was at `asOf`. */
interface Place {
  nth: number
  after: number
  asOf: number
}

/** The next page of what `input` asks for. Throws AwsError. */
export function getMetricData(metrics: Metrics, trouble: Trouble, now: Date, input: GetMetricDataCommandInput) {
  const queries = queriesOf(input)
  const minutes = minutesAsked(input.StartTime, input.EndTime)
  const isAscending = input.ScanBy === 'TimestampAscending'
  const start = input.NextToken === undefined ? { nth: 0, after: 0, asOf: now.getTime() } : placeIn(input)
  let room = Math.min(mostPointsOf(input), trouble.longestPage)
  const results: MetricDataResult[] = []
  for (let { nth, after } = start; nth < queries.length; nth += 1, after = 0) {
    const query = queries[nth] as Query
    if (!query.isReturned) continue
    const statusCode = trouble.statusOf(query.metric)
    const all = statusCode ? [] : series(metrics, query, minutes, isAscending, new Date(start.asOf))
    const given = all.slice(after, after + room)
    const isCut = after + given.length < all.length
    if (isCut && given.length === 0) return page(results, input, { ...start, nth, after })
    results.push(resultOf(query, given, statusCode ?? (isCut ? 'PartialData' : 'Complete')))
    if (isCut) return page(results, input, { ...start, nth, after: after + given.length })
    room -= given.length
  }
  return { MetricDataResults: results, Messages: [] }
}

function page(results: MetricDataResult[], input: GetMetricDataCommandInput, place: Place) {
  return { MetricDataResults: results, Messages: [], NextToken: tokenFor(input, place) }
}

type Point = readonly [at: number, value: number]

function series(metrics: Metrics, query: Query, minutes: Minutes, isAscending: boolean, asOf: Date): Point[] {
  const points = metrics.points(query.metric, minutes, query.periodMinutes, query.unit, asOf)
  const all = Array.from(points.having(), ({ at, of }) => [at, of(query.statistic)] as const)
  return isAscending ? all : all.reverse()
}

function resultOf(
  { id, label }: Query,
  points: readonly Point[],
  StatusCode: NonNullable<MetricDataResult['StatusCode']>,
) {
  return {
    Id: id,
    Label: label,
    Timestamps: points.map(([at]) => new Date(at)),
    Values: points.map(([, value]) => value),
    StatusCode,
  }
}

function queriesOf({ MetricDataQueries: asked = [], ScanBy, LabelOptions }: GetMetricDataCommandInput): Query[] {
  if (asked.length === 0) throw missingParameter('MetricDataQueries')
  if (asked.length > mostQueries)
    throw invalid(`The collection MetricDataQueries must not have a size greater than ${mostQueries}.`)
  if (ScanBy !== undefined && ScanBy !== 'TimestampAscending' && ScanBy !== 'TimestampDescending')
    throw invalid(`ScanBy must be TimestampDescending or TimestampAscending, but was ${ScanBy}.`)
  if (LabelOptions) throw notModelled('LabelOptions of cloudwatch:GetMetricData')
  const queries = asked.map(readQuery)
  const twice = queries.find(({ id }, nth) => queries.findIndex(other => other.id === id) < nth)
  if (twice)
    throw invalid(`The values for parameter id in MetricDataQueries must be unique: "${twice.id}" is there twice.`)
  return queries
}

function readQuery({ Id: id = '', MetricStat, Expression, Label, ReturnData, ...others }: MetricDataQuery): Query {
  if (!/^[a-z][a-zA-Z0-9_]{0,254}$/.test(id))
    throw invalid(`The value "${id}" for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`)
  if ((MetricStat === undefined) === (Expression === undefined))
    throw invalid(`Exactly one of MetricStat and Expression must be given in query "${id}".`)
  if (!MetricStat)
    throw notModelled(`expressions ("${Expression}" of query "${id}"): ask for its metrics by MetricStat`)
  const { Period: _, ...unmodelled } = others
  refuseUnmodelled('GetMetricData', unmodelled)
  return { id, ...readStat(id, MetricStat, Label), isReturned: ReturnData !== false }
}

function readStat(id: string, { Metric, Period, Stat, Unit }: MetricStat, label: string | undefined) {
  const { Namespace: namespace, MetricName: name, Dimensions } = Metric ?? {}
  if (!namespace || !name) throw invalid(`Query "${id}" needs a Namespace and a MetricName in MetricStat.Metric.`)
  if (!statistics.includes(Stat as Statistic))
    throw notModelled(`the statistic "${Stat}" of query "${id}", only ${statistics.join(', ')}`)
  return {
    metric: { namespace, name, dimensions: asDimensions(Dimensions) },
    statistic: Stat as Statistic,
    periodMinutes: minutesOfPeriod(Period),
    ...(Unit !== undefined && { unit: Unit }),
    label: label ?? name,
  }
}

/** A period in minutes. Throws for one that is no multiple of a minute: nothing here is measured any finer. */
export function minutesOfPeriod(seconds: number | undefined): number {
  if (seconds === undefined) throw missingParameter('Period')
  if ([1, 5, 10, 20, 30].includes(seconds))
    throw notModelled(`a period of ${seconds} s: metrics here are of a minute each`)
  if (!(seconds >= 60 && seconds % 60 === 0))
    throw invalid(`Period must be 1, 5, 10, 20, 30 or a multiple of 60, but was ${seconds}.`)
  return seconds / 60
}

/** From the minute in which `start` is until `end`. Throws unless there is something between them. */
export function minutesAsked(start: Date | undefined, end: Date | undefined): Minutes {
  if (!start) throw missingParameter('StartTime')
  if (!end) throw missingParameter('EndTime')
  if (start >= end) throw invalid('The parameter StartTime must be less than the parameter EndTime.')
  return { from: Math.floor(start.getTime() / minuteMs), to: Math.ceil(end.getTime() / minuteMs) }
}

function mostPointsOf({ MaxDatapoints: most = mostPoints }: GetMetricDataCommandInput): number {
  if (most >= 1 && most <= mostPoints) return most
  throw invalid(`MaxDatapoints must be from 1 to ${mostPoints}, but was ${most}.`)
}

/** A page's size may change between two pages; what is asked for may not. */
function digestOf({ NextToken: _, MaxDatapoints: __, ...asked }: GetMetricDataCommandInput): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16)
}

const tokenFor = (input: GetMetricDataCommandInput, place: Place) =>
  Buffer.from(JSON.stringify({ ...place, of: digestOf(input) })).toString('base64url')

function placeIn(input: GetMetricDataCommandInput): Place {
  try {
    const { of, ...place } = JSON.parse(Buffer.from(input.NextToken ?? '', 'base64url').toString()) as Place & {
      of?: unknown
    }
    if (of === digestOf(input)) return place
  } catch {
    // Falls through to the refusal: whatever does not parse was not given out by `tokenFor`.
  }
  throw new AwsError('InvalidNextToken', 'The next token is not one of this request.')
}
