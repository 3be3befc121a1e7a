/** A local account with what a farguard.yml takes to be there, on the wire, and its packaged stack at work in it. */
import type { Config } from '../shared/config/config.ts'
import { packageStack } from '../stack/package.ts'
import type { SimulatedClock } from './account/clock.ts'
import { type Line, lineOfBatch, lineOfEvent, lineOfFailedAttempt, logLines } from './console.ts'
import { behaviourIn, furnish } from './furnish.ts'
import { createLocalAccount, type LocalAccount } from './local-account.ts'
import { runStack } from './run-stack.ts'
import { listen } from './wire/listen.ts'

export interface Opening {
  /** What `configFile` says. */
  config: Config
  configFile: string
  region: string
  clock: SimulatedClock
  /** The same seed, and the same calls at the same times, give the same account. */
  seed: number
  /** 0 takes a free one. */
  port: number
  /** Ends the packaging early. */
  signal: AbortSignal
  /** How often the sweep comes, as a schedule's expression; absent: as the stack has it. */
  sweeps?: string
  /** Gets what happens in the account from then on. */
  show(line: Line): void
}

export interface OpenAccount {
  local: LocalAccount
  /** host:port */
  address: string
  close(): Promise<void>
}

/** Takes the seconds that packaging takes; its time stands still until its clock is advanced. */
export async function openAccount(opening: Opening): Promise<OpenAccount> {
  const { config, configFile, region, clock, seed, port, signal } = opening
  const show = (line: Line | undefined) => line && opening.show(line)
  const lineOf = logLines()
  let address = ''
  const local = createLocalAccount({ clock, region, seed, host: () => address, behaviour: behaviourIn(config) })
  // Without it idle is told by the CPU of services alone: network, and tasks that stand alone, have no metrics.
  await furnish(local, config, { containerInsights: 'enhanced' })
  const server = await listen(local.wire, { port })
  address = new URL(server.url).host
  try {
    const stop = await runStack(local, {
      config,
      template: withSweeps(await packageStack(configFile, region, signal), opening.sweeps),
      endpoint: server.url,
      onLine: line => show(lineOf(line)),
      onBatch: batch => show(lineOfBatch(batch, clock.now())),
      onFailedAttempt: failed => show(lineOfFailedAttempt(failed, clock.now())),
    })
    local.bus.onEvent(event => show(lineOfEvent(event)))
    return {
      local,
      address,
      async close() {
        await stop()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

function withSweeps(template: unknown, expression: string | undefined): unknown {
  if (expression === undefined) return template
  const { Resources } = template as { Resources: Record<string, { Properties: { ScheduleExpression: string } }> }
  const schedule = Resources.SweepSchedule
  if (!schedule) throw new Error('The stack has no SweepSchedule.')
  schedule.Properties.ScheduleExpression = expression
  return template
}
