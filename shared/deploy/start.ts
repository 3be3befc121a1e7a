/** Brings a claimed deployment to its start, whoever began it and wherever they stopped. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { liveTasks, nextCapacity, nextStep, pruned, type Step } from './attempts.ts'
import { type CallOutcome, make } from './calls.ts'
import { failedWith, prepared } from './ends.ts'
import { observeTasks } from './observe-tasks.ts'
import { containersOf, type Ground, wantedDefinition } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import {
  type Attempt,
  type Claim,
  type Deployment,
  draftOf,
  readDeployment,
  type TargetHead,
  writeDeployment,
} from './records.ts'
import { fingerprintOf } from './revision.ts'
import { judgeOneOff } from './verify.ts'

/** More steps than any start has: plan, call, fall back to on-demand, call, and a few lost races between them. */
const mostSteps = 20

/** What came of carrying a deployment on. */
export interface Carried {
  deployment: Deployment
  /** Somebody else wrote on it meanwhile: a call of ours may have come after theirs. */
  wasContested: boolean
  /** Something has to end before it goes on. */
  waits?: Waits
}

export interface Waits {
  because: string
  lookInMs: number
}

/**
 * Carries the deployment that the head names on until it has started, failed or was superseded, and gives it as it is then on
 * record. `recorded`: what is on record of it already. Throws Problem when it can't go on now.
 */
