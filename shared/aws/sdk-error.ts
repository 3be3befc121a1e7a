/** Turns what the SDK throws into the errors of the ports. */
import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry'
import { RefusedError, RetryableError } from '../ports.ts'

interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number }
  $fault?: 'client' | 'server'
  resourceIds?: string[]
}

/**
 * Codes of 4xx answers that mean "not now", which the SDK itself does not retry: credentials that ran out are renewed by
 * the time a queue redelivers, and a table that is being changed comes back.
 */
const passing = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired', 'TransactionConflictException'])

/**
 * `RetryableError` for throttling, timeouts, lost connections, 5xx and missing credentials; `RefusedError` with AWS's code
 * for every other answer of a service. An error of our own making comes back unchanged. `doing`: "dynamodb:PutItem on farguard-dev".
 */
export function portError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof RetryableError || error instanceof RefusedError) return error
  const said: SdkError = error
  // Of an answer that is no JSON the SDK tells in several lines.
  const message = `${doing}: ${said.name}: ${said.message.replaceAll(/\s*\n\s*/g, ' ')}`
  // The SDK's predicates want its own error type, of which they read only what `SdkError` has.
  const classified = said as Parameters<typeof isTransientError>[0]
  const later =
    isThrottlingError(classified) ||
    isTransientError(classified) ||
    isServerError(classified) ||
    said.name === 'AbortError' ||
    said.name === 'CredentialsProviderError' ||
    passing.has(said.name)
  if (later) return new RetryableError(message, { cause: error })
  if (said.$fault === undefined && said.$metadata?.httpStatusCode === undefined) return error
  return new RefusedError(said.name, message, { cause: error, resourceIds: said.resourceIds ?? [] })
}

/** What `call` answers; what it throws as `portError` says it. */
export async function saying<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw portError(error, doing)
  }
}

/** The words of an error that `portError` made; any other is thrown on. */
export function whatItSaid(error: unknown): string {
  if (error instanceof RetryableError || error instanceof RefusedError) return error.message
  throw error
}
