/** A Lambda behind a queue of EventBridge events: each message on its own, no one of them in the way of the others. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import * as z from 'zod/mini'
import type { Config } from '../shared/config/config.ts'
import type { Outcome } from '../shared/outcome.ts'
import type { World } from '../shared/ports.ts'
import { logger } from './logger.ts'
import type { Surroundings } from './world.ts'

/** What is left of a Lambda's time when no further message is begun: enough to finish the one under way and to answer. */
const reserveMs = 8_000

export type UseCase<E> = (event: E, config: Config, world: World) => Promise<Outcome>

/** `event`: the schema of the messages' bodies. `find`: where the world comes from, once, at the first batch. */
export function queueHandler<E>(event: z.ZodMiniType<E>, useCase: UseCase<E>, find: () => Surroundings) {
  let found: Surroundings | undefined
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .handler(async (batch: SQSEvent, context: Context) => {
      found ??= find()
      const failed: string[] = []
      for (const record of batch.Records) {
        const isTime = context.getRemainingTimeInMillis() > reserveMs
        if (!isTime || !(await handle(record, event, useCase, found))) failed.push(record.messageId)
      }
      return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) }
    })
}

/** True when the queue is done with the message: it was carried out, skipped, or set aside for good. */
async function handle<E>(
  record: SQSRecord,
  event: z.ZodMiniType<E>,
  useCase: UseCase<E>,
  { config, world, deadLetters }: Surroundings,
): Promise<boolean> {
  const { messageId } = record
  try {
    const parsed = parse(record.body, event)
    const outcome: Outcome =
      'problem' in parsed
        ? { kind: 'permanent', reason: 'malformed', detail: parsed.problem }
        : await useCase(parsed.event, config, world)
    switch (outcome.kind) {
      case 'done':
      case 'skipped':
        return true
      case 'retryable':
        world.log.warn('comes back', { messageId, reason: outcome.reason, detail: outcome.detail })
        return false
      case 'permanent':
        world.log.error('set aside', { messageId, reason: outcome.reason, detail: outcome.detail })
        await deadLetters.setAside(record.body, `${outcome.reason}: ${outcome.detail}`, { messageId })
        return true
    }
  } catch (error) {
    world.log.error('failed', { messageId, error })
    return false
  }
}

function parse<E>(body: string, schema: z.ZodMiniType<E>): { event: E } | { problem: string } {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    return { problem: `The message is not JSON: ${error instanceof Error ? error.message : error}` }
  }
  const result = z.safeParse(schema, json)
  return result.success
    ? { event: result.data }
    : { problem: `The message is no such event: ${result.error.issues.map(said).join('; ')}` }
}

/** One issue in a few words: zod/mini has none without a locale, which every cold start would have to load. */
function said(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.') || 'the whole'
  switch (issue.code) {
    case 'invalid_type':
      return `${where} is no ${issue.expected}`
    case 'invalid_value':
      return `${where} is not ${issue.values.join(' or ')}`
    case 'invalid_format':
      return `${where} does not look like ${issue.format === 'regex' ? issue.pattern : issue.format}`
    default:
      return `${where} is wrong (${issue.code})`
  }
}
