/** Reads how busy workloads were, by the finest metrics that there are of them. */
import type { IdleRule } from '../config/config.ts'
import type { GuardWorld, MetricQuery, Series } from '../ports.ts'
import type { Activity, Signal, SignalEvidence } from './activity.ts'
import { evidenceOf, newReading, type Reading, summing } from './evidence.ts'
import type { FamilyCounts } from './families.ts'
import { hasWindow, type IdleWindow, windowOf } from './idle-window.ts'
import { type NotAsked, queriesFor } from './signal-queries.ts'
import { type Found, findTiers, type Wanted } from './tiers.ts'
import type { Workload } from './workload.ts'

export interface Asked {
  workload: Workload
  rule: IdleRule
}

/**
 * What each workload's rule wants to know, by the workload's id; absent: it is younger than the window. Metrics that can't be read are
 * evidence of their own, no error. Memory: a few portions of points, whatever the number of workloads.
 */
export async function observeActivity(
  asked: readonly Asked[],
  families: FamilyCounts,
  world: Pick<GuardWorld, 'metrics' | 'log'>,
  now: Date,
): Promise<Map<string, Activity>> {
  const old = asked.filter(({ workload, rule }) => hasWindow(workload.since, rule, now))
  const tierOf = await findTiers(wantedOf(old), world)
  const observed = new Map<string, Activity>()
  for (const [windowMs, group] of Map.groupBy(old, ({ rule }) => rule.windowMs)) {
    const window = windowOf({ windowMs }, now)
    const open: Open[] = group.map(each => ({ ...each, signals: [] }))
    await read(asks(open, tierOf, families, window), window, world)
    for (const each of open) observed.set(each.workload.id, activityOf(each, window))
  }
  return observed
}

/** A workload while its series come in. */
interface Open extends Asked {
  signals: (Reading | SignalEvidence)[]
}

function thresholdsOf({ cpuPercent, networkBytesPerSecond, requestsPerMinute }: IdleRule): [Signal, number][] {
  const all = [
    ['cpu', cpuPercent],
    ['network', networkBytesPerSecond],
    ['requests', requestsPerMinute],
  ] as const
  return all.flatMap(([signal, threshold]) => (threshold === undefined ? [] : [[signal, threshold]]))
}

function wantedFor(workload: Workload, signal: 'cpu' | 'network'): Wanted {
  return { cluster: workload.subject.cluster, of: workload.kind === 'service' ? 'service' : 'standalone', signal }
}

function* wantedOf(asked: readonly Asked[]): Generator<Wanted> {
  for (const { workload, rule } of asked)
    for (const [signal] of thresholdsOf(rule)) if (signal !== 'requests') yield wantedFor(workload, signal)
}

interface Ask {
  query: MetricQuery
  take(series: Series): void
}

/** Each query with what becomes of its answer, one by one: all of them at once would be more than all that is observed. */
function* asks(
  open: readonly Open[],
  tierOf: (of: Wanted) => Found,
  families: FamilyCounts,
  window: IdleWindow,
): Generator<Ask> {
  for (const { workload, rule, signals } of open)
    for (const [signal, threshold] of thresholdsOf(rule)) {
      const found: Found = signal === 'requests' ? { none: true } : tierOf(wantedFor(workload, signal))
      const wanted = queriesFor(workload, signal, found, families, window.span.periodSeconds)
      if (!('each' in wanted)) {
        signals.push(unasked(signal, threshold, wanted, window))
        continue
      }
      const reading = newReading(signal, wanted.tier, threshold, wanted.each.length)
      signals.push(reading)
      for (const { queries, scale } of wanted.each) {
        const takes = summing(reading, queries.length, scale, window)
        for (const [nth, query] of queries.entries()) yield { query, take: series => takes[nth]?.(series) }
      }
    }
}

/** A multiple of the 500 of a portion, so that none goes out half full. */
const asksAtOnce = 5000

async function read(
  all: Iterable<Ask>,
  { span }: IdleWindow,
  { metrics, log }: Pick<GuardWorld, 'metrics' | 'log'>,
): Promise<void> {
  const errors = new Map<string, number>()
  for (const some of portions(all, asksAtOnce)) {
    const queries = some.map(({ query }) => query)
    for await (const portion of metrics.read(queries, span))
      for (const { nth, series } of portion) {
        some[nth]?.take(series)
        if ('unreadable' in series) errors.set(series.unreadable, (errors.get(series.unreadable) ?? 0) + 1)
      }
  }
  for (const [error, count] of errors) log.warn('metrics can not be read', { error, metrics: count })
}

function* portions<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let next: T[] = []
  for (const each of all) {
    next.push(each)
    if (next.length < size) continue
    yield next
    next = []
  }
  if (next.length > 0) yield next
}

function unasked(signal: Signal, threshold: number, why: NotAsked, window: IdleWindow): SignalEvidence {
  return { signal, threshold, ...why, points: 0, expected: window.points }
}

function activityOf({ rule, signals }: Open, window: IdleWindow): Activity {
  let busyAt = Number.NEGATIVE_INFINITY
  const evidence = signals.map(each => {
    if ('state' in each) return each
    busyAt = Math.max(busyAt, each.busyAt ?? busyAt)
    return evidenceOf(each, window, rule.coverage)
  })
  return { signals: evidence, ...(Number.isFinite(busyAt) && { busyAt: new Date(busyAt).toISOString() }) }
}
