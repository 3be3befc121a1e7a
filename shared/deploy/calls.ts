/** The calls that start something, each on record before it is made: made once, or found out about. */
import { RefusedError, type Service, type World } from '../ports.ts'
import { startedTasks } from './attempts.ts'
import type { Ground } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import type { Attempt, Deployment } from './records.ts'

/**
 * A clientToken lives for 24 hours or the task's life and one hour more, whichever is shorter; a stopped task is listed
 * for one hour. Until then a repeated call can't start anything twice; five minutes are kept for clocks that differ.
 */
const tokenLivesMs = 55 * 60_000

/** ECS's clock and ours. */
const clocksDifferMs = 5_000

export type CallOutcome = NonNullable<Attempt['outcome']>

/**
 * Makes one call that is on record, or finds out what came of it. `isOwn`: this very run put the call on record, so nobody made
 * it yet. Throws Problem when it can't be made.
 */
export async function make(
  attempt: Attempt,
  isOwn: boolean,
  deployment: Deployment,
  ground: Ground,
  world: World,
): Promise<CallOutcome> {
  const { call } = attempt
  if (call.operation === 'UpdateService') return updateService({ ...attempt, call }, isOwn, ground, world)
  if (isOwn) return runTask(call, world)
  const found = await findTasks(attempt, deployment, world)
  const at = world.clock.now().toISOString()
  if (found.length >= call.count) return { at, tasks: found }
  if (world.clock.now().getTime() - Date.parse(attempt.at) < tokenLivesMs) return runTask(call, world)
  return { at, tasks: found, isLost: true }
}

/** ARNs of the tasks that this very call started and that ECS still knows. Throws Problem when ECS can't be asked. */
export async function findTasks({ number, call }: Attempt, { attempts }: Deployment, world: World): Promise<string[]> {
  if (call.operation !== 'RunTask') return []
  try {
    const listed = await world.fleet.tasksStartedBy(call.cluster, call.startedBy)
    // The names of attempts begin anew after many: what another one is known to have started is not of this one.
    const others = new Set(startedTasks(attempts.filter(each => each.number !== number)))
    return listed.map(task => task.arn).filter(arn => !others.has(arn))
  } catch (error) {
    throw asProblem(error, `Looking for what ${call.startedBy} started`)
  }
}

type Update = Attempt & { call: Extract<Attempt['call'], { operation: 'UpdateService' }> }

async function updateService({ at, call }: Update, isOwn: boolean, ground: Ground, world: World): Promise<CallOutcome> {
  try {
    const isThere = !isOwn && ground.service && isUpdated(ground.service, call, at)
    const service = isThere && ground.service ? ground.service : await world.fleet.updateService(call)
    const rollout = service.deployments.find(each => each.revision === call.revision)
    return { at: world.clock.now().toISOString(), ...(rollout && { serviceDeployment: rollout.id }) }
  } catch (error) {
    throw asProblem(error, `Updating service ${call.service} in cluster ${call.cluster}`)
  }
}

/** A forced one changes no revision: it shows in a deployment since. */
function isUpdated(service: Service, { revision, isForced }: Update['call'], at: string): boolean {
  if (service.revision !== revision) return false
  if (!isForced) return true
  const asked = Date.parse(at) - clocksDifferMs
  return service.deployments.some(each => each.revision === revision && Number(each.createdAt) >= asked)
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
    const problem = asProblem(error, `Starting tasks in cluster ${call.cluster}`)
    if (problem instanceof Problem && problem.reason === 'no-capacity')
      return { at: at(), tasks: [], failures: [problem.message] }
    throw problem
  }
}
