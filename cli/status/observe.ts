/** What `farguard status` looks at: the records, and ECS's own answer about the services. */
import { callEach } from '../../shared/aws/batches.ts'
import { clustersOf } from '../../shared/config/clusters.ts'
import type { Config, Target } from '../../shared/config/config.ts'
import { isSamePlace, placeOf } from '../../shared/deploy/place.ts'
import {
  type Deployment,
  deploymentsOf,
  type KnownTarget,
  readDeployment,
  readTarget,
} from '../../shared/deploy/records.ts'
import { type Parked, readParked } from '../../shared/guard/records.ts'
import { RefusedError, RetryableError, type Service } from '../../shared/ports.ts'
import { runningTasks, type TaskRecord } from '../../shared/status/task-record.ts'
import { explain } from '../connection.ts'
import type { Session } from '../session.ts'

export interface Observed {
  targets: ObservedTarget[]
  /** Running tasks of no target. */
  others: { cluster: string; tasks: TaskRecord[] }[]
  /** What the guard has stopped, or leaves alone because it came back by itself; of these targets, and with others all. */
  parked: Parked[]
  /** What could not be asked, and why. */
  notAsked: string[]
}

export interface ObservedTarget {
  target: Target
  known: KnownTarget
  /** What is to run, by our records: the newest deployment that succeeded here, or what a failed one was put back to. */
  standing?: Deployment
  /** Its running tasks on record. */
  tasks: TaskRecord[]
  /** `missing`: ECS has no such service. Absent: ECS was not asked, or could not be. */
  service?: Service | 'missing'
}

/** How many deployments are looked through for one that succeeded: a target that failed so often has none to speak of. */
const mostLookedThrough = 60

/** Reads the records of these targets, the services in one batch a cluster, and with `others` what is of no target. */
export async function observe(config: Config, { stack }: Session, { others }: { others: boolean }): Promise<Observed> {
  const read = await callEach(config.targets, target => readRecords(target, stack))
  const { services, notAsked } = await askServices(config.targets, stack)
  const targets = read.map(each => {
    const { run, cluster } = each.target
    const service = run.kind === 'service' ? services.get(`${cluster}/${run.service}`) : undefined
    return service === undefined ? each : { ...each, service }
  })
  const clusters = others ? clustersOf(config) : []
  const found = await callEach(clusters, async cluster => ({ cluster, tasks: await runningOf(stack, { cluster }) }))
  const names = new Set(config.targets.map(({ name }) => name))
  const parked = (await readParked(stack.table)).filter(
    ({ state, target }) => state !== 'over' && (others || (target !== undefined && names.has(target))),
  )
  return { targets, others: found, parked, notAsked }
}

async function readRecords(target: Target, stack: Session['stack']): Promise<ObservedTarget> {
  const known = await readTarget(stack.table, target.name)
  const standing = known.newest && (await standingOf(target, known.newest, stack))
  const tasks = await runningOf(stack, { target: target.name })
  return { target, known, tasks, ...(standing && { standing }) }
}

async function standingOf(target: Target, newest: Deployment, { table }: Session['stack']) {
  if (isStanding(newest, target)) return newest
  let left = mostLookedThrough
  for await (const deployment of deploymentsOf(table, target.name)) {
    if (isStanding(deployment, target)) return deployment
    if (deployment.undone?.to !== undefined) return readDeployment(table, target.name, deployment.undone.to)
    if (--left === 0) break
  }
  return undefined
}

function isStanding({ state, where }: Deployment, target: Target): boolean {
  return state === 'succeeded' && isSamePlace(where, placeOf(target))
}

async function runningOf({ table }: Session['stack'], whose: { target: string } | { cluster: string }) {
  const tasks: TaskRecord[] = []
  for await (const page of runningTasks(table, whose)) tasks.push(...page)
  return tasks
}

/** By `cluster/service`. Where ECS can't be asked the records have to do. */
async function askServices(targets: readonly Target[], stack: Session['stack']) {
  const services = new Map<string, Service | 'missing'>()
  const notAsked: string[] = []
  const named = targets.flatMap(({ cluster, run }) => (run.kind === 'service' ? [{ cluster, name: run.service }] : []))
  const byCluster = [...Map.groupBy(named, ({ cluster }) => cluster)]
  await callEach(byCluster, async ([cluster, wanted]) => {
    const names = [...new Set(wanted.map(({ name }) => name))]
    try {
      const found = await stack.fleet.describeServices(cluster, names)
      for (const name of names) services.set(`${cluster}/${name}`, found.find(each => each.name === name) ?? 'missing')
    } catch (error) {
      if (error instanceof RefusedError || error instanceof RetryableError)
        notAsked.push(
          `ECS could not be asked about cluster ${cluster}, so this is by records only. ${explain(error, stack)}`,
        )
      else throw error
    }
  })
  return { services, notAsked }
}
