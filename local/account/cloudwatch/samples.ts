/** Samples by the minute, gathered into the points of a period, and the statistics of each. */

export const minuteMs = 60_000

/** What CloudWatch keeps of the samples of one minute. */
export interface SampleSet {
  sum: number
  count: number
  min: number
  max: number
}

export const statistics = ['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum'] as const
export type Statistic = (typeof statistics)[number]

/** Minutes since the epoch; `to` is no longer part of it. */
export interface Minutes {
  from: number
  to: number
}

/** The part of both, empty when `from` is not before `to`. */
export const overlap = (one: Minutes, other: Minutes): Minutes => ({
  from: Math.max(one.from, other.from),
  to: Math.min(one.to, other.to),
})

/**
 * The minutes that send a sample of what went on from one moment until another: those at whose end it went on. A
 * job of a few seconds sends none, as a short task on AWS may well do.
 */
export const minutesOf = (fromMs: number, toMs: number): Minutes => ({
  from: Math.floor(fromMs / minuteMs),
  to: Math.floor(toMs / minuteMs),
})

export class Points {
  readonly minutes: Minutes
  readonly #perPoint: number
  readonly #sum: Float64Array
  readonly #count: Float64Array
  readonly #min: Float64Array
  readonly #max: Float64Array

  /** `perPoint`: minutes of one point. The first point begins with the first minute. */
  constructor(minutes: Minutes, perPoint: number) {
    const length = Math.max(0, Math.ceil((minutes.to - minutes.from) / perPoint))
    this.minutes = minutes
    this.#perPoint = perPoint
    this.#sum = new Float64Array(length)
    this.#count = new Float64Array(length)
    this.#min = new Float64Array(length).fill(Number.POSITIVE_INFINITY)
    this.#max = new Float64Array(length).fill(Number.NEGATIVE_INFINITY)
  }

  /** Minutes outside are passed over. */
  add(minute: number, sample: number): void {
    const at = this.#at(minute)
    if (at === undefined) return
    this.#sum[at] = (this.#sum[at] ?? 0) + sample
    this.#count[at] = (this.#count[at] ?? 0) + 1
    if (sample < (this.#min[at] ?? 0)) this.#min[at] = sample
    if (sample > (this.#max[at] ?? 0)) this.#max[at] = sample
  }

  addSet(minute: number, { sum, count, min, max }: SampleSet): void {
    const at = this.#at(minute)
    if (at === undefined) return
    this.#sum[at] = (this.#sum[at] ?? 0) + sum
    this.#count[at] = (this.#count[at] ?? 0) + count
    this.#min[at] = Math.min(this.#min[at] ?? min, min)
    this.#max[at] = Math.max(this.#max[at] ?? max, max)
  }

  /** Where there are samples, oldest first: when a point begins, in milliseconds, and its statistics. */
  *having(): Generator<{ at: number; of(statistic: Statistic): number }> {
    for (const [nth, count] of this.#count.entries()) {
      if (count === 0) continue
      yield { at: (this.minutes.from + nth * this.#perPoint) * minuteMs, of: statistic => this.#of(nth, statistic) }
    }
  }

  #at(minute: number): number | undefined {
    if (minute < this.minutes.from || minute >= this.minutes.to) return undefined
    return Math.floor((minute - this.minutes.from) / this.#perPoint)
  }

  #of(nth: number, statistic: Statistic): number {
    const [sum = 0, count = 0] = [this.#sum[nth], this.#count[nth]]
    switch (statistic) {
      case 'Average':
        return sum / count
      case 'Maximum':
        return this.#max[nth] ?? 0
      case 'Minimum':
        return this.#min[nth] ?? 0
      case 'SampleCount':
        return count
      case 'Sum':
        return sum
    }
  }
}
