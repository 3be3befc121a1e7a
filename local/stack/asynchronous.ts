/** Lambda's asynchronous invocation: the caller is done at once, and Lambda itself tries again when the function fails. */
import type { AccountContext } from '../account/context.ts'
import type { AsynchronousSettings } from './resource.ts'

/** An attempt that failed. */
export interface FailedAttempt {
  functionName: string
  /** 1 for the first. */
  attempt: number
  error: unknown
  /** When it is tried again; absent when it is not. */
  retryAt?: Date
}

export interface AsynchronousParts {
  context: Pick<AccountContext, 'clock' | 'random' | 'accountId' | 'region'>
  invoke(functionName: string, event: unknown): Promise<unknown>
  /** Takes to a queue what failed for good. */
  send(queueArn: string, body: string, attributes: Record<string, string>): void
  onFailure(failed: FailedAttempt): void
}

/**
 * What Lambda waits before it tries again: a minute, then two.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const waitsMs = [60_000, 120_000]
/** Lambda's own, where the stack leaves it to Lambda. */
const defaults: AsynchronousSettings = { retries: 2, maximumAgeSeconds: 6 * 3600 }

/** Invokes the function, and again as often as its settings allow; does not throw when it fails. */
export async function invokeAsynchronously(
  parts: AsynchronousParts,
  { name, asynchronous = defaults }: { name: string; asynchronous?: AsynchronousSettings },
  event: unknown,
): Promise<void> {
  const { clock, random } = parts.context
  const requestId = random.uuid()
  const oldestAt = clock.now().getTime() + asynchronous.maximumAgeSeconds * 1000

  async function run(attempt: number): Promise<void> {
    try {
      await parts.invoke(name, event)
    } catch (error) {
      const failed: FailedAttempt = { functionName: name, attempt, error }
      const retryAt = clock.now().getTime() + (waitsMs[attempt - 1] ?? Number.POSITIVE_INFINITY)
      if (attempt <= asynchronous.retries && retryAt <= oldestAt) {
        parts.onFailure({ ...failed, retryAt: new Date(retryAt) })
        clock.after(retryAt - clock.now().getTime(), () => run(attempt + 1))
        return
      }
      parts.onFailure(failed)
      const condition = attempt > asynchronous.retries ? 'RetriesExhausted' : 'EventAgeExceeded'
      setAside(parts, asynchronous, { requestId, event, condition, ...failed })
    }
  }
  await run(1)
}

type GivenUp = FailedAttempt & { requestId: string; event: unknown; condition: string }

/** A dead-letter queue gets the event alone; a destination gets it with what became of it. */
function setAside(parts: AsynchronousParts, settings: AsynchronousSettings, givenUp: GivenUp): void {
  const { requestId, event, error } = givenUp
  const errorMessage = error instanceof Error ? error.message : String(error)
  if (settings.deadLetterArn) {
    const attributes = { RequestID: requestId, ErrorCode: '200', ErrorMessage: errorMessage.slice(0, 1024) }
    parts.send(settings.deadLetterArn, JSON.stringify(event), attributes)
  }
  if (settings.onFailureArn) {
    parts.send(settings.onFailureArn, JSON.stringify(invocationRecord(parts.context, givenUp, errorMessage)), {})
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function invocationRecord(
  { clock, region, accountId }: AsynchronousParts['context'],
  { functionName, requestId, condition, attempt, event }: GivenUp,
  errorMessage: string,
) {
  return {
    version: '1.0',
    timestamp: clock.now().toISOString(),
    requestContext: {
      requestId,
      functionArn: `arn:aws:lambda:${region}:${accountId}:function:${functionName}:$LATEST`,
      condition,
      approximateInvokeCount: attempt,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorMessage },
  }
}
