/** CloudWatch with state: what was put is what is read, and what is listed. */
import type { Log, MetricQuery, MetricSpan, Metrics, Series } from '../../shared/ports.ts'

export type Metric = Pick<MetricQuery, 'namespace' | 'name' | 'dimensions'>

/** Value at a moment, in epoch milliseconds; undefined: no point. */
export type Values = (at: number) => number | undefined

export class FakeMetrics implements Metrics {
  /** What was read, portion by portion, and what was looked for. */
  readonly reads: { queries: MetricQuery[]; span: MetricSpan }[] = []
  readonly looks: string[] = []
  /** Which portions fail (by their number over all reads), and how looking fails. */
  failPortion: (nth: number) => string | undefined = () => undefined
  failLook: (name: string) => Error | undefined = () => undefined
  private readonly series = new Map<string, { metric: Metric; values: Values }>()

  put(metric: Metric, values: Values): void {
    this.series.set(keyOf(metric), { metric, values })
  }

  async *read(queries: readonly MetricQuery[], span: MetricSpan) {
    for (let from = 0; from < queries.length; from += 500) {
      const portion = queries.slice(from, from + 500)
      const unreadable = this.failPortion(this.reads.length)
      this.reads.push({ queries: portion, span })
      yield portion.map((query, nth) => ({
        nth: from + nth,
        series: unreadable === undefined ? this.seriesOf(query, span) : { unreadable },
      }))
    }
  }

  async hasMetric(
    { namespace, name }: Pick<Metric, 'namespace' | 'name'>,
    dimensions: Record<string, string>,
    others: readonly string[],
  ) {
    this.looks.push(
      `${name} by ${[...Object.keys(dimensions), ...others].join(' ')} in ${Object.values(dimensions).join(' ')}`,
    )
    const error = this.failLook(name)
    if (error) throw error
    const asked = [...Object.keys(dimensions), ...others].sort().join()
    return [...this.series.values()].some(
      ({ metric }) =>
        metric.namespace === namespace &&
        metric.name === name &&
        Object.keys(metric.dimensions).sort().join() === asked &&
        Object.entries(dimensions).every(([key, value]) => metric.dimensions[key] === value),
    )
  }

  private seriesOf(query: MetricQuery, { from, to, periodSeconds }: MetricSpan): Series {
    const found = this.series.get(keyOf(query))
    const [at, values]: [number[], number[]] = [[], []]
    for (let each = from.getTime(); found && each < to.getTime(); each += periodSeconds * 1000) {
      const value = found.values(each)
      if (value === undefined) continue
      at.push(each)
      values.push(value)
    }
    // In no order that anybody could rely on.
    return { at: at.toReversed(), values: values.toReversed() }
  }
}

function keyOf({ namespace, name, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort()])
}

/** What was logged, by level. */
export function fakeLog(): Log & { warnings: [string, Record<string, unknown> | undefined][] } {
  const warnings: [string, Record<string, unknown> | undefined][] = []
  return { warnings, info: () => {}, warn: (message, facts) => warnings.push([message, facts]), error: () => {} }
}
