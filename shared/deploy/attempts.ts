/** What is to be called next to bring a deployment to its start. Pure: the record in, the next step out. */
import { createHash } from 'node:crypto'
import type { Target } from '../config/config.ts'
import type { Attempt, Claim, Deployment } from './records.ts'

export type Step =
  /** These calls are on record and have no outcome yet. */
  | { do: 'call'; attempts: Attempt[] }
  /** These calls are to go on record and then be made. */
  | { do: 'plan'; attempts: Attempt[] }
  | { do: 'finish' }

/** RunTask starts at most this many copies a call. */
const mostCopiesPerCall = 10

/**
 * Names the call that started a task: `fg/<target>/<id of the deployment><number of the attempt>`, the number as two digits of
 * base 36. ECS takes 36 characters of letters, digits, - _ / in its older limit; a target's name has 24 at most.
 */
export function startedBy(target: string, claim: Pick<Claim, 'id'>, attempt: Pick<Attempt, 'number'>): string {
  return `fg/${target}/${claim.id}${attempt.number.toString(36).padStart(2, '0')}`
}

/** The next step of a deployment that is starting. Needs its revision. */
export function nextStep(deployment: Deployment, target: Target, capacity: 'on-demand' | 'spot', now: Date): Step {
  const open = deployment.attempts.filter(attempt => !attempt.outcome)
  if (open.length > 0) return { do: 'call', attempts: open }
  const at = now.toISOString()
  const revision = deployment.revision?.arn ?? ''
  const first = deployment.attempts.length + 1
  if (target.run.kind === 'service') {
    if (deployment.attempts.some(isDone)) return { do: 'finish' }
    const { service } = target.run
    const call = { operation: 'UpdateService' as const, cluster: target.cluster, service, revision }
    return { do: 'plan', attempts: [{ number: first, at, call }] }
  }
  const wanted = target.run.kind === 'task' ? target.run.count : 1
  const missing = wanted - startedTasks(deployment.attempts).length
  if (missing <= 0) return { do: 'finish' }
  const { network } = target.run
  const attempts = chunks(missing).map((count, index): Attempt => {
    const number = first + index
    const call = {
      operation: 'RunTask' as const,
      cluster: target.cluster,
      revision,
      count,
      capacity,
      network,
      startedBy: startedBy(target.name, deployment, { number }),
      clientToken: createHash('sha256').update(`${deployment.id}/${number}`).digest('hex'),
      tags: [
        { key: 'farguard:target', value: target.name },
        { key: 'farguard:deployment', value: String(deployment.number) },
      ],
    }
    return { number, at, call }
  })
  return { do: 'plan', attempts }
}

/** ARNs of what the attempts are known to have started. */
export function startedTasks(attempts: readonly Attempt[]): string[] {
  return [...new Set(attempts.flatMap(attempt => attempt.outcome?.tasks ?? []))]
}

function isDone({ call, outcome }: Attempt): boolean {
  return call.operation === 'UpdateService' && outcome !== undefined && !outcome.failures
}

/** Where the next copies are to run: Spot capacity that is missing is not replaced by on-demand unless we do it. */
export function nextCapacity(
  target: Target,
  first: 'on-demand' | 'spot',
  attempts: readonly Attempt[],
): 'on-demand' | 'spot' {
  if (target.run.kind === 'service' || target.run.capacity !== 'spot-then-on-demand') return first
  return attempts.some(attempt => (attempt.outcome?.failures?.length ?? 0) > 0) ? 'on-demand' : first
}

function chunks(count: number): number[] {
  const full = Math.floor(count / mostCopiesPerCall)
  const rest = count % mostCopiesPerCall
  return [...Array.from({ length: full }, () => mostCopiesPerCall), ...(rest > 0 ? [rest] : [])]
}
