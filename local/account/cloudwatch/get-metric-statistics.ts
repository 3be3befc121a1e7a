/** GetMetricStatistics: one series, several statistics. */
import type { Datapoint, GetMetricStatisticsCommandInput } from '@aws-sdk/client-cloudwatch'
import { minutesAsked, minutesOfPeriod } from './get-metric-data.ts'
import { asDimensions } from './metric.ts'
import type { Metrics } from './metrics.ts'
import { invalidCombination, invalidParameter, missingParameter, notModelled } from './refusals.ts'
import { type Statistic, statistics } from './samples.ts'

const mostPoints = 1_440

/** Throws AwsError. */
export function getMetricStatistics(metrics: Metrics, input: GetMetricStatisticsCommandInput) {
  const { Namespace: namespace, MetricName: name, Statistics: asked = [], ExtendedStatistics } = input
  if (!namespace) throw missingParameter('Namespace')
  if (!name) throw missingParameter('MetricName')
  if (ExtendedStatistics?.length) throw notModelled('ExtendedStatistics of cloudwatch:GetMetricStatistics')
  if (asked.length === 0) throw missingParameter('Statistics')
  for (const statistic of asked)
    if (!statistics.includes(statistic as Statistic))
      throw invalidParameter(`The value ${statistic} for parameter Statistics is not one of ${statistics.join(', ')}.`)
  const minutes = minutesAsked(input.StartTime, input.EndTime)
  const perPoint = minutesOfPeriod(input.Period)
  const length = Math.ceil((minutes.to - minutes.from) / perPoint)
  if (length > mostPoints)
    throw invalidCombination(
      `You have requested up to ${length} datapoints, which exceeds the limit of ${mostPoints}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    )
  const id = { namespace, name, dimensions: asDimensions(input.Dimensions) }
  const Unit = input.Unit ?? (metrics.unitOf(id) as NonNullable<Datapoint['Unit']>)
  const points = metrics.points(id, minutes, perPoint, input.Unit)
  const Datapoints = Array.from(
    points.having(),
    ({ at, of }): Datapoint => ({
      Timestamp: new Date(at),
      ...Object.fromEntries(asked.map(statistic => [statistic, of(statistic as Statistic)])),
      Unit,
    }),
  )
  return { Label: name, Datapoints }
}
