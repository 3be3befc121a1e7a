/** The service scheduler: keeps the desired count, replaces what stops, rolls new deployments out. */
import type { Tag } from '@aws-sdk/client-ecs'
import type { AccountContext } from '../context.ts'
import type { Clusters } from './clusters.ts'
import { type DeploymentRecord, liveTasks } from './deployment-record.ts'
import type { Deployments } from './deployments.ts'
import { failsEarly, firstPause, longestPause, schedulerReaction } from './durations.ts'
import type { Launcher } from './launch.ts'
import { nextStep, type RolloutStep } from './rollout.ts'
import type { ServiceEvents } from './service-events.ts'
import type { ServiceRecord } from './service-record.ts'
import { mergedTags } from './tags.ts'
import type { StopCause, TaskLifecycle } from './task-lifecycle.ts'
import { isProtected } from './task-protection.ts'
import { isLive, isRunning, type TaskRecord } from './task-record.ts'
import { hasJustFailed, replaceableFrom, serves } from './task-verdicts.ts'

/** As often as this in a row starting fails before ECS says that the service is impaired. */
const impairedAfter = 3

const failedHealthChecks: StopCause = {
  code: 'ServiceSchedulerInitiated',
  reason: 'Task failed container health checks',
}

export interface SchedulerWorld {
  context: AccountContext
  clusters: Clusters
  launcher: Launcher
  lifecycle: TaskLifecycle
  events: ServiceEvents
  deployments: Deployments
  /** The live service of this name. */
  serviceOf(task: TaskRecord): ServiceRecord | undefined
}

export class Scheduler {
  readonly #world: SchedulerWorld

  constructor(world: SchedulerWorld) {
    this.#world = world
    world.lifecycle.watch(task => this.#taskChanged(task))
  }

  /** Looks at the service shortly, or at `at`; several changes at once make one look. */
  lookAt(service: ServiceRecord, at?: Date): void {
    const { clock } = this.#world.context
    const soon = new Date(clock.now().getTime() + schedulerReaction)
    const when = at && at > soon ? at : soon
    if (service.nextLook && service.nextLook <= when) return
    service.nextLook = when
    clock.after(when.getTime() - clock.now().getTime(), () => {
      // An earlier look took this one's place.
      if (service.nextLook?.getTime() !== when.getTime()) return
      delete service.nextLook
      this.#look(service)
    })
  }

  #taskChanged(task: TaskRecord): void {
    if (!task.service) return
    const service = this.#world.serviceOf(task)
    const deployment = service?.deployments.find(one => one.id === task.service?.deploymentId)
    if (!service || !deployment) return
    if (task.state.lastStatus === 'STOPPED') deployment.tasks.delete(task)
    else if (serves(task)) noteServing(service, deployment, task)
    else if (hasJustFailed(task)) this.#noteFailure(service, deployment, task)
    this.lookAt(service)
  }

