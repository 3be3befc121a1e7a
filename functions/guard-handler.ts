/** A Lambda that the guard's schedules and AWS Budgets wake: tells them apart, and makes one run. */
import { setTimeout as wait } from 'node:timers/promises'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import * as z from 'zod/mini'
import { type GuardWake, guardWake } from '../events/guard-wake.ts'
import type { Config } from '../shared/config/config.ts'
import type { RunMeans } from '../shared/guard/guard.ts'
import type { GuardRun } from '../shared/guard/records.ts'
import type { GuardWorld } from '../shared/ports.ts'
import { logger } from './logger.ts'
import type { Surroundings } from './world.ts'

/**
 * What is left of a Lambda's time when nothing further is begun: a call that AWS does not answer ends after four tries of five
 * seconds, and the run's own record is still to be written.
 */
const reserveMs = 40_000

/** A Lambda is ended at its deadline by another clock than that of the next one, which may find its lease. */
const clocksDifferMs = 10_000

/** `skipped`: why there was no run. */
export type Answer = GuardRun | { skipped: string }

export type Run = (trigger: GuardRun['trigger'], config: Config, world: GuardWorld, means: RunMeans) => Promise<Answer>

/** `find`: where the world comes from, once. `pause`: as the wall clock has it, unless something else is time there. */
export function guardHandler(
  run: Run,
  find: () => Surroundings<GuardWorld>,
  pause: RunMeans['pause'] = async ms => void (await wait(ms)),
) {
  let found: Surroundings<GuardWorld> | undefined
  return middy<unknown, Answer>()
    .use(injectLambdaContext(logger))
    .handler(async (event: unknown, context: Context): Promise<Answer> => {
      found ??= find()
      const { config, world } = found
      const woken = z.safeParse(guardWake, event)
      if (!woken.success) {
        world.log.error('not woken', { reason: 'unknown-event', event: JSON.stringify(event)?.slice(0, mostLogged) })
        return { skipped: 'unknown-event' }
      }
      const remaining = () => context.getRemainingTimeInMillis()
      const hasTime = () => remaining() > reserveMs
      return run(triggerOf(woken.data), config, world, { hasTime, pause, leaseMs: remaining() + clocksDifferMs })
    })
}

/** Of an event that is none of ours. */
const mostLogged = 1000

function triggerOf(wake: GuardWake): GuardRun['trigger'] {
  if ('Records' in wake) return 'budget'
  return wake.kind === 'look' ? 'schedule' : 'report'
}
