/** Metrics that somebody put, a set of samples for each minute. */
import { keyOf, type MetricId } from './metric.ts'
import { type Minutes, minuteMs, type SampleSet } from './samples.ts'

export interface CustomMetric extends MetricId {
  /** Samples of one metric in different units are kept apart. */
  byUnit: Map<string, Map<number, SampleSet>>
  lastMinute: number
}

export class CustomMetrics {
  readonly #byKey = new Map<string, CustomMetric>()

  add(id: MetricId, unit: string, at: Date, samples: SampleSet): void {
    const metric = this.#byKey.get(keyOf(id)) ?? { ...id, byUnit: new Map(), lastMinute: Number.NEGATIVE_INFINITY }
    this.#byKey.set(keyOf(id), metric)
    const minutes = metric.byUnit.get(unit) ?? new Map<number, SampleSet>()
    metric.byUnit.set(unit, minutes)
    const minute = Math.floor(at.getTime() / minuteMs)
    const before = minutes.get(minute)
    minutes.set(minute, before ? together(before, samples) : samples)
    metric.lastMinute = Math.max(metric.lastMinute, minute)
  }

  /** Unit: absent for samples of any. */
  eachSet(id: MetricId, unit: string | undefined, asked: Minutes, add: (minute: number, set: SampleSet) => void): void {
    for (const [kept, minutes] of this.#byKey.get(keyOf(id))?.byUnit ?? []) {
      if (unit !== undefined && unit !== kept) continue
      for (const [minute, set] of minutes) if (minute >= asked.from && minute < asked.to) add(minute, set)
    }
  }

  all(): Iterable<CustomMetric> {
    return this.#byKey.values()
  }
}

function together(one: SampleSet, other: SampleSet): SampleSet {
  return {
    sum: one.sum + other.sum,
    count: one.count + other.count,
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
  }
}