export async function start(
  head: TargetHead,
  recorded: Deployment | undefined,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Carried> {
  const run = new Run(head, head.current, target, ground, world)
  let deployment = recorded ?? (await run.putOnRecord())
  for (let steps = 0; steps < mostSteps; steps++) {
    if (deployment.state !== 'starting') return { deployment, wasContested: run.wasContested }
    const taken = await run.take(deployment)
    deployment = taken.deployment
    if (taken.waits) return { ...taken, wasContested: run.wasContested }
  }
  const message = `Deployment ${head.current.number} of ${target.name} is being started by many at once.`
  throw new Problem('retry', 'deployment-overtaken', message)
}

/** Starts the copies that a deployment which has succeeded lacks by its record. Throws Problem when it can't now. */
export async function replenish(
  head: TargetHead,
  recorded: Deployment,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Deployment> {
  const run = new Run(head, recorded, target, ground, world)
  let deployment = recorded
  for (let steps = 0; steps < mostSteps; steps++) {
    const isOver = deployment.state !== 'succeeded' || deployment.retiredAt !== undefined
    if (isOver || run.stepOf(deployment).do === 'finish') break
    deployment = (await run.take(deployment)).deployment
  }
  return deployment
}

interface Taken {
  deployment: Deployment
  waits?: Waits
}

/** One invocation's work on one deployment: it knows which calls are its own, and so were made by nobody before. */
class Run {
  readonly #head: TargetHead
  readonly #claim: Claim
  readonly #target: Target
  readonly #ground: Ground
  readonly #world: World
  readonly #own = new Set<number>()
  #isRenewed = false
  wasContested = false

  constructor(head: TargetHead, claim: Claim, target: Target, ground: Ground, world: World) {
    this.#head = head
    this.#claim = claim
    this.#target = target
    this.#ground = ground
    this.#world = world
  }

  /** The deployment with its first calls, on record; what somebody else put there, if they were first. */
  async putOnRecord(): Promise<Deployment> {
    const draft: Deployment = { ...draftOf(this.#claim, this.#target.name), begunAt: this.#now() }
    try {
      return (await this.take({ ...draft, revision: await this.#revision() })).deployment
    } catch (error) {
      if (!isRefusal(error)) throw error
      // A claim that leads nowhere must not stand in the way of what comes after it.
      return this.#write(failedWith(draft, error, this.#now()))
    }
  }

  stepOf(deployment: Deployment): Step {
    const { container, service } = this.#ground
    return nextStep(deployment, this.#target, {
      now: this.#world.clock.now(),
      capacity: nextCapacity(this.#target, this.#ground.capacity ?? 'on-demand', deployment.attempts),
      container: container.name,
      ...(service && { service }),
    })
  }

  /** Takes the next step, and gives what is on record after it. */
  async take(deployment: Deployment): Promise<Taken> {
    const step = this.stepOf(deployment)
    switch (step.do) {
      case 'plan':
        return { deployment: await this.#plan(deployment, step.attempts) }
      case 'call':
        return { deployment: await this.#call(deployment, step.attempts) }
      case 'await':
        return this.#await(deployment, step.task)
      case 'give-up': {
        const detail = `${this.#target.name} was started ${deployment.attempts.length} times: ${step.how}`
        return {
          deployment: await this.#write(
            failedWith(deployment, { reason: 'surroundings', message: detail }, this.#now()),
          ),
        }
      }
      case 'finish':
        return { deployment: await this.#write(this.#started(deployment)) }
    }
  }

  async #plan(deployment: Deployment, planned: Attempt[]): Promise<Deployment> {
    const kept = pruned(deployment)
    const next = { ...kept, attempts: [...kept.attempts, ...planned] }
    const written = await writeDeployment(this.#world.table, next)
    if (!written) return this.#reread(deployment)
    for (const attempt of planned) this.#own.add(attempt.number)
    return written
  }

  /** What has become of the `before` task. */
  async #await(deployment: Deployment, task: string): Promise<Taken> {
    const [fact] = await observeTasks(deployment, [task], this.#world)
    if (!fact || !this.#target.before) return { deployment }
    const verdict = judgeOneOff(deployment, fact, this.#target.before.timeoutMs, this.#world.clock.now())
    if (verdict.is === 'wait')
      return { deployment, waits: { because: 'its before task runs', lookInMs: verdict.lookInMs } }
    return { deployment: await this.#write(prepared(deployment, verdict, task, this.#now())) }
  }

  /** Makes the calls, then puts their outcomes on record: with the start itself where nothing is left to do. */
  async #call(deployment: Deployment, attempts: readonly Attempt[]): Promise<Deployment> {
    const outcomes = new Map<number, CallOutcome>()
    let problem: unknown
    for (const attempt of attempts) {
      try {
        const isOwn = this.#own.has(attempt.number)
        outcomes.set(attempt.number, await make(attempt, isOwn, deployment, this.#ground, this.#world))
      } catch (error) {
        problem = error
        if (isRefusal(error)) outcomes.set(attempt.number, { at: this.#now(), failures: [error.message] })
        break
      }
    }
    if (outcomes.size === 0) throw problem
    if (!isInactive(problem) || this.#isRenewed) return this.#keep(deployment, attempts, outcomes, problem)
    // Somebody deregistered the revision since it went on record: the next attempt gets a new one, once.
    this.#isRenewed = true
    return this.#keep({ ...deployment, revision: await this.#revision() }, attempts, outcomes, undefined)
  }

  /** What was called is kept whoever wrote meanwhile: a deployment that was superseded knows what it started all the same. */
  async #keep(
    from: Deployment,
    attempts: readonly Attempt[],
    outcomes: ReadonlyMap<number, CallOutcome>,
    met: unknown,
  ): Promise<Deployment> {
    for (let deployment = from; ; deployment = await this.#reread(deployment)) {
      const after = { ...deployment, attempts: withOutcomes(deployment.attempts, outcomes) }
      const problem = met ?? this.#unknown(after) ?? this.#noCapacity(after, attempts)
      const written = await writeDeployment(
        this.#world.table,
        deployment.state === 'starting' ? this.#moved(after, problem) : after,
      )
      if (!written) continue
      // What stands already does not fail because a copy of it can't be started again.
      if (problem && (!isRefusal(problem) || deployment.state === 'succeeded')) throw problem
      return written
    }
  }

  #moved(deployment: Deployment, problem: unknown): Deployment {
    if (isRefusal(problem)) return failedWith(deployment, problem, this.#now())
    return !problem && this.stepOf(deployment).do === 'finish' ? this.#started(deployment) : deployment
  }

  /** What may have run once must not run again; lost copies of a task do not run any more, or they would be listed. */
  #unknown(deployment: Deployment): Problem | undefined {
    const { attempts, number } = deployment
    const { name, run } = this.#target
    const isLost = attempts.some(
      ({ purpose, outcome }) =>
        outcome?.isLost && (purpose === 'before' || (run.kind === 'job' && liveTasks(deployment).length === 0)),
    )
    if (!isLost) return undefined
    const message = `Whether the task of ${name} ran for deployment ${number} can't be told any more: its start was not recorded, and ECS forgets a stopped task after an hour. Look at its logs; push the image again to run it.`
    return new Problem('refuse', 'start-unknown', message)
  }

  /** The problem of copies that did not start, unless the next attempt asks for them in another way. */
  #noCapacity(deployment: Deployment, made: readonly Attempt[]): Problem | undefined {
    const numbers = new Set(made.map(attempt => attempt.number))
    const failures = deployment.attempts
      .filter(attempt => numbers.has(attempt.number))
      .flatMap(attempt => attempt.outcome?.failures ?? [])
    const next = this.stepOf(deployment)
    if (failures.length === 0 || next.do !== 'plan') return undefined
    const tried = new Set(made.map(wayOf))
    if (next.attempts.some(attempt => !tried.has(wayOf(attempt)))) return undefined
    const message = `ECS did not start every copy of ${this.#target.name}: ${[...new Set(failures)].join('; ')}`
    return new Problem('retry', 'no-capacity', message)
  }

  /** What is on record after the write, or after that of whoever came first. */
  async #write(next: Deployment): Promise<Deployment> {
    return (await writeDeployment(this.#world.table, next)) ?? this.#reread(next)
  }

  async #reread({ number }: Deployment): Promise<Deployment> {
    this.wasContested = true
    const found = await readDeployment(this.#world.table, this.#target.name, number)
    if (found) return found
    throw new Problem('retry', 'aws-unavailable', `Deployment ${number} of ${this.#target.name} was not read back.`)
  }

  #revision(): Promise<NonNullable<Deployment['revision']>> {
    return revisionFor(this.#head, this.#claim, this.#target, this.#ground, this.#world)
  }

  #started(deployment: Deployment): Deployment {
    return { ...deployment, state: 'started', startedAt: deployment.startedAt ?? this.#now() }
  }

  #now(): string {
    return this.#world.clock.now().toISOString()
  }
}

function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && error.kind === 'refuse'
}

function isInactive(error: unknown): boolean {
  return error instanceof Problem && error.reason === 'revision-inactive'
}

/** What tells an attempt from one that failed: asking the same again at once would not help. */
function wayOf({ call }: Attempt): string {
  return call.operation === 'RunTask' ? `${call.capacity} ${call.revision}` : call.revision
}

function withOutcomes(attempts: readonly Attempt[], outcomes: ReadonlyMap<number, CallOutcome>): Attempt[] {
  return attempts.map(attempt => {
    const [before, now] = [attempt.outcome, outcomes.get(attempt.number)]
    const outcome = before && now ? united(before, now, attempt) : (before ?? now)
    return outcome ? { ...attempt, outcome } : attempt
  })
}

/** Two made the same call, and one of them was told of tasks that the other was not. */
function united(before: CallOutcome, now: CallOutcome, { call }: Attempt): CallOutcome {
  const tasks = [...new Set([...(before.tasks ?? []), ...(now.tasks ?? [])])]
  const { failures: _failures, isLost: _isLost, ...whole } = before
  const isWhole = call.operation === 'RunTask' && tasks.length >= call.count
  return { ...(isWhole ? whole : before), ...(tasks.length > 0 && { tasks }) }
}

/** The revision to run: the one that already is exactly this, one registered before for the same content, or a new one. */
async function revisionFor(
  head: TargetHead,
  claim: Claim,
  target: Target,
  ground: Ground,
  world: World,
): Promise<NonNullable<Deployment['revision']>> {
  const { definition, asItIs } = wantedDefinition(ground, claim)
  const fingerprint = fingerprintOf(definition)
  const containers = containersOf(definition)
  if (asItIs !== undefined) return { arn: asItIs, fingerprint, containers }
  const before = head.earlier.find(each => each.image.digest === claim.image.digest)
  const known = before && (await readDeployment(world.table, target.name, before.number))?.revision
  if (known?.fingerprint === fingerprint) {
    const revision = await world.fleet.describeTaskDefinition(known.arn)
    if (revision?.status === 'ACTIVE') return { ...known, containers }
  }
  try {
    return { arn: await world.fleet.registerTaskDefinition(definition), fingerprint, containers }
  } catch (error) {
    throw asProblem(error, `Registering task definition ${definition.family}`)
  }
}
