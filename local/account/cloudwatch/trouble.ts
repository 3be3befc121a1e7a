/** What may go wrong with metrics beside a call that fails as a whole: brought about on purpose, by tests and for rehearsal. */
import { noise } from '../ecs/activity.ts'
import { isAmong, keyOf, type MetricId, type SomeMetrics } from './metric.ts'
import { minuteMs } from './samples.ts'

export interface LostPoints extends SomeMetrics {
  /** Of their minutes, picked by chance but the same each time; absent: every minute. */
  share?: number
  /** Absent: since ever, or for ever. */
  from?: Date
  to?: Date
}

/** Each gives the function that ends it. */
export interface MetricTrouble {
  /** CloudWatch never gets the samples of these metrics' minutes. A half is `share: 0.5`, or the first half of the window by `to`. */
  losePoints(lost: LostPoints): () => void
  /** GetMetricData answers, but not for these metrics: 200, with the status code on each. */
  withhold(some: SomeMetrics, statusCode: 'InternalError' | 'Forbidden'): () => void
  /** GetMetricData answers in pages of so many points, however many were asked for: series are cut, PartialData until their last page. */
  shortenPages(points: number): () => void
  /** Samples arrive this long after their minute's end. */
  delaySamples(ms: number): () => void
}

export class Trouble implements MetricTrouble {
  readonly #lost = new Set<LostPoints>()
  readonly #withheld = new Map<object, { some: SomeMetrics; statusCode: 'InternalError' | 'Forbidden' }>()
  #longestPage = Number.POSITIVE_INFINITY
  #delayMs: number
  readonly #usualDelayMs: number

  constructor(usualDelayMs: number) {
    this.#usualDelayMs = usualDelayMs
    this.#delayMs = usualDelayMs
  }

  losePoints(lost: LostPoints): () => void {
    this.#lost.add(lost)
    return () => void this.#lost.delete(lost)
  }

  withhold(some: SomeMetrics, statusCode: 'InternalError' | 'Forbidden'): () => void {
    const key = {}
    this.#withheld.set(key, { some, statusCode })
    return () => void this.#withheld.delete(key)
  }

  shortenPages(points: number): () => void {
    this.#longestPage = points
    return () => {
      this.#longestPage = Number.POSITIVE_INFINITY
    }
  }

  delaySamples(ms: number): () => void {
    this.#delayMs = ms
    return () => {
      this.#delayMs = this.#usualDelayMs
    }
  }

  get longestPage(): number {
    return this.#longestPage
  }

  get delayMs(): number {
    return this.#delayMs
  }

  statusOf(id: MetricId): 'InternalError' | 'Forbidden' | undefined {
    return [...this.#withheld.values()].find(({ some }) => isAmong(id, some))?.statusCode
  }

  /** Whether the metric's samples of a minute are lost; undefined when none of its are. */
  lossOf(id: MetricId): ((minute: number) => boolean) | undefined {
    const losses = [...this.#lost].filter(lost => isAmong(id, lost))
    if (losses.length === 0) return undefined
    const seed = seedOf(id)
    return minute => losses.some(lost => isWithin(lost, minute) && noise(seed, minute) < (lost.share ?? 1))
  }
}

function isWithin({ from, to }: LostPoints, minute: number): boolean {
  const at = minute * minuteMs
  return (!from || at >= from.getTime()) && (!to || at < to.getTime())
}

/** Of FNV-1a, public domain. */
function seedOf(id: MetricId): number {
  let hash = 0x811c9dc5
  for (const character of keyOf(id)) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash
}
