/** What is to be called next to bring a deployment to its start. Pure: the record in, the next step out. */
import { createHash } from 'node:crypto'
import type { Target } from '../config/config.ts'
import type { Network, RunRequest } from '../ports.ts'
import type { Attempt, Claim, Deployment } from './records.ts'

export type Step =
  /** These calls are on record and have no outcome yet. */
  | { do: 'call'; attempts: Attempt[] }
  /** These calls are to go on record and then be made. */
  | { do: 'plan'; attempts: Attempt[] }
  /** The `before` task runs: nothing else starts until it has ended. */
  | { do: 'await'; task: string }
  /** Too many of its tasks ended for reasons outside of the image. */
  | { do: 'give-up'; how: string }
  | { do: 'finish' }

/** What a step depends on besides the record. */
export interface Circumstances {
  now: Date
  /** Where the next copies run. */
  capacity: 'on-demand' | 'spot'
  /** The container that gets the image: a `before` task changes its command. */
  container: string
  /** The revision and network of the service as it is. */
  service?: { revision: string; desiredCount: number; network?: Network }
}

/** RunTask starts at most this many copies a call. */
const mostCopiesPerCall = 10

/** How often each copy may be lost to capacity, network, secrets or Spot before the rollout is given up. */
const mostLosses = 3

/** Attempts that stay on record although nothing of theirs runs any more. */
const keptAttempts = 10

/** Two digits of base 36. The names of attempts begin anew then, long after the first ones' tokens have expired. */
const attemptNames = 36 ** 2

/**
 * Names the call that started a task: `fg/<target>/<id of the deployment><number of the attempt>`, the number as two digits of
 * base 36. ECS takes 36 characters of letters, digits, - _ / in its older limit; a target's name has 24 at most.
 */
export function startedBy(target: string, claim: Pick<Claim, 'id'>, attempt: Pick<Attempt, 'number'>): string {
  return `fg/${target}/${claim.id}${(attempt.number % attemptNames).toString(36).padStart(2, '0')}`
}

/** The next step of a deployment that is to start, or to start again what it lost. Needs its revision. */
export function nextStep(deployment: Deployment, target: Target, circumstances: Circumstances): Step {
  const open = deployment.attempts.filter(attempt => !attempt.outcome)
  if (open.length > 0) return { do: 'call', attempts: open }
  if (target.before && !deployment.preparedAt && deployment.state !== 'succeeded')
    return prepare(deployment, target, target.before.command, circumstances)
  if (target.run.kind === 'service') return update(deployment, target, target.run.service, circumstances)
  const missing = wantedCopies(target) - liveTasks(deployment).length
  if (missing <= 0) return { do: 'finish' }
  const losses = lossesOf(deployment)
  if (deployment.state !== 'succeeded' && losses.length >= mostLosses * wantedCopies(target)) return giveUp(losses)
  const request = { ...baseOf(deployment, target, circumstances), capacity: circumstances.capacity }
  const first = nextNumber(deployment)
  const attempts = chunks(missing).map((count, index) =>
    planned(deployment, target, first + index, { ...request, count }, circumstances),
  )
  return { do: 'plan', attempts }
}

/** How many tasks of its own a deployment of this target keeps, or runs. */
export function wantedCopies({ run }: Target): number {
  return run.kind === 'task' ? run.count : Number(run.kind === 'job')
}

/** ARNs of what the attempts are known to have started, whether it still runs or not. */
export function startedTasks(attempts: readonly Attempt[]): string[] {
  return [...new Set(attempts.flatMap(attempt => attempt.outcome?.tasks ?? []))]
}

/** ARNs of the copies, or the job, that were started and are not known to have ended. */
export function liveTasks({ attempts, gone }: Deployment): string[] {
  return without(gone, startedTasks(attempts.filter(({ purpose }) => purpose !== 'before')))
}

/** ARN of the `before` task that was started and is not known to have ended. */
export function beforeTask({ attempts, gone }: Deployment): string | undefined {
  return without(gone, startedTasks(attempts.filter(({ purpose }) => purpose === 'before'))).at(-1)
}

/**
 * A deployment that lacks room for a day, or loses copies for a year, is started many times: attempts of which nothing runs any more
 * leave its record, but for the last ones.
 */
