/** What the tasks of one cluster cost on each of some days. */
import { type CostLines, CostSums } from './cost-lines.ts'
import type { CostDay, CostHour } from './ledger-records.ts'
import { billedMs, type Metered, type Span } from './meter.ts'
import type { Prices } from './prices.ts'
import { type Rate, rateOf } from './rate.ts'
import type { Subject } from './subject.ts'

/** What costs are computed by. */
export interface Costing {
  prices: Prices
  now: Date
  /** What selectors see of a task, running or ended. */
  subjectOf: (task: Metered) => Subject
  /** Keys of the tags that selectors ask for. */
  tagKeys: readonly string[]
}

/** DynamoDB takes 400 KB a record, names and notes included. */
const mostBytes = 300 * 1024

const [hourMs, dayMs] = [3600_000, 24 * 3600_000]

/** Sums up tasks, and hours that were summed up before, by day. */
export class DaySums {
  readonly #cluster: string
  readonly #costing: Costing
  readonly #days: ReadonlyMap<string, { span: Span; sums: CostSums }>
  readonly #assumes = new Set<string>()
  readonly #leavesOut = new Set<string>()

  constructor(days: readonly string[], cluster: string, costing: Costing) {
    this.#cluster = cluster
    this.#costing = costing
    this.#days = new Map(days.map(day => [day, { span: spanOf(day), sums: new CostSums(costing.tagKeys) }]))
  }

  addAll(tasks: readonly Metered[]): void {
    for (const task of tasks) this.#add(task)
  }

  #add(task: Metered): void {
    const { now, prices, subjectOf } = this.#costing
    let rate: Rate | undefined
    for (const { span, sums } of this.#days.values()) {
      const ms = billedMs(task, now, span)
      if (ms === 0) continue
      if (typeof ms !== 'number') {
        sums.add(subjectOf(task), { ms: 0, ...ms })
        continue
      }
      rate ??= this.#noted(rateOf(task, prices))
      const { perHour } = rate
      sums.add(subjectOf(task), 'unknown' in perHour ? { ms, ...perHour } : { ms, usd: perHour.usd * (ms / hourMs) })
    }
  }

  #noted(rate: Rate): Rate {
    for (const each of rate.assumes) this.#assumes.add(each)
    for (const each of rate.leavesOut) this.#leavesOut.add(each)
    return rate
  }

  /** Days that are none of these are left out. */
  merge({ days, assumes, leavesOut }: CostHour): void {
    for (const [day, lines] of Object.entries(days)) this.#days.get(day)?.sums.merge(lines, this.#cluster)
    for (const each of assumes) this.#assumes.add(each)
    for (const each of leavesOut) this.#leavesOut.add(each)
  }

  /** Each day as it goes on record by itself. */
  byDay(): [day: string, Omit<CostDay, 'day' | 'isFinal'>][] {
    return [...this.#days].map(([day, { sums }]) => [day, { ...sums.lines(mostBytes), ...this.#facts() }])
  }

  /** All days in one record; those without costs are left out. */
  together(): Omit<CostHour, 'hour'> {
    const days: Record<string, CostLines> = {}
    for (const [day, { sums }] of this.#days) {
      const lines = sums.lines(mostBytes / this.#days.size)
      if (lines.lines.length > 0 || lines.rest) days[day] = lines
    }
    return { days, ...this.#facts() }
  }

  #facts() {
    const { now, tagKeys } = this.#costing
    return {
      cluster: this.#cluster,
      at: now.toISOString(),
      tagKeys: [...tagKeys],
      assumes: [...this.#assumes].sort(),
      leavesOut: [...this.#leavesOut].sort(),
    }
  }
}

function spanOf(day: string): Span {
  const from = Date.parse(day)
  return { from, to: from + dayMs }
}
