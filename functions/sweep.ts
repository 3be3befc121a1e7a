/** On a schedule: repairs whatever events missed. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { type SweepReport, sweep } from '../shared/sweep/sweep.ts'
import { logger } from './logger.ts'
import { type Surroundings, surroundings } from './world.ts'

/** What is left of a Lambda's time when nothing further is begun: a cluster of 10,000 tasks is looked at in that. */
const reserveMs = 60_000

let found: Surroundings | undefined

export const handler = middy<unknown, SweepReport>()
  .use(injectLambdaContext(logger))
  .handler((_event: unknown, context: Context) => {
    found ??= surroundings()
    return sweep(found.config, found.world, () => context.getRemainingTimeInMillis() > reserveMs)
  })
