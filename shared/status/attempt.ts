/** What a call on the world came to, as an outcome instead of an error. */
import type { Outcome } from '../outcome.ts'
import { RefusedError, RetryableError, type World } from '../ports.ts'

export type Attempted<T> = { value: T } | { failed: Outcome }

/** `doing`: what failed, for people. What is no answer of AWS's is a defect of ours: logged, and tried again. */
export async function attempt<T>(call: () => Promise<T>, doing: string, world: World): Promise<Attempted<T>> {
  try {
    return { value: await call() }
  } catch (error) {
    const detail = `${doing}: ${error instanceof Error ? error.message : error}`
    if (error instanceof RetryableError) return { failed: { kind: 'retryable', reason: 'aws-unavailable', detail } }
    if (error instanceof RefusedError) return { failed: { kind: 'permanent', reason: 'aws-refused', detail } }
    world.log.error('failed', { doing, error })
    return { failed: { kind: 'retryable', reason: 'failed', detail } }
  }
}
