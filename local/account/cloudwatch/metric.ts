/** What a metric is named by, and a filter over such names. */
import type { Dimension } from '@aws-sdk/client-cloudwatch'

export type Dimensions = Readonly<Record<string, string>>

export interface MetricId {
  namespace: string
  name: string
  dimensions: Dimensions
}

/** The same for the same metric, whatever order its dimensions come in; sorts by namespace, then name. */
export function keyOf({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([namespace, name, sorted])
}

/** Some metrics: those that have all of what is given. */
export interface SomeMetrics {
  namespace?: string
  name?: string
  /** Beside these a metric may have others. */
  dimensions?: Dimensions
}

export function isAmong({ namespace, name, dimensions }: MetricId, some: SomeMetrics): boolean {
  return (
    (some.namespace === undefined || some.namespace === namespace) &&
    (some.name === undefined || some.name === name) &&
    Object.entries(some.dimensions ?? {}).every(([key, value]) => dimensions[key] === value)
  )
}

export const asDimensions = (list: readonly Dimension[] | undefined): Dimensions =>
  Object.fromEntries((list ?? []).map(({ Name, Value }) => [Name ?? '', Value ?? '']))

export const asList = (dimensions: Dimensions): Dimension[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
