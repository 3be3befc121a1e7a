/** A cluster whose tasks come and go on record, and its ledger, for tests. */
import { memoryTable } from '../../local/memory-table.ts'
import type { Config } from '../../shared/config/config.ts'
import { type ClusterNow, keepLedger, type LedgerMeans, ledgerNow } from '../../shared/cost/ledger.ts'
import { readDays } from '../../shared/cost/ledger-records.ts'
import { silentTasks } from '../../shared/cost/silent-tasks.ts'
import { subjectsOfTasks, tagKeysOf } from '../../shared/cost/task-subject.ts'
import type { Table, Task } from '../../shared/ports.ts'
import { readTasks, writeTask } from '../../shared/status/task-record.ts'
import { config as configOf, job, service, task as taskTarget } from '../deploy/targets.ts'
import { prices } from './priced.ts'

export const targets: Config = configOf(service(), taskTarget(), job())

type Usual = Partial<LedgerMeans> & { running?: readonly Task[] }

export class Books {
  readonly table: Table
  readonly config: Config
  readonly #running = new Map<string, Task>()

  constructor(config = targets, table: Table = memoryTable()) {
    this.table = table
    this.config = config
  }

  /** Puts tasks on record as their events would. Those that have not stopped are what ECS answers from now on. */
  async tell(...tasks: Task[]): Promise<void> {
    for (const each of tasks) {
      const [seen] = await readTasks(this.table, [each.arn])
      await writeTask(this.table, each, { config: this.config, from: 'event', at: '2026-03-01T00:00:00.000Z', seen })
      if (each.lastStatus === 'STOPPED') this.#running.delete(each.arn)
      else this.#running.set(each.arn, each)
    }
  }

  /** One run; `more`: what is other than usual. */
  async keep(now: string, more: Usual & { recount?: boolean } = {}): Promise<boolean> {
    const { recount = false, ...usual } = more
    const [{ cluster, running }, means] = this.#run(now, usual)
    const silent = recount ? await silentTasks(this.table, cluster, running, this.config) : []
    return keepLedger({ cluster, running, silent }, means, recount)
  }

  /** What one run would put on record. */
  look(now: string, more: Usual = {}) {
    return ledgerNow(...this.#run(now, more))
  }

  #run(now: string, { running = [...this.#running.values()], ...more }: Usual): [ClusterNow, LedgerMeans] {
    const means: LedgerMeans = {
      table: this.table,
      prices: prices(),
      now: new Date(now),
      subjectOf: subjectsOfTasks({ services: new Map(), targets: new Map() }, this.config),
      publicIpOf: () => false,
      tagKeys: tagKeysOf(this.config),
      hasTime: () => true,
    }
    return [
      { cluster: 'demo', running },
      { ...means, ...more },
    ]
  }

  days(from = '2026-01-01', to = '2026-12-31') {
    return readDays(this.table, from, to)
  }

  /** What each day cost, to a millionth of a dollar. */
  async totals(): Promise<Record<string, number>> {
    const totals: Record<string, number> = {}
    for (const { day, lines, rest } of await this.days()) {
      const usd = lines.reduce((sum, line) => sum + line.usd, rest?.usd ?? 0)
      totals[day] = Math.round(usd * 1e6) / 1e6
    }
    return totals
  }
}