  #noteFailure(service: ServiceRecord, deployment: DeploymentRecord, task: TaskRecord): void {
    const { state } = task
    if (!deployment.served.has(task)) deployment.failedTasks += 1
    const livedMs = state.startedAt ? this.#world.context.clock.now().getTime() - state.startedAt.getTime() : 0
    if (livedMs < failsEarly) this.#pause(service, deployment)
    else deployment.pauses = 0
  }

  /** One pause a wave: tasks that fail while the deployment already waits do not lengthen the wait. */
  #pause(service: ServiceRecord, deployment: DeploymentRecord): void {
    const now = this.#world.context.clock.now()
    if (deployment.retryAt > now) return
    // What went well for longer than the longest pause is no longer a row of failures.
    if (now.getTime() - deployment.retryAt.getTime() > longestPause) deployment.pauses = 0
    const pause = Math.min(longestPause, firstPause * 2 ** deployment.pauses)
    deployment.pauses += 1
    deployment.retryAt = new Date(now.getTime() + pause)
    if (deployment.pauses === impairedAfter) this.#world.events.startImpaired(service)
  }

  #look(service: ServiceRecord): void {
    if (service.status === 'INACTIVE') return
    this.#world.deployments.advance(service)
    const [primary, ...older] = service.deployments
    if (primary) {
      for (const deployment of service.deployments) this.#replaceUnhealthy(service, deployment)
      const step = this.#stepFor(service, primary, older)
      this.#stop(service, primary, liveTasks(primary), step.stopSurplus)
      this.#stop(service, primary, older.flatMap(liveTasks), step.stopOlder)
      if (step.start > 0) this.#start(service, primary, step.start)
      this.#sayIfStuck(service, primary, older, step)
      service.deployments = [primary, ...older.filter(one => one.tasks.size > 0)]
    }
    if (service.status === 'DRAINING') this.#endIfDrained(service)
    else this.#settle(service)
  }

  #stepFor(service: ServiceRecord, primary: DeploymentRecord, older: DeploymentRecord[]): RolloutStep {
    const configuration = service.kept.deploymentConfiguration
    const counts = (tasks: TaskRecord[]) => ({
      live: tasks.length,
      healthy: tasks.filter(serves).length,
      protected: tasks.filter(task => this.#isSpared(service, task)).length,
    })
    const step = nextStep({
      desired: service.desiredCount,
      primary: counts(liveTasks(primary)),
      older: counts(older.flatMap(liveTasks)),
      minimumHealthyPercent: configuration?.minimumHealthyPercent ?? 100,
      maximumPercent: configuration?.maximumPercent ?? 200,
    })
    return primary.rolloutState === 'FAILED' ? { ...step, start: 0 } : step
  }

  /**
   * Stops what fails its container's health checks, whichever deployment it is of: the step after it starts another. (ECS
   * starts the other one first where `maximumPercent` leaves room; here there is one task less for as long as a start takes.)
   */
  #replaceUnhealthy(service: ServiceRecord, deployment: DeploymentRecord): void {
    const now = this.#world.context.clock.now()
    for (const task of liveTasks(deployment)) {
      const from = replaceableFrom(task, service.kept.healthCheckGracePeriodSeconds)
      if (!from) continue
      if (from > now) {
        this.lookAt(service, from)
        continue
      }
      deployment.failedTasks += 1
      this.#world.events.failedHealthChecks(service, task)
      this.#world.events.stopped(service, [task])
      this.#world.lifecycle.stop(task, failedHealthChecks)
    }
  }

  /** A service that is deleted takes its tasks along, protected or not. */
  #isSpared(service: ServiceRecord, task: TaskRecord): boolean {
    return service.status === 'ACTIVE' && isProtected(task, this.#world.context.clock.now())
  }

  /** Those that do not serve go first, then the newest; never one that is protected. */
  #stop(service: ServiceRecord, cause: DeploymentRecord, tasks: TaskRecord[], count: number): void {
    if (count === 0) return
    const chosen = tasks
      .filter(task => !this.#isSpared(service, task))
      .sort((one, other) => Number(serves(one)) - Number(serves(other)) || other.sequence - one.sequence)
      .slice(0, count)
    for (const task of chosen)
      this.#world.lifecycle.stop(task, {
        code: 'ServiceSchedulerInitiated',
        reason: `Scaling activity initiated by (deployment ${cause.id})`,
      })
    this.#world.events.stopped(service, chosen)
  }

  #start(service: ServiceRecord, deployment: DeploymentRecord, count: number): void {
    const { context, launcher, events, clusters } = this.#world
    const { runtime, revision } = deployment
    service.steady = false
    if (!runtime.strategy && runtime.launchType !== 'FARGATE') {
      this.#cannotPlaceOnInstances(service, deployment)
      return
    }
    if (deployment.retryAt > context.clock.now()) {
      this.lookAt(service, deployment.retryAt)
      return
    }
    const { started, refused } = launcher.launch(
      {
        cluster: clusters.find(service.cluster),
        revision,
        ...(runtime.strategy && { strategy: runtime.strategy, placed: placedByProvider(deployment) }),
        ...(runtime.platformVersion !== undefined && { platformVersion: runtime.platformVersion }),
        network: runtime.network ?? {},
        group: `service:${service.name}`,
        startedBy: deployment.id,
        enableExecuteCommand: service.kept.enableExecuteCommand ?? false,
        tags: tagsFor(service, deployment),
        service: { name: service.name, deploymentId: deployment.id },
      },
      count,
    )
    for (const task of started) deployment.tasks.add(task)
    if (started.length > 0) events.started(service, started)
    if (refused > 0) this.#noCapacity(service, deployment)
  }

  /** An attempt that finds no capacity is one failed task, however many copies it was for. */
  #noCapacity(service: ServiceRecord, deployment: DeploymentRecord): void {
    deployment.failedTasks += 1
    this.#world.events.noCapacity(service)
    this.#pause(service, deployment)
    this.lookAt(service, deployment.retryAt)
  }

  /** EC2, EXTERNAL and MANAGED_INSTANCES: the account has no instances, and says so instead of starting anything. */
  #cannotPlaceOnInstances(service: ServiceRecord, deployment: DeploymentRecord): void {
    if (deployment.pauses > 0) return
    deployment.pauses = 1
    this.#world.events.noInstances(service)
  }

  #sayIfStuck(service: ServiceRecord, primary: DeploymentRecord, older: DeploymentRecord[], step: RolloutStep): void {
    if (primary.rolloutState === 'FAILED') return
    const blocked = step.start === 0 && step.stopOlder === 0 && liveTasks(primary).length < service.desiredCount
    const settled = [primary, ...older].every(one => [...one.tasks].every(isRunning))
    if (
      blocked &&
      settled &&
      older.length > 0 &&
      service.events[0]?.message?.includes('unable to stop or start') !== true
    )
      this.#world.events.stuck(service)
  }

  /** COMPLETED once the primary serves alone; steady once nothing is left to do. */
  #settle(service: ServiceRecord): void {
    const [primary, ...older] = service.deployments
    if (!primary || older.length > 0 || primary.rolloutState === 'FAILED') return
    const live = liveTasks(primary)
    if (live.length !== service.desiredCount || !live.every(serves)) {
      service.steady = false
      return
    }
    if (primary.rolloutState !== 'COMPLETED') this.#world.deployments.complete(service, primary)
    if (!service.steady) this.#world.events.steady(service)
    service.steady = true
  }

  #endIfDrained(service: ServiceRecord): void {
    if (service.deployments.some(one => one.tasks.size > 0)) return
    service.status = 'INACTIVE'
    service.deployments = []
  }
}

/** The first time only: what else happens to a task that serves already says nothing of those that do not. */
function noteServing({ kept }: ServiceRecord, deployment: DeploymentRecord, task: TaskRecord): void {
  if (deployment.served.has(task)) return
  deployment.served.add(task)
  if (kept.deploymentConfiguration?.deploymentCircuitBreaker?.resetOnHealthyTask ?? true) deployment.failedTasks = 0
}

function placedByProvider(deployment: DeploymentRecord): Map<string, number> {
  const placed = new Map<string, number>()
  for (const { state } of [...deployment.tasks].filter(isLive))
    placed.set(state.capacityProviderName ?? '', (placed.get(state.capacityProviderName ?? '') ?? 0) + 1)
  return placed
}

function tagsFor(service: ServiceRecord, { revision }: DeploymentRecord): Tag[] {
  const propagated = { SERVICE: service.tags, TASK_DEFINITION: revision.tags, NONE: [] }
  const managed = service.kept.enableECSManagedTags
    ? [
        { key: 'aws:ecs:clusterName', value: service.cluster },
        { key: 'aws:ecs:serviceName', value: service.name },
      ]
    : []
  return mergedTags(managed, propagated[service.kept.propagateTags ?? 'NONE'])
}
