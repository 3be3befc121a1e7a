/** What runs, as the workloads that the guard judges. Pure: what ECS answers and the records say in, workloads out. */
import type { Config, Target } from '../config/config.ts'
import { type Amount, sumOf } from '../cost/amount.ts'
import type { Subject } from '../cost/subject.ts'
import { isOpen, type KnownTarget } from '../deploy/records.ts'
import type { Service, Task } from '../ports.ts'
import { belongingBy, familyOf, startOf, type TargetFinder, targetFinder } from '../status/belonging.ts'
import { copiesId, type Restores, serviceId, taskId, type Workload } from './workload.ts'

export interface Seen {
  /** On Fargate, and to run; of one cluster or of several. */
  tasks: readonly Task[]
  /** Those of the same clusters that run on Fargate, by cluster. */
  services: ReadonlyMap<string, readonly Service[]>
  /** What is on record of the targets. */
  targets: ReadonlyMap<string, KnownTarget>
  /** Of one task: an hour, and since it began. */
  costOf(task: Task): { perHour: Amount; soFar: Amount }
}

/** A service that is to have no copies is none, also while its last ones stop. */
export function workloadsOf({ tasks, services, targets, costOf }: Seen, config: Config): Workload[] {
  const finder = targetFinder(config)
  const byService = new Map<string, Task[]>()
  const byTarget = new Map<string, Task[]>()
  const alone: Task[] = []
  for (const task of tasks) {
    const service = serviceOf(task)
    const target = copiesOf(task, finder, targets)
    if (service !== undefined) add(byService, `${task.cluster}/${service}`, task)
    else if (target) add(byTarget, target.name, task)
    else alone.push(task)
  }
  const costed = (of: readonly Task[]) => {
    const costs = of.map(costOf)
    return { costPerHour: sumOf(costs.map(cost => cost.perHour)), costSoFar: sumOf(costs.map(cost => cost.soFar)) }
  }
  const found: Workload[] = []
  for (const [cluster, each] of services)
    for (const service of each) {
      if (service.desiredCount === 0) continue
      const own = byService.get(`${cluster}/${service.name}`) ?? []
      found.push({ ...serviceWorkload(cluster, service, own, finder, targets), ...costed(own) })
    }
  for (const target of config.targets) {
    const own = byTarget.get(target.name)
    if (own) found.push({ ...copiesWorkload(target, own, targets.get(target.name)), ...costed(own) })
  }
  for (const task of alone) found.push({ ...taskWorkload(task, finder, targets), ...costed([task]) })
  return found
}

function add(groups: Map<string, Task[]>, key: string, task: Task): void {
  const group = groups.get(key)
  if (group) group.push(task)
  else groups.set(key, [task])
}

export function serviceOf({ group = '' }: Pick<Task, 'group'>): string | undefined {
  return group.startsWith('service:') ? group.slice('service:'.length) : undefined
}

/** The `task` target whose copy it is; a `before` task is none. */
function copiesOf(task: Task, finder: TargetFinder, targets: Seen['targets']): Target | undefined {
  const start = startOf(task.startedBy)
  const target = start && finder.named(start.target, task.cluster)
  return target?.run.kind === 'task' && !isBefore(task, targets.get(target.name)) ? target : undefined
}

/** Of a rollout that is over nobody asks: a `before` task ends before its rollout does. */
function isBefore({ arn, startedBy }: Task, known: KnownTarget | undefined): boolean {
  const start = startOf(startedBy)
  const { newest } = known ?? {}
  if (!start || newest?.id !== start.deployment.id) return false
  return newest.attempts.some(
    ({ purpose, number, outcome }) =>
      purpose === 'before' && (outcome?.tasks?.includes(arn) || number % 36 ** 2 === start.deployment.attempt),
  )
}

function serviceWorkload(
  cluster: string,
  service: Service,
  tasks: Task[],
  finder: TargetFinder,
  targets: Seen['targets'],
): Omit<Workload, 'costPerHour' | 'costSoFar'> {
  const target = finder.ofService(service.name, cluster)
  const untouchable = serviceMoves(service) ?? (target && rolloutMoves(target, targets.get(target.name)))
  return {
    id: serviceId(cluster, service.name),
    kind: 'service',
    name: `service ${service.name} in ${cluster}`,
    subject: subjectOf({
      cluster,
      target,
      service: service.name,
      family: familyOf(service.revision),
      tags: service.tags,
    }),
    tasks,
    desiredCount: service.desiredCount,
    service,
    restores: 'count',
    ...sinceOf(service),
    ...(untouchable && { untouchable }),
  }
}

