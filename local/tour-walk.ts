/** Whoever walks through the tour's month: lets its time pass, looks, types commands. */
import { connect } from '../cli/connection.ts'
import { farguard } from '../cli/program.ts'
import { processTerminal, type Terminal } from '../cli/terminal.ts'
import { findParked, readLastRun, readSavings } from '../shared/guard/records.ts'
import type { Table } from '../shared/ports.ts'
import type { Month } from './tour-month.ts'

const hour = 3_600_000

export interface Watching {
  signal: AbortSignal
  print(text: string): void
}

export class Walk {
  readonly month: Month
  readonly #watching: Watching
  readonly #table: Table

  constructor(month: Month, watching: Watching) {
    this.month = month
    this.#watching = watching
    this.#table = connect({ stage: 'dev', local: month.address }, {}).table
  }

  title(text: string): void {
    this.#watching.print('')
    this.#watching.print(text)
  }

  say(text: string): void {
    this.#watching.print(text)
  }

  /** By the last run. */
  async warned(): Promise<string[]> {
    return (await readLastRun(this.#table))?.warned.map(({ workload }) => workload) ?? []
  }

  async isParked(workload: string): Promise<boolean> {
    return (await findParked(this.#table, workload))?.state === 'parked'
  }

  readonly copies = (name: string): number | undefined =>
    this.month.local.ecs.services().find(({ serviceName }) => serviceName === name)?.runningCount

  /** Hour by hour, for three days at most. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const { clock } = this.month
    const patience = clock.now().getTime() + 72 * hour
    while (!(await holds())) {
      if (clock.now().getTime() > patience)
        throw new Error(`In three days of the account's time it did not come about that ${what}.`)
      this.#watching.signal.throwIfAborted()
      await clock.advance(hour)
    }
  }

  expect(what: string, holds: boolean): void {
    if (!holds) throw new Error(`It is not so that ${what}.`)
  }

  /** What has been saved by stopping it, by name. */
  async saved(): Promise<string[]> {
    return (await readSavings(this.#table)).map(({ workload }) => workload)
  }

  /** A command as somebody types it, in the account's time. Throws Error where it does not end with 0. */
  async type(...args: string[]): Promise<void> {
    const { address, configFile } = this.month
    this.title(`$ npx farguard ${args.map(arg => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`)
    const environment = { FARGUARD_CONFIG: configFile, FARGUARD_LOCAL: address }
    const exitCode = await farguard(args, { terminal: this.#terminal(), environment, connect })
    if (exitCode !== 0) throw new Error(`farguard ${args.join(' ')} ended with ${exitCode}.`)
  }

  #terminal(): Terminal {
    const { clock } = this.month
    const { print, signal } = this.#watching
    return {
      print,
      say: print,
      columns: processTerminal().columns,
      now: () => clock.now(),
      sleep: ms => clock.advance(ms),
      untilInterrupted: work => work(signal),
      user: () => 'ada@laptop',
      timeZone: () => 'Europe/Berlin',
    }
  }
}
