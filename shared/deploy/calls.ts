/** The calls that start something, each on record before it is made: made once, or found out about. */
import type { Target } from '../config/config.ts'
import { RefusedError, RetryableError, type World } from '../ports.ts'
import { startedBy } from './attempts.ts'
import type { Ground } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import type { Attempt, Deployment } from './records.ts'

/**
 * A clientToken lives for 24 hours or the task's life and one hour more, whichever is shorter; a stopped task is listed
 * for one hour. Until then a repeated call can't start anything twice; five minutes are kept for clocks that differ.
 */
const tokenLivesMs = 55 * 60_000

export type CallOutcome = NonNullable<Attempt['outcome']>

/**
 * Makes one call that is on record, or finds out what came of it. `known`: tasks that other calls of the deployment started.
 * `isMine`: this very run put the call on record, so nobody made it yet.
 */
export async function make(
  attempt: Attempt,
  deployment: Deployment,
  known: ReadonlySet<string>,
  isMine: boolean,
  target: Target,
  ground: Ground,
  world: World,
): Promise<CallOutcome> {
  const { call } = attempt
  if (call.operation === 'UpdateService') return updateService(call, isMine, ground, world)
  if (isMine) return runTask(call, world)
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
): Promise<CallOutcome> {
  try {
    const isThere = !isMine && ground.service?.revision === call.revision
    const service = isThere && ground.service ? ground.service : await world.fleet.updateService(call)
    const rollout = service.deployments.find(each => each.revision === call.revision)
    return { at: world.clock.now().toISOString(), ...(rollout && { serviceDeployment: rollout.id }) }
  } catch (error) {
    throw asProblem(error, `Updating service ${call.service}`)
  }
}

async function runTask(call: Extract<Attempt['call'], { operation: 'RunTask' }>, world: World): Promise<CallOutcome> {
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