export function pruned(deployment: Deployment): Deployment {
  const live = new Set(liveTasks(deployment))
  // Until it has succeeded, each task that was lost counts.
  const counts = (arn: string) => deployment.state !== 'succeeded' || live.has(arn)
  const attempts = deployment.attempts.filter(
    ({ call, outcome }, index, all) =>
      !outcome ||
      call.operation === 'UpdateService' ||
      index >= all.length - keptAttempts ||
      (outcome.tasks ?? []).some(counts),
  )
  const named = new Set(startedTasks(attempts))
  const gone = deployment.gone?.filter(({ arn }) => named.has(arn))
  return { ...deployment, attempts, ...(gone && { gone }) }
}

/** Whether a job or `before` task of it runs, or may have been started: neither is ever killed for something newer. */
export function mayBeRunning(deployment: Deployment): boolean {
  const { attempts, preparedAt, state, where } = deployment
  if (state !== 'starting' && state !== 'started') return false
  const isBusy = where.kind === 'job' ? liveTasks(deployment).length > 0 : false
  const isPreparing = !preparedAt && beforeTask(deployment) !== undefined
  const isOpen = attempts.some(({ purpose, outcome }) => !outcome && (purpose === 'before' || where.kind === 'job'))
  return isBusy || isPreparing || isOpen
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

/** One run of the `before` command, on demand: a migration that Spot interrupts would have to begin anew. */
function prepare(deployment: Deployment, target: Target, command: string[], circumstances: Circumstances): Step {
  const task = beforeTask(deployment)
  if (task !== undefined) return { do: 'await', task }
  const losses = lossesOf(deployment)
  if (losses.length >= mostLosses) return giveUp(losses)
  const request = {
    ...baseOf(deployment, target, circumstances),
    capacity: 'on-demand' as const,
    count: 1,
    override: { container: circumstances.container, command },
  }
  const attempt = planned(deployment, target, nextNumber(deployment), request, circumstances)
  return { do: 'plan', attempts: [{ ...attempt, purpose: 'before' }] }
}

function update(deployment: Deployment, target: Target, service: string, { now, service: is }: Circumstances): Step {
  if (hasUpdated(deployment)) return { do: 'finish' }
  const revision = deployment.revision?.arn ?? ''
  const call = {
    operation: 'UpdateService' as const,
    cluster: target.cluster,
    service,
    revision,
    ...(is && { was: is.revision }),
    ...(deployment.isRedeploy && is?.revision === revision && { isForced: true }),
    ...(deployment.restores !== undefined && is?.desiredCount === 0 && { desiredCount: deployment.restores }),
  }
  return { do: 'plan', attempts: [{ number: nextNumber(deployment), at: now.toISOString(), call }] }
}

/** Whether ECS has taken the call that puts the service on it. */
export function hasUpdated({ attempts }: Pick<Deployment, 'attempts'>): boolean {
  return attempts.some(({ call, outcome }) => call.operation === 'UpdateService' && outcome && !outcome.failures)
}

type Request = Omit<RunRequest, 'startedBy' | 'clientToken' | 'tags'>

function baseOf({ revision }: Deployment, { cluster, run }: Target, { service }: Circumstances) {
  const network = run.kind === 'service' ? service?.network : run.network
  return { cluster, revision: revision?.arn ?? '', ...(network && { network }) }
}

function planned(
  deployment: Deployment,
  target: Target,
  number: number,
  request: Request,
  { now }: Circumstances,
): Attempt {
  const call = {
    operation: 'RunTask' as const,
    ...request,
    startedBy: startedBy(target.name, deployment, { number }),
    clientToken: createHash('sha256').update(`${deployment.id}/${number}`).digest('hex'),
    tags: [
      { key: 'farguard:target', value: target.name },
      { key: 'farguard:deployment', value: String(deployment.number) },
    ],
  }
  return { number, at: now.toISOString(), call }
}

function nextNumber({ attempts }: Deployment): number {
  return Math.max(0, ...attempts.map(({ number }) => number)) + 1
}

function giveUp(losses: readonly { how: string }[]): Step {
  return { do: 'give-up', how: [...new Set(losses.map(({ how }) => how))].join('; ') }
}

function lossesOf({ gone = [] }: Deployment) {
  return gone.filter(({ isNobodysFault }) => !isNobodysFault)
}

function without(gone: Deployment['gone'] = [], arns: readonly string[]): string[] {
  const ended = new Set(gone.map(({ arn }) => arn))
  return arns.filter(arn => !ended.has(arn))
}

function chunks(count: number): number[] {
  const full = Math.floor(count / mostCopiesPerCall)
  const rest = count % mostCopiesPerCall
  return [...Array.from({ length: full }, () => mostCopiesPerCall), ...(rest > 0 ? [rest] : [])]
}