/** Where ECS does not tell when it was created: it is as old as its oldest deployment, at the least. */
function sinceOf({ createdAt, deployments }: Service): { since?: string } {
  const oldest = deployments.map(each => each.createdAt?.toISOString())
  return createdAt ? { since: createdAt.toISOString() } : earliest(oldest)
}

export function serviceMoves({ deployments, controller, status }: Service): Workload['untouchable'] {
  if (status !== 'ACTIVE') return { reason: 'not-settled', detail: `ECS says it is ${status}` }
  if (controller !== 'ECS') return { reason: 'not-settled', detail: `its deployments are ${controller}'s` }
  const moving = deployments.length > 1 || deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS')
  return moving ? { reason: 'being-deployed', detail: 'ECS rolls a deployment out' } : undefined
}

export function rolloutMoves({ name }: Target, known: KnownTarget | undefined): Workload['untouchable'] {
  const { head, newest } = known ?? {}
  if (!head) return undefined
  const isBegun = newest?.number === head.current.number
  if (isBegun && !isOpen(newest) && newest.todo !== 'undo') return undefined
  // A rollout to a service that sleeps waits for it to wake, as long as that takes.
  if (isBegun && newest.isParked && newest.wokeAt === undefined) return undefined
  return { reason: 'being-deployed', detail: `${name} #${head.current.number} is under way` }
}

function copiesWorkload(
  target: Target,
  tasks: Task[],
  known: KnownTarget | undefined,
): Omit<Workload, 'costPerHour' | 'costSoFar'> {
  const { cluster, name, run } = target
  const untouchable = rolloutMoves(target, known)
  const since = tasks.map(({ createdAt }) => createdAt)
  return {
    id: copiesId(name),
    kind: 'copies',
    name: `the copies of ${name} in ${cluster}`,
    subject: subjectOf({ cluster, target, family: familyOf(tasks[0]?.revision), tags: commonTags(tasks) }),
    tasks,
    desiredCount: run.kind === 'task' ? run.count : tasks.length,
    restores: 'copies',
    ...earliest(known?.newest?.succeededAt === undefined ? since : [known.newest.succeededAt, ...since]),
    ...(untouchable && { untouchable }),
  }
}

/** What every copy has; not known as soon as one of them does not tell. */
function commonTags([first, ...others]: readonly Task[]): Record<string, string> | undefined {
  if (!first?.tags || others.some(({ tags }) => !tags)) return undefined
  return Object.fromEntries(
    Object.entries(first.tags).filter(([key, value]) => others.every(({ tags }) => tags?.[key] === value)),
  )
}

function taskWorkload(
  task: Task,
  finder: TargetFinder,
  targets: Seen['targets'],
): Omit<Workload, 'costPerHour' | 'costSoFar'> {
  const { cluster, arn, tags } = task
  const target = finder.named(belongingBy(task, finder).target, cluster)
  const id = arn.slice(arn.lastIndexOf('/') + 1)
  const before = target && isBefore(task, targets.get(target.name))
  return {
    id: taskId(cluster, arn),
    kind: 'task',
    name: `task ${id.slice(0, 8)} of ${target?.name ?? familyOf(task.revision) ?? 'no family'} in ${cluster}`,
    subject: subjectOf({ cluster, target, family: familyOf(task.revision), tags, isStandalone: true }),
    tasks: [task],
    restores: restoresOf(task, target),
    ...earliest([task.startedAt ?? task.pullStartedAt ?? task.createdAt]),
    ...(before && {
      untouchable: {
        reason: 'being-deployed' as const,
        detail: `it has to end well before ${target.name} is deployed`,
      },
    }),
  }
}

function restoresOf({ startedBy = '' }: Task, target: Target | undefined): Restores {
  if (target?.run.kind === 'job' && startOf(startedBy)) return 'redeploy'
  return isScheduled(startedBy) ? 'schedule' : 'nothing'
}

/** EventBridge Scheduler, and the rules of EventBridge before it, sign what they start. */
function isScheduled(startedBy: string): boolean {
  return startedBy.startsWith('chronos-schedule/') || startedBy.startsWith('events-rule/')
}

function subjectOf(of: {
  cluster: string
  target?: Target | undefined
  service?: string
  family?: string | undefined
  tags?: Record<string, string> | undefined
  isStandalone?: boolean
}): Subject {
  const { cluster, target, service, family, tags, isStandalone = false } = of
  return {
    cluster,
    isStandalone,
    ...(target && { target: target.name }),
    ...(service !== undefined && { service }),
    ...(family !== undefined && { family }),
    ...(tags && { tags }),
  }
}

function earliest(times: readonly (string | undefined)[]): { since?: string } {
  const known = times.filter(time => time !== undefined).sort()
  return known[0] === undefined ? {} : { since: known[0] }
}
