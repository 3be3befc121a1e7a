/** The tour's second part: a month under the guard, in an account of its own, whose clock goes from one run to the next. */
import { fileURLToPath } from 'node:url'
import { connect } from '../cli/connection.ts'
import { farguard } from '../cli/program.ts'
import { processTerminal, type Terminal } from '../cli/terminal.ts'
import { findParked, readLastRun } from '../shared/guard/records.ts'
import type { Table } from '../shared/ports.ts'
import { stackConfig } from '../stack/config.ts'
import { SimulatedClock } from './account/clock.ts'
import { type OpenAccount, type Opening, openAccount } from './open-account.ts'
import { describe, fillAccount, setCount, startLoadTest } from './tour-account.ts'

const configFile = fileURLToPath(new URL('tour-guard.yml', import.meta.url))
const begins = '2026-03-01T00:00:00Z'
const hour = 3_600_000

interface Watching {
  signal: AbortSignal
  print(text: string): void
}

export interface Month extends OpenAccount {
  clock: SimulatedClock
  /** ARN of a task that somebody has started by hand. */
  loadTest: string
}

/**
 * The account with its stack and all that runs in it. Sweeps every five minutes, and a guard every fifteen, take more than a
 * minute of a machine's time for a month: here they come less often.
 */
export async function openMonth({ signal, show }: Pick<Opening, 'signal' | 'show'>): Promise<Month> {
  const config = stackConfig(configFile)
  const clock = new SimulatedClock(begins)
  const settling = clock.now().getTime() + 10 * 60_000
  const month = await openAccount({
    config,
    configFile,
    region: 'eu-central-1',
    clock,
    seed: 1,
    port: 0,
    signal,
    sweeps: 'rate(6 hours)',
    show: line => Date.parse(line.at) > settling && show(line),
  })
  try {
    await fillAccount(month.local, month.address)
    const loadTest = await startLoadTest(month.local, month.address)
    await clock.advanceTo(settling)
    return { ...month, clock, loadTest }
  } catch (error) {
    await month.close()
    throw error
  }
}

/** Throws Error when something did not happen that should have. */
export async function tourMonth(month: Month, watching: Watching): Promise<void> {
  const walk = new Walk(month, watching)
  const began = performance.now()
  await idle(walk)
  await overBudget(walk)
  await monthEnd(walk)
  walk.title(`A month has passed in ${Math.round((performance.now() - began) / 1000)} s.`)
}

const preview = 'service:demo/preview'

async function idle(walk: Walk): Promise<void> {
  const { local, loadTest } = walk.month
  walk.title('Now the guard, in another account: its March in a minute at most, with local/tour-guard.yml.')
  walk.say('A preview has no visitors, and somebody has started a load test and forgotten it.')
  const forgotten = `task:demo/${loadTest.slice(loadTest.lastIndexOf('/') + 1)}`
  await walk.until('preview and the load test are warned of', async () => {
    const warned = await walk.warned()
    return warned.includes(preview) && warned.includes(forgotten)
  })
  const before = await describe(local, 'preview')
  await walk.type('guard', '--plan')
  walk.title('A day of grace later they are stopped:')
  await walk.until('the load test is stopped', async () =>
    local.ecs.tasks().every(({ taskArn, lastStatus }) => taskArn !== loadTest || lastStatus === 'STOPPED'),
  )
  await walk.until('preview is at zero', async () => (await walk.isParked(preview)) && walk.copies('preview') === 0)
  walk.title(`preview had ${before}.`)
  walk.say(`Now it has ${await describe(local, 'preview')}. Somebody wants it back:`)
  await walk.type('undo', 'demo/preview')
  const after = await describe(local, 'preview')
  walk.title(`preview has ${after}: as before. It is kept for a day, and is needed for longer:`)
  await walk.expect(`preview has ${before} again`, async () => after === before)
  await walk.type('keep', 'demo/preview', '--until', '2026-03-31', '--because', 'customers try it this month')
}

const backfill = 'service:demo/backfill'
const others = ['preview', 'catalog', 'ingest', 'reindex', 'web']

async function overBudget(walk: Walk): Promise<void> {
  const { local, clock } = walk.month
  await clock.advanceTo(Date.parse('2026-03-10T08:00:00Z'))
  walk.title(
    'The tenth: somebody puts backfill from one copy to four. For the data team there are $120 a month, in AWS Budgets.',
  )
  await setCount(local, 'backfill', 4)
  const copies = others.map(walk.copies)
  await walk.until('backfill is warned of', async () => (await walk.warned()).includes(backfill))
  walk.title(
    'Metered and projected are Farguard’s, up to the hour; what AWS reports is hours late, and it forecasts nothing in the first five weeks.',
  )
  await walk.type('guard', '--plan')
  await walk.until('backfill is at zero', async () => (await walk.isParked(backfill)) && walk.copies('backfill') === 0)
  await walk.expect('nothing else was stopped', async () => others.map(walk.copies).join() === copies.join())
  walk.title('The smallest loss that fits: backfill alone, which is expendable. Everything else runs on.')
  await walk.type('guard', '--limit', '3')
}

async function monthEnd(walk: Walk): Promise<void> {
  const { clock } = walk.month
  await clock.advanceTo(Date.parse('2026-04-01T00:00:00Z') - hour)
  walk.title('The month’s last hour: what it cost, and what was saved.')
  await walk.type('costs')
  await walk.until('backfill comes back with the new period', async () => walk.copies('backfill') === 4)
  walk.title('April: the budget’s period is over, and backfill is back by itself, with its four copies.')
}

/** Whoever walks through the month: lets time pass, looks, types commands. */
class Walk {
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

  async expect(what: string, holds: () => Promise<boolean>): Promise<void> {
    if (!(await holds())) throw new Error(`It is not so that ${what}.`)
  }

  /** A command as somebody types it, in the account's time. Throws Error where it does not end with 0. */
  async type(...args: string[]): Promise<void> {
    const { address } = this.month
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
