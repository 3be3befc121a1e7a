/** The account's bill: what its tasks really cost, by UTC day, service and tags, from their own lives. */
import type { TaskRecord } from '../ecs/task-record.ts'
import type { ServiceCode } from '../pricing/products.ts'
import { type Charge, chargesOf, leastBilledMs } from './charges.ts'
import type { Period } from './periods.ts'

/** What was charged on one day for one service, to resources of the same tags. */
export interface BillLine {
  service: ServiceCode
  tags: ReadonlyMap<string, string>
  usd: number
  isCredit: boolean
}

/** A task that is being billed. */
interface Meter {
  record: TaskRecord
  charges: Charge[]
  leastMs: number
  since: number
  /** What came before is on the bill. */
  until: number
  /** As they were last seen: a task's tags are gone once it has stopped. */
  tags: Tags
}

type Tags = TaskRecord['tags']

const hour = 3_600_000
const day = 24 * hour

export class Bill {
  readonly #region: string
  readonly #meters = new Map<string, Meter>()
  readonly #days = new Map<number, Map<string, BillLine>>()
  readonly #owners = new WeakMap<Tags, { key: string; byKey: ReadonlyMap<string, string> }>()
  #firstUse: number | undefined

  constructor(region: string) {
    this.#region = region
  }

  /** When anything was first charged for, epoch milliseconds. */
  get firstUse(): number | undefined {
    return this.#firstUse
  }

  /** To be told of each change of a task: billed is from when its images begin to be pulled until it has stopped. */
  note(record: TaskRecord): void {
    const { taskArn, pullStartedAt, stoppedAt } = record.state
    if (!pullStartedAt) return
    const meter = this.#meters.get(taskArn) ?? this.#begin(record, pullStartedAt.getTime())
    if (stoppedAt) this.#end(taskArn, meter, stoppedAt.getTime())
    else meter.tags = record.tags
  }

  /** Brings the bill up to this moment. */
  accrue(now: Date): void {
    for (const meter of this.#meters.values()) {
      // TagResource changes them without a change of the task.
      meter.tags = meter.record.tags
      this.#accrue(meter, now.getTime())
    }
  }

  /** Books a credit, which is applied to ECS as a whole. */
  credit(usd: number, now: Date): void {
    this.#book(now.getTime(), { service: 'AmazonECS', tags: [], isCredit: true }, -usd)
  }

  /** What is on the bill for the days of a period, as far as it was accrued. */
  spend({ start, end }: Period, covers: (line: BillLine) => boolean): number {
    let usd = 0
    for (const [at, lines] of this.#days) {
      if (at < start.getTime() || at >= end.getTime()) continue
      for (const line of lines.values()) if (covers(line)) usd += line.usd
    }
    return usd
  }

  #begin(record: TaskRecord, since: number): Meter {
    const charges = chargesOf(record, this.#region)
    const meter: Meter = { record, charges, leastMs: leastBilledMs(record), since, until: since, tags: record.tags }
    this.#meters.set(record.state.taskArn, meter)
    this.#firstUse ??= since
    return meter
  }

  /** Rounded up to a second, and to the least that is billed. */
  #end(taskArn: string, meter: Meter, stoppedAt: number): void {
    this.#accrue(meter, stoppedAt)
    const billed = Math.max(meter.leastMs, Math.ceil((stoppedAt - meter.since) / 1000) * 1000)
    this.#charge(meter, stoppedAt - 1, billed - (stoppedAt - meter.since))
    this.#meters.delete(taskArn)
  }

  #accrue(meter: Meter, to: number): void {
    while (meter.until < to) {
      const end = Math.min(to, dayOf(meter.until) + day)
      this.#charge(meter, meter.until, end - meter.until)
      meter.until = end
    }
  }

  #charge({ charges, tags }: Meter, at: number, ms: number): void {
    for (const { service, usdPerHour } of charges)
      this.#book(at, { service, tags, isCredit: false }, (usdPerHour * ms) / hour)
  }

  #book(at: number, { service, tags, isCredit }: Omit<BillLine, 'usd' | 'tags'> & { tags: Tags }, usd: number): void {
    const lines = this.#days.get(dayOf(at)) ?? new Map<string, BillLine>()
    this.#days.set(dayOf(at), lines)
    const owner = this.#ownerOf(tags)
    const key = `${service} ${isCredit} ${owner.key}`
    const line = lines.get(key) ?? { service, isCredit, tags: owner.byKey, usd: 0 }
    line.usd += usd
    lines.set(key, line)
  }

  /** Tasks keep their array of tags until the tags change, so that the thousands of them need not be read at each refresh. */
  #ownerOf(tags: Tags): { key: string; byKey: ReadonlyMap<string, string> } {
    const known = this.#owners.get(tags)
    if (known) return known
    const entries = tags.map(({ key = '', value = '' }) => [key, value] as const)
    const owner = { key: JSON.stringify(entries.toSorted()), byKey: new Map(entries) }
    this.#owners.set(tags, owner)
    return owner
  }
}

const dayOf = (at: number) => at - (at % day)
