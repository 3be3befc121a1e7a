/** Brings a claimed deployment to its start, whoever began it and wherever they stopped. */
import type { Target } from '../config/config.ts'
import { RefusedError, RetryableError, type World } from '../ports.ts'
import { nextCapacity, nextStep, type Step, startedBy, startedTasks } from './attempts.ts'
import { type Ground, wantedDefinition } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import { type Attempt, type Deployment, readDeployment, type TargetHead, writeDeployment } from './records.ts'
import { fingerprintOf } from './revision.ts'

/** More steps than any start has: plan, call, fall back to on-demand, call, and a few lost races between them. */
const mostSteps = 20

/**
 * A clientToken lives for 24 hours or the task's life and one hour more, whichever is shorter; a stopped task is listed
 * for one hour. Until then a repeated call can't start anything twice; five minutes are kept for clocks that differ.
 */
const tokenLivesMs = 55 * 60_000

type Outcome = NonNullable<Attempt['outcome']>

/**
 * Carries `deployment` on until it has started, failed or was superseded, and gives it as it is then on record. Without a
 * record yet, it makes one: `draft`. Throws Problem when it can't go on.
 */
export async function start(
  draft: Omit<Deployment, 'version' | 'attempts' | 'state'>,
  recorded: Deployment | undefined,
  head: TargetHead,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Deployment> {
  const mine = new Set<number>()
  let deployment = recorded ?? (await putOnRecord())
  for (let steps = 0; steps < mostSteps; steps++) {
    if (deployment.state !== 'starting') return deployment
    const step = stepOf(deployment)
    if (step.do === 'call') deployment = await call(step.attempts)
    else deployment = (await write(step)) ?? (await reread())
  }
  throw new Problem(
    'retry',
    'deployment-overtaken',
    `Deployment ${draft.number} of ${target.name} is being started by many at once.`,
  )

  function stepOf(from: Deployment): Step {
    const capacity = nextCapacity(target, ground.capacity ?? 'on-demand', from.attempts)
    return nextStep(from, target, from.revision?.arn ?? '', capacity, world.clock.now())
  }

  async function putOnRecord(): Promise<Deployment> {
    const revision = await revisionFor(draft, head, target, ground, world)
    deployment = { ...draft, version: 0, state: 'starting', revision, attempts: [] }
    return (await write(stepOf(deployment))) ?? (await reread())
  }

  /** Puts what a step says on record; undefined when somebody else was there first. */
  async function write(step: Step): Promise<Deployment | undefined> {
    if (step.do === 'finish') return writeDeployment(world.table, finished(deployment))
    if (step.do === 'call') return deployment
    const written = await writeDeployment(world.table, {
      ...deployment,
      attempts: [...deployment.attempts, ...step.attempts],
    })
    if (written) for (const attempt of step.attempts) mine.add(attempt.number)
    return written
  }

  async function reread(): Promise<Deployment> {
    const found = await readDeployment(world.table, target.name, draft.number)
    if (!found)
      throw new Problem('retry', 'aws-unavailable', `Deployment ${draft.number} of ${target.name} was not read back.`)
    return found
  }

  function finished(from: Deployment): Deployment {
    return { ...from, state: 'started', startedAt: world.clock.now().toISOString() }
  }

  /** Makes the calls, then puts their outcomes on record: with the start itself where nothing is left to do. */
  async function call(attempts: readonly Attempt[]): Promise<Deployment> {
    const outcomes = new Map<number, Outcome>()
    let problem: unknown
    for (const attempt of attempts) {
      try {
        outcomes.set(attempt.number, await make(attempt, deployment, mine.has(attempt.number), target, ground, world))
      } catch (error) {
        problem = error
        if (error instanceof Problem && error.kind === 'refuse')
          outcomes.set(attempt.number, { at: world.clock.now().toISOString(), failures: [error.message] })
        break
      }
    }
    if (outcomes.size === 0) throw problem
    for (;;) {
      const after = { ...deployment, attempts: withOutcomes(deployment.attempts, outcomes) }
      problem ??= noCapacity(after, attempts)
      const written = await writeDeployment(
        world.table,
        deployment.state === 'starting' ? moved(after, problem) : after,
      )
      // What was called is kept whoever wrote meanwhile: a deployment that was superseded knows what it started all the same.
      if (!written) deployment = await reread()
      else if (problem) throw problem
      else return written
    }
  }

  function moved(after: Deployment, problem: unknown): Deployment {
    if (problem instanceof Problem && problem.kind === 'refuse') return failed(after, problem, world.clock.now())
    return !problem && stepOf(after).do === 'finish' ? finished(after) : after
  }

  /** The problem of copies that did not start, unless there is another capacity to ask for them. */
  function noCapacity(after: Deployment, attempts: readonly Attempt[]): Problem | undefined {
    const failures = after.attempts
      .filter(attempt => attempts.some(each => each.number === attempt.number))
      .flatMap(attempt => attempt.outcome?.failures ?? [])
    const next = stepOf(after)
    if (failures.length === 0 || next.do !== 'plan') return undefined
    const asked = attempts.map(attempt => (attempt.call.operation === 'RunTask' ? attempt.call.capacity : undefined))
    const nextCall = next.attempts[0]?.call
    if (nextCall?.operation === 'RunTask' && !asked.includes(nextCall.capacity)) return undefined
    return new Problem('retry', 'no-capacity', `ECS did not start every copy: ${[...new Set(failures)].join('; ')}`)
  }
}

function withOutcomes(attempts: readonly Attempt[], outcomes: ReadonlyMap<number, Outcome>): Attempt[] {
  return attempts.map(attempt => {
    const outcome = attempt.outcome ?? outcomes.get(attempt.number)
    return outcome ? { ...attempt, outcome } : attempt
  })
}

function failed(deployment: Deployment, problem: Problem, now: Date): Deployment {
  return {
    ...deployment,
    state: 'failed',
    ended: { reason: problem.reason, detail: problem.message, at: now.toISOString() },
  }
}

/** The revision to run: the one that already is exactly this, one registered before for the same content, or a new one. */
async function revisionFor(
  claim: Omit<Deployment, 'version' | 'attempts' | 'state'>,
  head: TargetHead,
  target: Target,
  ground: Ground,
  world: World,
): Promise<NonNullable<Deployment['revision']>> {
  const { definition, asItIs } = wantedDefinition(target, ground, claim)
  const fingerprint = fingerprintOf(definition)
  if (asItIs !== undefined) return { arn: asItIs, fingerprint }
  const before = head.earlier.find(each => each.image.digest === claim.image.digest)
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

/** Makes one call that is on record, or finds out what came of it. `isMine`: this very run put it there and nobody made it yet. */
async function make(
  attempt: Attempt,
  deployment: Deployment,
  isMine: boolean,
  target: Target,
  ground: Ground,
  world: World,
): Promise<Outcome> {
  const { call } = attempt
  if (call.operation === 'UpdateService') return updateService(call, isMine, ground, world)
  if (isMine) return runTask(call, world)
  const known = new Set(startedTasks(deployment.attempts))
  const listed = await world.fleet.tasksStartedBy(call.cluster, startedBy(target.name, deployment)).catch(error => {
    throw asProblem(error, `Looking for tasks of deployment ${deployment.number}`)
  })
  const found = listed.map(task => task.arn).filter(arn => !known.has(arn))
  const at = world.clock.now().toISOString()
  if (found.length >= call.count) return { at, tasks: found.slice(0, call.count) }
  if (world.clock.now().getTime() - Date.parse(attempt.at) < tokenLivesMs) return runTask(call, world)
  if (found.length > 0 || target.run.kind === 'task')
    return { at, tasks: found, failures: ['The outcome of this call was lost.'] }
  const message = `Whether job ${target.name} ran for deployment ${deployment.number} can't be told any more: its start was not recorded, and ECS forgets a stopped task after an hour. Look at its logs; push the image again under a new tag to run it.`
  throw new Problem('refuse', 'start-unknown', message)
}

async function updateService(
  call: Extract<Attempt['call'], { operation: 'UpdateService' }>,
  isMine: boolean,
  ground: Ground,
  world: World,
): Promise<Outcome> {
  try {
    const isThere = !isMine && ground.service?.revision === call.revision
    const service = isThere && ground.service ? ground.service : await world.fleet.updateService(call)
    const rollout = service.deployments.find(each => each.revision === call.revision)
    return { at: world.clock.now().toISOString(), ...(rollout && { serviceDeployment: rollout.id }) }
  } catch (error) {
    throw asProblem(error, `Updating service ${call.service}`)
  }
}

async function runTask(call: Extract<Attempt['call'], { operation: 'RunTask' }>, world: World): Promise<Outcome> {
  const at = () => world.clock.now().toISOString()
  try {
    const { operation: _operation, ...request } = call
    const answer = await world.fleet.runTask(request)
    const failures = answer.failures.map(failure => [failure.reason, failure.detail].filter(Boolean).join(': '))
    if (failures.length === 0 && answer.tasks.length < call.count) failures.push('ECS gave no reason')
    const tasks = answer.tasks.map(task => task.arn)
    return { at: at(), tasks, ...(answer.tasks.length < call.count && { failures }) }
  } catch (error) {
    // The token was used before with other parameters: what it started then is ours.
    if (error instanceof RefusedError && error.code === 'ConflictException' && error.resourceIds.length > 0)
      return { at: at(), tasks: [...error.resourceIds] }
    if (error instanceof RefusedError && isAboutCapacity(error.message))
      return { at: at(), tasks: [], failures: [error.message] }
    if (error instanceof RetryableError) throw asProblem(error, 'Starting tasks')
    throw asProblem(error, `Starting tasks in cluster ${call.cluster}`)
  }
}

/** ECS says this in `failures[]`, and for some shortages as an error, always with these words. */
function isAboutCapacity(message: string): boolean {
  return /capacity is unavailable|insufficient capacity|limit on the number of/i.test(message)
}
