/** The account of the tour's second part: March, with its stack at work and what people run in it. */
import { fileURLToPath } from 'node:url'
import { stackConfig } from '../stack/config.ts'
import { SimulatedClock } from './account/clock.ts'
import { type OpenAccount, type Opening, openAccount } from './open-account.ts'
import { fillAccount, startLoadTest } from './tour-account.ts'

const configFile = fileURLToPath(new URL('tour-guard.yml', import.meta.url))
const begins = '2026-03-01T00:00:00Z'

export interface Month extends OpenAccount {
  clock: SimulatedClock
  configFile: string
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
    return { ...month, clock, configFile, loadTest }
  } catch (error) {
    await month.close()
    throw error
  }
}
