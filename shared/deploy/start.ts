/** Brings a claimed deployment to its start, whoever began it and wherever they stopped. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { nextCapacity, nextStep, type Step, startedTasks } from './attempts.ts'
import { type CallOutcome, make } from './calls.ts'
import { type Ground, wantedDefinition } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import { type Attempt, type Deployment, readDeployment, type TargetHead, writeDeployment } from './records.ts'
import { fingerprintOf } from './revision.ts'

/** More steps than any start has: plan, call, fall back to on-demand, call, and a few lost races between them. */
const mostSteps = 20

/** A deployment before it is on record. */
export type Draft = Omit<Deployment, 'version' | 'attempts' | 'state' | 'revision'>

/**
 * Carries the deployment that the head names on until it has started, failed or was superseded, and gives it as it is then on
 * record. `recorded`: what is on record of it already. Throws Problem when it can't go on.
 */
export async function start(
  draft: Draft,
  recorded: Deployment | undefined,
  head: TargetHead,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Deployment> {
  const run = new Run(target, ground, world)
  let deployment = recorded ?? (await run.putOnRecord(draft, await revisionFor(draft, head, target, ground, world)))
  for (let steps = 0; steps < mostSteps; steps++) {
    if (deployment.state !== 'starting') return deployment
    deployment = await run.take(deployment)
  }
  const message = `Deployment ${draft.number} of ${target.name} is being started by many at once.`
  throw new Problem('retry', 'deployment-overtaken', message)
}

/** One invocation's work on one deployment: it knows which calls are its own, and so were made by nobody before. */
class Run {
  readonly #target: Target
  readonly #ground: Ground
  readonly #world: World
  readonly #own = new Set<number>()

  constructor(target: Target, ground: Ground, world: World) {
    this.#target = target
    this.#ground = ground
    this.#world = world
  }

  /** The deployment with its first calls, on record; what somebody else put there, if they were first. */
  putOnRecord(draft: Draft, revision: NonNullable<Deployment['revision']>): Promise<Deployment> {
    return this.take({ ...draft, version: 0, state: 'starting', revision, attempts: [] })
  }

  /** Takes the next step, and gives what is on record after it. */
  async take(deployment: Deployment): Promise<Deployment> {
    const step = this.#stepOf(deployment)
    switch (step.do) {
      case 'plan':
        return this.#plan(deployment, step.attempts)
      case 'call':
        return this.#call(deployment, step.attempts)
      case 'finish':
        return (await writeDeployment(this.#world.table, this.#started(deployment))) ?? this.#reread(deployment)
    }
  }

  #stepOf(deployment: Deployment): Step {
    const capacity = nextCapacity(this.#target, this.#ground.capacity ?? 'on-demand', deployment.attempts)
    return nextStep(deployment, this.#target, capacity, this.#world.clock.now())
  }

  async #plan(deployment: Deployment, planned: Attempt[]): Promise<Deployment> {
    const next = { ...deployment, attempts: [...deployment.attempts, ...planned] }
    const written = await writeDeployment(this.#world.table, next)
    if (!written) return this.#reread(deployment)
    for (const attempt of planned) this.#own.add(attempt.number)
    return written
  }

  /** Makes the calls, then puts their outcomes on record: with the start itself where nothing is left to do. */
  async #call(deployment: Deployment, attempts: readonly Attempt[]): Promise<Deployment> {
    const outcomes = new Map<number, CallOutcome>()
    let problem: unknown
    for (const attempt of attempts) {
      try {
        const known = new Set(startedTasks(withOutcomes(deployment.attempts, outcomes)))
        const isOwn = this.#own.has(attempt.number)
        const outcome = await make(attempt, deployment, known, isOwn, this.#target, this.#ground, this.#world)
        outcomes.set(attempt.number, outcome)
      } catch (error) {
        problem = error
        if (isRefusal(error)) outcomes.set(attempt.number, { at: this.#now(), failures: [error.message] })
        break
      }
    }
    return outcomes.size === 0 ? Promise.reject(problem) : this.#keep(deployment, attempts, outcomes, problem)
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
      const problem = met ?? this.#noCapacity(after, attempts)
      const next = deployment.state === 'starting' ? this.#moved(after, problem) : after
      const written = await writeDeployment(this.#world.table, next)
      if (written && problem) throw problem
      if (written) return written
    }
  }

  #moved(deployment: Deployment, problem: unknown): Deployment {
    if (isRefusal(problem)) {
      const ended = { reason: problem.reason, detail: problem.message, at: this.#now() }
      return { ...deployment, state: 'failed', ended }
    }
    return !problem && this.#stepOf(deployment).do === 'finish' ? this.#started(deployment) : deployment
  }

  /** The problem of copies that did not start, unless there is another capacity to ask for them. */
  #noCapacity(deployment: Deployment, made: readonly Attempt[]): Problem | undefined {
    const numbers = new Set(made.map(attempt => attempt.number))
    const failures = deployment.attempts
      .filter(attempt => numbers.has(attempt.number))
      .flatMap(attempt => attempt.outcome?.failures ?? [])
    const next = this.#stepOf(deployment)
    if (failures.length === 0 || next.do !== 'plan') return undefined
    const tried = new Set(made.map(capacityOf))
    if (next.attempts.some(attempt => !tried.has(capacityOf(attempt)))) return undefined
    const message = `ECS did not start every copy of ${this.#target.name}: ${[...new Set(failures)].join('; ')}`
    return new Problem('retry', 'no-capacity', message)
  }

  async #reread({ number }: Deployment): Promise<Deployment> {
    const found = await readDeployment(this.#world.table, this.#target.name, number)
    if (found) return found
    throw new Problem('retry', 'aws-unavailable', `Deployment ${number} of ${this.#target.name} was not read back.`)
  }

  #started(deployment: Deployment): Deployment {
    return { ...deployment, state: 'started', startedAt: this.#now() }
  }

  #now(): string {
    return this.#world.clock.now().toISOString()
  }
}

function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && error.kind === 'refuse'
}

function capacityOf({ call }: Attempt): string | undefined {
  return call.operation === 'RunTask' ? call.capacity : undefined
}

function withOutcomes(attempts: readonly Attempt[], outcomes: ReadonlyMap<number, CallOutcome>): Attempt[] {
  return attempts.map(attempt => {
    const outcome = attempt.outcome ?? outcomes.get(attempt.number)
    return outcome ? { ...attempt, outcome } : attempt
  })
}

/** The revision to run: the one that already is exactly this, one registered before for the same content, or a new one. */
async function revisionFor(
  draft: Draft,
  head: TargetHead,
  target: Target,
  ground: Ground,
  world: World,
): Promise<NonNullable<Deployment['revision']>> {
  const { definition, asItIs } = wantedDefinition(target, ground, draft)
  const fingerprint = fingerprintOf(definition)
  if (asItIs !== undefined) return { arn: asItIs, fingerprint }
  const before = head.earlier.find(each => each.image.digest === draft.image.digest)
  const known = before && (await readDeployment(world.table, target.name, before.number))?.revision
  if (known?.fingerprint === fingerprint) {
    const revision = await world.fleet.describeTaskDefinition(known.arn)
    if (revision?.status === 'ACTIVE') return known
  }
  try {
    return { arn: await world.fleet.registerTaskDefinition(definition), fingerprint }
  } catch (error) {
    throw asProblem(error, `Registering task definition ${definition.family}`)
  }
}
