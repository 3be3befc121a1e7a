/** Why a deployment can't go on now, or can't at all. */
import type { Outcome } from '../outcome.ts'
import { RefusedError, RetryableError } from '../ports.ts'

/** Each is explained in docs/deploying.md; a test keeps that complete. */
export const problemReasons = [
  'aws-unavailable',
  'aws-refused',
  'cluster-missing',
  'cluster-not-active',
  'cluster-provisioning',
  'container-not-found',
  'deployment-overtaken',
  'family-missing',
  'image-gone',
  'no-capacity',
  'no-capacity-provider',
  'service-missing',
  'revision-inactive',
  'service-not-ours',
  'start-unknown',
] as const

export type ProblemReason = (typeof problemReasons)[number]

/** `retry`: the same event may succeed later. `refuse`: somebody has to change something first. */
export class Problem extends Error {
  override name = 'Problem'
  readonly kind: 'retry' | 'refuse'
  readonly reason: ProblemReason
  constructor(kind: 'retry' | 'refuse', reason: ProblemReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.reason = reason
  }
}

/** AWS's errors that say something a user can act on, by code. */
const reasons: Partial<Record<string, ProblemReason>> = {
  ClusterNotFoundException: 'cluster-missing',
  ServiceNotFoundException: 'service-missing',
  ServiceNotActiveException: 'service-missing',
  RepositoryNotFoundException: 'image-gone',
}

/** What ECS says in the text of an error only, under codes that stand for many things. */
const texts: { pattern: RegExp; kind: 'retry' | 'refuse'; reason: ProblemReason }[] = [
  {
    pattern: /capacity is unavailable|insufficient capacity|limit on the number of/i,
    kind: 'retry',
    reason: 'no-capacity',
  },
  { pattern: /too many concurrent attempts/i, kind: 'retry', reason: 'aws-unavailable' },
  { pattern: /task ?definition is inactive/i, kind: 'refuse', reason: 'revision-inactive' },
]

/** The problem that an error stands for; what is no answer of AWS's is a defect of ours and stays as it is. */
export function asProblem(error: unknown, doing: string): unknown {
  if (error instanceof RetryableError)
    return new Problem('retry', 'aws-unavailable', `${doing}: ${error.message}`, { cause: error })
  if (!(error instanceof RefusedError)) return error
  const text = texts.find(({ pattern }) => pattern.test(error.message))
  const { kind, reason } = text ?? { kind: 'refuse' as const, reason: reasons[error.code] ?? 'aws-refused' }
  return new Problem(kind, reason, `${doing}: ${error.message}`, { cause: error })
}

/** The outcome that an error stands for; what is no answer of AWS's is thrown. */
export function asOutcome(error: unknown, doing: string): Outcome {
  const problem = asProblem(error, doing)
  if (!(problem instanceof Problem)) throw problem
  const kind = problem.kind === 'retry' ? 'retryable' : 'permanent'
  return { kind, reason: problem.reason, detail: problem.message }
}
