/** PutMetricData: custom samples, kept by the minute. */
import type { MetricDatum, PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch'
import type { CustomMetrics } from './custom-metrics.ts'
import { asDimensions } from './metric.ts'
import { invalidCombination, invalidParameter, missingParameter, notModelled, refuseUnmodelled } from './refusals.ts'
import type { SampleSet } from './samples.ts'

const mostData = 1_000
const mostDimensions = 30
const mostValues = 150
const oldestMs = 14 * 24 * 3_600_000
const newestMs = 2 * 3_600_000

/** Takes all of the data or, throwing AwsError, none. */
export function putMetricData(
  custom: CustomMetrics,
  now: Date,
  input: PutMetricDataCommandInput,
): Record<string, never> {
  const { Namespace: namespace, MetricData: data = [], StrictEntityValidation: _, ...others } = input
  refuseUnmodelled('PutMetricData', others)
  if (!namespace) throw missingParameter('Namespace')
  // How AWS keeps its own metrics from being forged; ECS/ContainerInsights is no such name.
  if (/^AWS\//.test(namespace)) throw invalidParameter(`The value ${namespace} for parameter Namespace is invalid.`)
  if (data.length === 0) throw missingParameter('MetricData')
  if (data.length > mostData)
    throw invalidParameter(`The collection MetricData must not have a size greater than ${mostData}.`)
  const read = data.map((datum, nth) => ({
    id: { namespace, name: nameOf(datum, nth), dimensions: dimensionsOf(datum, nth) },
    unit: datum.Unit ?? 'None',
    at: timeOf(datum, now),
    samples: samplesOf(datum, `MetricData.member.${nth + 1}`),
  }))
  for (const { id, unit, at, samples } of read) custom.add(id, unit, at, samples)
  return {}
}

function nameOf({ MetricName, StorageResolution }: MetricDatum, nth: number): string {
  if (!MetricName) throw missingParameter(`MetricData.member.${nth + 1}.MetricName`)
  if (StorageResolution !== undefined && StorageResolution !== 60)
    throw notModelled(`a StorageResolution of ${StorageResolution} s: metrics here are of a minute each`)
  return MetricName
}

function dimensionsOf({ Dimensions = [] }: MetricDatum, nth: number) {
  const at = `MetricData.member.${nth + 1}.Dimensions`
  if (Dimensions.length > mostDimensions)
    throw invalidParameter(`The collection ${at} must not have a size greater than ${mostDimensions}.`)
  for (const { Name, Value } of Dimensions)
    if (!Name || !Value) throw invalidParameter(`${at} has one without a Name or a Value.`)
  if (new Set(Dimensions.map(({ Name }) => Name)).size < Dimensions.length)
    throw invalidParameter(`${at} has a Name twice.`)
  return asDimensions(Dimensions)
}

function timeOf({ Timestamp = undefined }: MetricDatum, now: Date): Date {
  const at = Timestamp ?? now
  const age = now.getTime() - at.getTime()
  if (age <= oldestMs && -age <= newestMs) return at
  throw invalidParameter(
    `The timestamp ${at.toISOString()} must be within the last two weeks and the next two hours; it is ${now.toISOString()}.`,
  )
}

function samplesOf({ Value, Values, Counts, StatisticValues }: MetricDatum, path: string): SampleSet {
  if ([Value, Values, StatisticValues].filter(given => given !== undefined).length !== 1)
    throw invalidCombination(`${path} needs exactly one of Value, Values and StatisticValues.`)
  if (StatisticValues) {
    const { Sum: sum = 0, SampleCount: count = 0, Minimum: min = 0, Maximum: max = 0 } = StatisticValues
    if (count <= 0 || min > max) throw invalidParameter(`${path}.StatisticValues can't be those of any samples.`)
    return { sum, count, min, max }
  }
  const values = Values ?? [Value ?? 0]
  if (values.length === 0 || values.length > mostValues)
    throw invalidParameter(`${path}.Values must have 1 to ${mostValues} entries.`)
  const counts = Counts ?? values.map(() => 1)
  if (counts.length !== values.length || counts.some(count => count <= 0))
    throw invalidParameter(`${path}.Counts must have a count above 0 for each of Values.`)
  return {
    sum: values.reduce((total, value, nth) => total + value * (counts[nth] ?? 0), 0),
    count: counts.reduce((total, count) => total + count, 0),
    min: Math.min(...values),
    max: Math.max(...values),
  }
}
