/** ECS answers 200 with what it could not tell beside what it could. */
import type { Failure } from '@aws-sdk/client-ecs'
import { RetryableError } from '../ports.ts'

/**
 * Throws RetryableError for failures of another reason than `known`: nothing is known of those then, which must not look as if they did
 * not exist. What is MISSING, ECS does not know.
 */
export function failUnlessMissing(failures: readonly Failure[] = [], known: readonly string[] = ['MISSING']): void {
  const others = failures.filter(({ reason = '' }) => !known.includes(reason))
  if (others.length === 0) return
  const said = others.map(({ arn, reason, detail }) =>
    [arn, reason ?? 'no reason given', detail].filter(Boolean).join(' '),
  )
  throw new RetryableError(`ECS did not tell of ${others.length}: ${said.slice(0, 5).join('; ')}`)
}
