/** ListMetrics: which metrics there are, of those that had a sample in the last two weeks. */
import type { ListMetricsCommandInput } from '@aws-sdk/client-cloudwatch'
import { asList, keyOf, type MetricId } from './metric.ts'
import type { Metrics } from './metrics.ts'
import { invalidParameter, refuseUnmodelled } from './refusals.ts'

const pageSize = 500
const twoWeeks = 14 * 24 * 60
const threeHours = 3 * 60
const mostFilters = 10

/** Throws AwsError. */
export function listMetrics(metrics: Metrics, input: ListMetricsCommandInput) {
  const { Namespace, MetricName, Dimensions = [], NextToken, RecentlyActive, ...others } = input
  refuseUnmodelled('ListMetrics', others)
  if (Dimensions.length > mostFilters)
    throw invalidParameter(`The collection Dimensions must not have a size greater than ${mostFilters}.`)
  if (RecentlyActive !== undefined && RecentlyActive !== 'PT3H')
    throw invalidParameter(`RecentlyActive must be PT3H, but was ${RecentlyActive}.`)
  const filter = {
    ...(Namespace !== undefined && { namespace: Namespace }),
    ...(MetricName !== undefined && { name: MetricName }),
    dimensions: Dimensions.map(({ Name = '', Value }) => ({
      name: Name,
      ...(Value !== undefined && { value: Value }),
    })),
  }
  const found = new Map<string, MetricId>()
  // A custom metric may have the name of one of AWS's own.
  for (const id of metrics.active(filter, RecentlyActive ? threeHours : twoWeeks)) found.set(keyOf(id), id)
  const after = NextToken === undefined ? '' : keyIn(NextToken)
  const keys = [...found.keys()].filter(key => key > after).sort()
  const given = keys.slice(0, pageSize)
  return {
    Metrics: given.map(key => {
      const { namespace, name, dimensions } = found.get(key) as MetricId
      return { Namespace: namespace, MetricName: name, Dimensions: asList(dimensions) }
    }),
    ...(keys.length > given.length && { NextToken: tokenFor(given.at(-1) ?? '') }),
  }
}

/** It names the last metric given, not a position: metrics come and go between two pages. */
const tokenFor = (key: string) => Buffer.from(key).toString('base64url')

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (key.startsWith('["')) return key
  throw invalidParameter('Invalid nextToken')
}
