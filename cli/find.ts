/** What is meant by the name that `stop` and `logs` are given: a target, a service or a task. */
import { clustersOf } from '../shared/config/clusters.ts'
import { bareConfig, type Config, type Target } from '../shared/config/config.ts'
import { RefusedError, RetryableError, type Service, type Task } from '../shared/ports.ts'
import { readTasks, recordOf, type TaskRecord } from '../shared/status/task-record.ts'
import { ConfigMistake } from '../stack/config.ts'
import { explain } from './connection.ts'
import { CommandError, type Session, UsageError } from './session.ts'

export type Found =
  | { is: 'target'; target: Target }
  | { is: 'service'; cluster: string; service: Service }
  /** `isKnownToEcs`: false where only the record is left, or ECS could not be asked. */
  | { is: 'task'; task: TaskRecord; isKnownToEcs: boolean }

/** A task or service, as ECS names it; older ARNs name no cluster. */
const ecsArn = /^arn:[\w-]+:ecs:[\w-]*:\d*:(task|service)\/(?:([\w-]+)\/)?([\w-]+)$/
const wholeId = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const partOfId = /^[0-9a-f][0-9a-f-]{5,34}$/

/** The one thing that is meant; throws UsageError, with a list, where it may be several. */
export async function find(name: string, session: Session): Promise<Found> {
  const found = await candidates(name, session)
  const [only, ...others] = found
  if (!only)
    throw new CommandError(
      `There is no target, service or task ${name}. farguard status lists the targets; a service is named cluster/service, a task by its id.`,
    )
  if (others.length > 0)
    throw new UsageError(
      [`${name} may be any of these; name one:`, ...found.map(each => `  ${nameOf(each)}`)].join('\n'),
    )
  return only
}

/** How to name this and nothing else. */
function nameOf(found: Found): string {
  switch (found.is) {
    case 'target':
      return `target ${found.target.name}${found.target.run.kind === 'service' ? `, ${found.target.cluster}/${found.target.run.service}` : ''}`
    case 'service':
      return found.service.arn || `${found.cluster}/${found.service.name}`
    case 'task':
      return found.task.arn
  }
}

async function candidates(name: string, session: Session): Promise<Found[]> {
  const meant = read(name)
  if (!meant) throw new UsageError(`"${name}" is no name of a target, service or task.`)
  const config = meant.is === 'bare' ? session.config() : configIfAny(session)
  const clusters = meant.cluster === undefined ? clustersOf(config) : [meant.cluster]
  const targets = meant.is === 'bare' ? config.targets.filter(target => target.name === name) : []
  const mayBeService = meant.is === 'service' || meant.is === 'service-or-task'
  const services = mayBeService ? await servicesNamed(meant.id, clusters, session) : []
  const tasks = meant.is === 'service' ? [] : await tasksNamed(meant.id, clusters, config, session)
  return [...targets.map(target => ({ is: 'target' as const, target })), ...services, ...tasks]
}

interface Meant {
  is: 'bare' | 'service' | 'task' | 'service-or-task'
  cluster?: string
  id: string
}

/** By its form alone; undefined for what is no name at all. */
function read(name: string): Meant | undefined {
  const [, kind, clusterOfArn, idOfArn] = ecsArn.exec(name) ?? []
  if (idOfArn !== undefined)
    return { is: kind === 'task' ? 'task' : 'service', id: idOfArn, ...(clusterOfArn && { cluster: clusterOfArn }) }
  const [, cluster, id] = /^([\w-]{1,255})\/([\w-]{1,255})$/.exec(name) ?? []
  if (cluster !== undefined && id !== undefined) return { is: 'service-or-task', cluster, id }
  return /^[\w-]{1,255}$/.test(name) ? { is: 'bare', id: name } : undefined
}

/** farguard.yml, or no targets where there is none that is right: a task can be stopped by its ARN from anywhere. */
export function configIfAny({ config }: Session): Config {
  try {
    return config()
  } catch (error) {
    if (!(error instanceof ConfigMistake)) throw error
    return bareConfig
  }
}

async function servicesNamed(name: string, clusters: readonly string[], { stack }: Session): Promise<Found[]> {
  const found: Found[] = []
  for (const cluster of clusters) {
    const service = await stack.fleet.describeService(cluster, name)
    if (service && service.status !== 'INACTIVE') found.push({ is: 'service', cluster, service })
  }
  return found
}

async function tasksNamed(id: string, clusters: readonly string[], config: Config, session: Session): Promise<Found[]> {
  if (!wholeId.test(id) && !partOfId.test(id)) return []
  const found: Found[] = []
  for (const cluster of clusters) {
    const asked = await askForTasks(id, cluster, session)
    const arns = asked.length > 0 ? asked.map(({ arn }) => arn) : [`arn:aws:ecs:::task/${cluster}/${id}`]
    const records = await readTasks(session.stack.table, arns)
    const hearing = { config, from: 'look' as const, at: (await session.now()).toISOString() }
    for (const task of asked) {
      const seen = records.find(({ arn }) => arn === task.arn)
      found.push({ is: 'task', task: recordOf(task, { ...hearing, seen }), isKnownToEcs: true })
    }
    if (asked.length === 0) found.push(...records.map(task => ({ is: 'task' as const, task, isKnownToEcs: false })))
  }
  return found
}

/** ECS knows a task for an hour after it stopped, and takes an id for an ARN; of a part of one the running tasks are looked through. */
async function askForTasks(id: string, cluster: string, { stack, terminal }: Session): Promise<Task[]> {
  try {
    if (wholeId.test(id)) return await stack.fleet.describeTasks(cluster, [id])
    const arns: string[] = []
    for await (const page of stack.fleet.listTasks(cluster, 'running'))
      arns.push(...page.filter(arn => arn.slice(arn.lastIndexOf('/') + 1).startsWith(id)))
    return arns.length === 0 ? [] : await stack.fleet.describeTasks(cluster, arns)
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof RetryableError)) throw error
    if (!(error instanceof RefusedError && error.code === 'ClusterNotFoundException'))
      terminal.say(`ECS could not be asked about tasks in ${cluster}. ${explain(error, stack)}`)
    return []
  }
}
