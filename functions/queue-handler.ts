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

/** `hasTime`: false once too little of the Lambda's time is left to begin anything further. */
export type UseCase<E, W = World> = (event: E, config: Config, world: W, hasTime: () => boolean) => Promise<Outcome>

/** Gives the outcome of each event, in their order. */
export type BatchUseCase<E> = (
  events: readonly E[],
  config: Config,
  world: World,
  hasTime: () => boolean,
) => Promise<readonly Outcome[]>

/** Each message by itself, one after the other. `event`: the schema of their bodies. `find`: where the world comes from, once. */
export function queueHandler<E, W extends World>(
  event: z.ZodMiniType<E>,
  useCase: UseCase<E, W>,
  find: () => Surroundings<W>,
) {
  return handlerOf(find, async (records, found, hasTime) => {
    const failed: SQSRecord[] = []
    for (const record of records) {
      const handle = (body: E) => useCase(body, found.config, found.world, hasTime)
      if (!hasTime() || !(await settle(record, parse(record.body, event), handle, found))) failed.push(record)
    }
    return failed
  })
}

/** The whole batch at once: what its messages say of the same thing can be weighed together. */
export function batchHandler<E>(event: z.ZodMiniType<E>, useCase: BatchUseCase<E>, find: () => Surroundings) {
  return handlerOf(find, async (records, found, hasTime) => {
    const { config, world } = found
    const parsed = records.map(record => ({ record, body: parse(record.body, event) }))
    const events = parsed.flatMap(({ body }) => ('event' in body ? [body.event] : []))
    const whole = (async () => (events.length > 0 ? useCase(events, config, world, hasTime) : []))()
    // Who waits for it handles its error; until then nobody does.
    whole.catch(() => undefined)
    const failed: SQSRecord[] = []
    let nth = 0
    for (const { record, body } of parsed) {
      const mine = 'event' in body ? nth++ : -1
      if (!(await settle(record, body, async () => outcomeAt(await whole, mine), found))) failed.push(record)
    }
    return failed
  })
}

type Failed<W> = (records: readonly SQSRecord[], found: Surroundings<W>, hasTime: () => boolean) => Promise<SQSRecord[]>

/** `handle` gives the messages that come back. */
function handlerOf<W>(find: () => Surroundings<W>, handle: Failed<W>) {
  let found: Surroundings<W> | undefined
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .handler(async (batch: SQSEvent, context: Context) => {
      found ??= find()
      const failed = await handle(batch.Records, found, () => context.getRemainingTimeInMillis() > reserveMs)
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
    })
}

function outcomeAt(outcomes: readonly Outcome[], nth: number): Outcome {
  const outcome = outcomes[nth]
  if (!outcome) throw new Error(`The batch has ${outcomes.length} outcomes, none for its message ${nth + 1}`)
  return outcome
}

/** True when the queue is done with the message: it was carried out, skipped, or set aside for good. */
async function settle<E>(
  { messageId, body }: SQSRecord,
  parsed: { event: E } | { problem: string },
  handle: (event: E) => Promise<Outcome>,
  { world, deadLetters }: Surroundings,
): Promise<boolean> {
  try {
    const outcome: Outcome =
      'problem' in parsed
        ? { kind: 'permanent', reason: 'malformed', detail: parsed.problem }
        : await handle(parsed.event)
    switch (outcome.kind) {
      case 'done':
      case 'skipped':
        return true
      case 'retryable':
        world.log.warn('comes back', { messageId, reason: outcome.reason, detail: outcome.detail })
        return false
      case 'permanent':
        world.log.error('set aside', { messageId, reason: outcome.reason, detail: outcome.detail })
        await deadLetters.setAside(body, `${outcome.reason}: ${outcome.detail}`, { messageId })
        return true
    }
  } catch (error) {
    world.log.error('failed', { messageId, error })
    return false
  }
}

function parse<E>(body: string, schema: z.ZodMiniType<E>): { event: E } | { problem: string } {
  try {
    const result = z.safeParse(schema, JSON.parse(body))
    if (result.success) return { event: result.data }
    return { problem: `The message is no such event: ${result.error.issues.map(said).join('; ')}` }
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is not JSON' : "can't be read"
    return { problem: `The message ${what}: ${error instanceof Error ? error.message : error}` }
  }
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
