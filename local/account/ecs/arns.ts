/** Names and ARNs of ECS resources, and how an identifier that may be either is read. */
import type { AccountContext } from '../context.ts'
import { invalidParameter } from './refusals.ts'

export interface Arns {
  cluster(name: string): string
  task(cluster: string, id: string): string
  container(cluster: string, taskId: string, id: string): string
  service(cluster: string, name: string): string
  taskDefinition(family: string, revision: number | string): string
  taskSet(cluster: string, service: string, id: string): string
  serviceDeployment(cluster: string, service: string, id: string): string
  serviceRevision(cluster: string, service: string, id: string): string
}

export function arnsOf(context: Pick<AccountContext, 'region' | 'accountId'>): Arns {
  const arn = (resource: string) => `arn:aws:ecs:${context.region}:${context.accountId}:${resource}`
  return {
    cluster: name => arn(`cluster/${name}`),
    task: (cluster, id) => arn(`task/${cluster}/${id}`),
    container: (cluster, taskId, id) => arn(`container/${cluster}/${taskId}/${id}`),
    service: (cluster, name) => arn(`service/${cluster}/${name}`),
    taskDefinition: (family, revision) => arn(`task-definition/${family}:${revision}`),
    taskSet: (cluster, service, id) => arn(`task-set/${cluster}/${service}/${id}`),
    serviceDeployment: (cluster, service, id) => arn(`service-deployment/${cluster}/${service}/${id}`),
    serviceRevision: (cluster, service, id) => arn(`service-revision/${cluster}/${service}/${id}`),
  }
}

/** The resource part of an ARN, `task/web/0f…` split at its slashes; undefined when it is no ARN. */
function resourceOf(identifier: string): string[] | undefined {
  if (!identifier.startsWith('arn:')) return undefined
  return identifier.split(':').slice(5).join(':').split('/')
}

/** The cluster's name from a name or an ARN; `default` when none is given. */
export function clusterNameOf(identifier: string | undefined): string {
  if (identifier === undefined || identifier === '') return 'default'
  const resource = resourceOf(identifier)
  if (!resource) return identifier
  if (resource[0] !== 'cluster') throw invalidParameter(`Unsupported resource type: ${resource[0]}`)
  return resource[1] ?? ''
}

/**
 * The name of a task or service within `cluster`, from a name or an ARN. The long ARN names its cluster, and ECS refuses
 * one that is not the cluster of the request (which is `default` where the caller forgot to say it).
 */
export function nameWithin(kind: 'task' | 'service', identifier: string, cluster: string): string {
  const resource = resourceOf(identifier)
  if (!resource) return identifier
  if (resource[0] !== kind) throw invalidParameter(`Unsupported resource type: ${resource[0]}`)
  if (resource.length < 3) return resource[1] ?? ''
  if (resource[1] !== cluster)
    throw invalidParameter(`Invalid identifier: Identifier is for cluster ${resource[1]}. Your cluster is ${cluster}`)
  return resource[2] ?? ''
}

/** A task's id within `cluster`: 32 hex digits, or of old a UUID; anything else is refused rather than not found. */
export function taskIdWithin(identifier: string, cluster: string): string {
  const id = nameWithin('task', identifier, cluster)
  if (id.length !== 32 && id.length !== 36) throw invalidParameter('taskId length should be one of [32,36]')
  if (!/^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(id))
    throw invalidParameter(`taskId should be hex digits, but was ${id}`)
  return id
}
