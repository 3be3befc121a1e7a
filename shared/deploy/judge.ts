/** Looks at what a started deployment runs, and judges it. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { liveTasks } from './attempts.ts'
import { observeTasks } from './observe-tasks.ts'
import { asProblem } from './problem.ts'
import type { Deployment } from './records.ts'
import { judgeCopies, judgeOneOff, judgeService, ownDeployment, type ServiceFacts, type Verdict } from './verify.ts'

/** Throws Problem when ECS can't be asked. */
export async function look(deployment: Deployment, target: Target, world: World): Promise<Verdict> {
  const now = world.clock.now()
  try {
    switch (target.run.kind) {
      case 'service':
        return await lookAtService(deployment, target, now, world)
      case 'task':
        return judgeCopies(deployment, target, await observeTasks(deployment, liveTasks(deployment), world), now)
      case 'job': {
        const [fact] = await observeTasks(deployment, liveTasks(deployment), world)
        if (!fact) return { is: 'lost', gone: [] }
        return judgeOneOff(deployment, fact, target.run.timeoutMs, now)
      }
    }
  } catch (error) {
    throw asProblem(error, `Looking at what deployment ${deployment.number} of ${target.name} runs`)
  }
}

async function lookAtService(deployment: Deployment, target: Target, now: Date, world: World): Promise<Verdict> {
  const { cluster, service: name = '' } = deployment.where
  const service = await world.fleet.describeService(cluster, name)
  if (service?.status !== 'ACTIVE') return { is: 'superseded', detail: `service ${name} does not exist any more` }
  const revision = deployment.revision?.arn ?? ''
  const since = new Date(deployment.attempts[0]?.at ?? deployment.claimedAt)
  const rollout = await world.fleet.serviceRollout(cluster, name, revision, since)
  const facts: ServiceFacts = { service, ...(rollout && { rollout }) }
  const verdict = judgeService(deployment, target, facts, now)
  // Only the end of a rollout needs to be told from what its tasks came to.
  if (verdict.is !== 'failed' && verdict.is !== 'succeeded') return verdict
  const tasks = await tasksOf(deployment, cluster, world)
  return tasks ? judgeService(deployment, target, { ...facts, tasks }, now) : verdict
}

/** Tasks of our own service deployment, by whose id ECS says that they were started; undefined where that is not known. */
async function tasksOf(deployment: Deployment, cluster: string, world: World) {
  const id = ownDeployment(deployment)
  if (id === undefined) return undefined
  const listed = await world.fleet.tasksStartedBy(cluster, id)
  return observeTasks(
    deployment,
    listed.map(({ arn }) => arn),
    world,
  )
}
