/** All metrics of the account, AWS's own and custom ones: their samples in a span, and which of them there are. */
import type { SimulatedClock } from '../clock.ts'
import type { CustomMetrics } from './custom-metrics.ts'
import type { MetricId } from './metric.ts'
import { levelOf, type Runs } from './runs.ts'
import { type Minutes, minuteMs, overlap, Points } from './samples.ts'
import type { Trouble } from './trouble.ts'
import { vendedMetric, vendedMetrics } from './vended-metrics.ts'
import { eachSample, hasSamples } from './vended-samples.ts'

const day = 24 * 60

/** How long points are kept, in minutes, by the shortest period that still reads them. */
const retention = [
  { below: 5, kept: 15 * day },
  { below: 60, kept: 63 * day },
  { below: Number.POSITIVE_INFINITY, kept: 455 * day },
]

export interface MetricFilter {
  namespace?: string
  name?: string
  /** A metric has all of these, and may have others. */
  dimensions: readonly { name: string; value?: string }[]
}

export class Metrics {
  readonly #clock: SimulatedClock
  readonly #runs: Runs
  readonly #custom: CustomMetrics
  readonly #trouble: Trouble

  constructor(clock: SimulatedClock, runs: Runs, custom: CustomMetrics, trouble: Trouble) {
    this.#clock = clock
    this.#runs = runs
    this.#custom = custom
    this.#trouble = trouble
  }

  /** `perPoint`: minutes of one point. `unit`: samples of any, when absent. `asOf`: what had not arrived by then is left out. */
  points(id: MetricId, minutes: Minutes, perPoint: number, unit?: string, asOf = this.#clock.now()): Points {
    const points = new Points(minutes, perPoint)
    const kept = retention.find(({ below }) => perPoint < below)?.kept ?? 0
    const asked = overlap(minutes, { from: asOf.getTime() / minuteMs - kept, to: Number.POSITIVE_INFINITY })
    asked.from = Math.ceil(asked.from)
    const isLost = this.#trouble.lossOf(id)
    this.#custom.eachSet(id, unit, asked, (minute, set) => {
      if (!isLost?.(minute)) points.addSet(minute, set)
    })
    const level = levelOf(id.dimensions)
    const vended = vendedMetric(id.namespace, id.name)
    const group = level && this.#runs.find(level, id.dimensions)
    if (!level || !group || !vended || (unit !== undefined && unit !== vended.unit)) return points
    const add = isLost
      ? (minute: number, sample: number) => {
          if (!isLost(minute)) points.add(minute, sample)
        }
      : (minute: number, sample: number) => points.add(minute, sample)
    eachSample(vended, level, group, this.#runs, overlap(asked, this.#arrived(asOf)), add)
    return points
  }

  unitOf({ namespace, name }: MetricId): string {
    return vendedMetric(namespace, name)?.unit ?? 'None'
  }

  /** Those that fit and have had a sample in the last so many minutes. */
  *active(filter: MetricFilter, lastMinutes: number): Generator<MetricId> {
    const now = Math.floor(this.#clock.now().getTime() / minuteMs)
    const recent: Minutes = { from: now - lastMinutes, to: now + 1 }
    for (const metric of this.#custom.all()) if (metric.lastMinute >= recent.from && fits(metric, filter)) yield metric
    const arrived = overlap(recent, this.#arrived(this.#clock.now()))
    for (const vended of vendedMetrics) {
      if (!fits({ ...vended, dimensions: {} }, { ...filter, dimensions: [] })) continue
      for (const level of vended.levels) {
        for (const group of this.#runs.groups(level)) {
          const id = { namespace: vended.namespace, name: vended.name, dimensions: group.dimensions }
          if (fits(id, filter) && hasSamples(vended, level, group, this.#runs, arrived)) yield id
        }
      }
    }
  }

  #arrived(asOf: Date): Minutes {
    return { from: Number.NEGATIVE_INFINITY, to: Math.floor((asOf.getTime() - this.#trouble.delayMs) / minuteMs) }
  }
}

function fits(id: MetricId, { namespace, name, dimensions }: MetricFilter): boolean {
  if (namespace !== undefined && namespace !== id.namespace) return false
  if (name !== undefined && name !== id.name) return false
  return dimensions.every(({ name: key, value }) =>
    value === undefined ? Object.hasOwn(id.dimensions, key) : id.dimensions[key] === value,
  )
}
