/** What runs in the clusters of farguard.yml, as ECS and the records have it, and what it costs. Reads only. */
import { clustersOf } from '../config/clusters.ts'
import type { Config } from '../config/config.ts'
import { costAt } from '../cost/meter.ts'
import type { Prices } from '../cost/prices.ts'
import { rateOf } from '../cost/rate.ts'
import type { Subject } from '../cost/subject.ts'
import { isOnFargate } from '../deploy/prepare.ts'
import { asProblem } from '../deploy/problem.ts'
import { type KnownTarget, readTargets } from '../deploy/records.ts'
import type { GuardWorld, Service, Task } from '../ports.ts'
import { startOf } from '../status/belonging.ts'
import { isFargate } from '../status/record-tasks.ts'
import { countFamilies, type FamilyCounts } from './families.ts'
import type { Parked } from './records.ts'
import { serviceId } from './workload.ts'
import { serviceOf } from './workloads.ts'

/** Clusters as they are now. */
export interface Seen {
  /** On Fargate, and to run, by cluster; none in one that does not exist. A cluster that could not be looked at is absent. */
  tasks: ReadonlyMap<string, readonly MeteredTask[]>
  services: ReadonlyMap<string, readonly Service[]>
  targets: ReadonlyMap<string, KnownTarget>
  families: FamilyCounts
  /** The account and Region that all this is in; absent where nothing told. */
  place?: { accountId: string; region: string }
  /** What could not be looked at, and why; one line each. */
  problems: string[]
}

/** `publicIp`: as farguard.yml or the service has it; absent where nobody says. */
export type MeteredTask = Task & { publicIp?: boolean }

/** One cluster that can't be read keeps no other one from being looked at. */
export async function see(config: Config, world: GuardWorld): Promise<Seen> {
  const problems: string[] = []
  const all: Task[][] = []
  const tasks = new Map<string, MeteredTask[]>()
  const services = new Map<string, Service[]>()
  let place: Seen['place']
  for (const cluster of clustersOf(config)) {
    try {
      const found = await world.fleet.describeCluster(cluster)
      if (found?.status !== 'ACTIVE') {
        // That is known, then, and costs nothing.
        if (!found || found.status === 'INACTIVE') tasks.set(cluster, [])
        problems.push(`cluster ${cluster} ${found ? `is ${found.status}` : 'does not exist'}: nothing in it is judged`)
        continue
      }
      place ??= placeOf(found.arn)
      const own = await servicesIn(cluster, world)
      services.set(cluster, own)
      const described = await tasksIn(cluster, world)
      all.push(described)
      tasks.set(cluster, onFargate(cluster, described, own, config))
    } catch (error) {
      const said = asProblem(error, `Looking at cluster ${cluster}`)
      if (!(said instanceof Error)) throw error
      world.log.warn('cluster not looked at', { cluster, error })
      problems.push(`cluster ${cluster} could not be looked at, nothing in it is judged: ${said.message}`)
      services.delete(cluster)
    }
  }
  const targets = await readTargets(
    world.table,
    config.targets.map(({ name }) => name),
  )
  return { tasks, services, targets, families: countFamilies(all.flat()), ...(place && { place }), problems }
}

/** `arn:aws:ecs:eu-central-1:123456789012:cluster/demo` */
function placeOf(arn: string): Seen['place'] {
  const [, , , region, accountId] = arn.split(':')
  return region && accountId ? { region, accountId } : undefined
}

async function servicesIn(cluster: string, { fleet }: GuardWorld): Promise<Service[]> {
  const names: string[] = []
  for await (const page of fleet.listServices(cluster)) names.push(...page)
  return (await fleet.describeServices(cluster, names)).filter(isOnFargate)
}

/** To run, on whatever. */
async function tasksIn(cluster: string, { fleet }: GuardWorld): Promise<Task[]> {
  const arns: string[] = []
  for await (const page of fleet.listTasks(cluster, 'running')) arns.push(...page)
  const described = await fleet.describeTasks(cluster, arns)
  return described.filter(task => task.desiredStatus !== 'STOPPED' && task.lastStatus !== 'STOPPED')
}

function onFargate(
  cluster: string,
  tasks: readonly Task[],
  services: readonly Service[],
  config: Config,
): MeteredTask[] {
  const publicIp = addressesOf(cluster, services, config)
  return tasks.filter(isFargate).map(task => withAddress(task, publicIp(task)))
}

function withAddress(task: Task, publicIp: boolean | undefined): MeteredTask {
  return publicIp === undefined ? task : { ...task, publicIp }
}

/** A task does not tell whether it has a public address; what started it does, where that is ours to read. */
export function addressesOf(cluster: string, services: readonly Service[], { targets }: Config) {
  const byService = new Map(services.map(({ name, network }) => [name, network?.publicIp]))
  const byTarget = new Map(
    targets.flatMap(({ name, run, cluster: of }) =>
      of === cluster && run.kind !== 'service' ? [[name, run.network.publicIp] as const] : [],
    ),
  )
  return (task: Pick<Task, 'group' | 'startedBy'>): boolean | undefined => {
    const service = serviceOf(task)
    if (service !== undefined) return byService.get(service)
    const start = startOf(task.startedBy)
    return start && byTarget.get(start.target)
  }
}

/** What a task costs: an hour, and since it began. */
export function costing(prices: Prices | undefined, now: Date) {
  return (task: MeteredTask) => {
    if (!prices) {
      const unknown = { unknown: 'the Region is not known' }
      return { perHour: unknown, soFar: unknown }
    }
    const { perHour } = rateOf(task, prices)
    return { perHour, soFar: costAt(perHour, task, now) }
  }
}

/** What selectors see of each target: of a service its own tags, of copies and jobs those that they run with. */
export function subjectsOfTargets({ tasks, services }: Seen, { targets }: Config): Map<string, Subject> {
  const tagsOf = new Map<string, Record<string, string>>()
  for (const [, all] of tasks)
    for (const { startedBy, tags } of all) {
      const start = startOf(startedBy)
      if (start && tags && !tagsOf.has(start.target)) tagsOf.set(start.target, tags)
    }
  return new Map(
    targets.map(({ name, cluster, run }) => {
      const service =
        run.kind === 'service' ? services.get(cluster)?.find(each => each.name === run.service) : undefined
      const tags = run.kind === 'service' ? service?.tags : tagsOf.get(name)
      const subject: Subject = {
        cluster,
        target: name,
        isStandalone: run.kind === 'job',
        ...(run.kind === 'service' && { service: run.service }),
        ...(tags && { tags }),
      }
      return [name, subject]
    }),
  )
}

/** What selectors see of what is parked; one whose service is gone is absent. */
export function subjectsOfParked(
  parked: readonly Parked[],
  { services }: Seen,
  targets: ReadonlyMap<string, Subject>,
): Map<string, Subject> {
  const subjects = new Map<string, Subject>()
  const byId = new Map(
    [...services].flatMap(([cluster, all]) => all.map(each => [serviceId(cluster, each.name), each])),
  )
  for (const { workload, service: name, target, cluster } of parked) {
    const ofTarget = target === undefined ? undefined : targets.get(target)
    const service = byId.get(workload)
    if (service)
      subjects.set(workload, {
        cluster,
        service: service.name,
        isStandalone: false,
        ...(target !== undefined && { target }),
        ...(service.tags && { tags: service.tags }),
      })
    else if (name === undefined && ofTarget) subjects.set(workload, ofTarget)
  }
  return subjects
}
