/** What has to be known, and be in order, before a deployment is claimed. Reads only. */
import type { Standalone, Target } from '../config/config.ts'
import type { ContainerDefinition, Service, TaskDefinition, TaskDefinitionRevision, World } from '../ports.ts'
import { pinnedImage } from './image-reference.ts'
import { Problem } from './problem.ts'
import type { Claim } from './records.ts'
import { containerOf, withImage } from './revision.ts'

export interface Ground {
  /** The service as it is; absent for standalone tasks. */
  service?: Service
  /** What is cloned, with its ARN when it is a revision; inline definitions have none. */
  base: { definition: TaskDefinition; revision?: TaskDefinitionRevision }
  /** The container of `base` that gets the image. */
  container: ContainerDefinition
  /** Where standalone tasks run first. */
  capacity?: 'on-demand' | 'spot'
}

/** The ground that a deployment of `target` stands on. Throws Problem when it does not hold. */
export async function observe(target: Target, world: World): Promise<Ground> {
  if (target.run.kind === 'service') {
    const service = await ourService(target.cluster, target.run.service, world)
    const base = await baseOf(target, service, world)
    return { service, base, container: containerOf(base.definition, target) }
  }
  const capacity = await capacityFor(target.cluster, target.run, world)
  const base = await baseOf(target, undefined, world)
  return { capacity, base, container: containerOf(base.definition, target) }
}

/** The definition to run for `claim`, or the revision itself where it already runs exactly this image. */
export function wantedDefinition(ground: Ground, claim: Claim): { definition: TaskDefinition; asItIs?: string } {
  const { container } = ground
  const { definition, revision } = ground.base
  const image = pinnedImage(claim.image, claim.event, container.image)
  const asItIs = revision?.status === 'ACTIVE' && container.image === image ? revision.arn : undefined
  return { definition: withImage(definition, container, image), ...(asItIs !== undefined && { asItIs }) }
}

/** What judging its tasks needs to know of a definition. A container is essential unless it says otherwise. */
export function containersOf({ containerDefinitions }: TaskDefinition): {
  essential: string[]
  isHealthChecked: boolean
} {
  const essential = containerDefinitions.filter(each => each.essential !== false)
  return {
    essential: essential.map(({ name }) => name),
    isHealthChecked: essential.some(({ healthCheck }) => healthCheck !== undefined && healthCheck !== null),
  }
}

async function ourService(cluster: string, name: string, world: World): Promise<Service> {
  const service = await world.fleet.describeService(cluster, name)
  if (service?.status !== 'ACTIVE') {
    await activeCluster(cluster, world)
    const state = service ? `is ${service.status}` : 'does not exist'
    throw new Problem(
      'refuse',
      'service-missing',
      `Service ${name} in cluster ${cluster} ${state}. Create it, or correct farguard.yml.`,
    )
  }
  if (service.controller !== 'ECS')
    throw notOurs(`its deployments belong to ${service.controller}: deploy it there, or give it the ECS controller`)
  if (!isOnFargate(service))
    throw notOurs(
      `it runs on ${service.launchType ?? service.capacityProviders.join(', ')}, and Farguard deploys to Fargate only`,
    )
  return service

  function notOurs(why: string): Problem {
    return new Problem('refuse', 'service-not-ours', `Service ${name} in cluster ${cluster} can't be updated: ${why}.`)
  }
}

async function activeCluster(name: string, world: World) {
  const cluster = await world.fleet.describeCluster(name)
  if (!cluster)
    throw new Problem(
      'refuse',
      'cluster-missing',
      `Cluster ${name} does not exist. Create it, or correct farguard.yml.`,
    )
  if (cluster.status === 'PROVISIONING')
    throw new Problem('retry', 'cluster-provisioning', `Cluster ${name} is still PROVISIONING.`)
  if (cluster.status !== 'ACTIVE') {
    const message = `Cluster ${name} is ${cluster.status}, and tasks start in an ACTIVE one only.`
    throw new Problem('refuse', 'cluster-not-active', message)
  }
  return cluster
}

async function capacityFor(clusterName: string, run: Standalone, world: World): Promise<'on-demand' | 'spot'> {
  const cluster = await activeCluster(clusterName, world)
  if (run.capacity === 'on-demand' || cluster.capacityProviders.includes('FARGATE_SPOT'))
    return run.capacity === 'on-demand' ? 'on-demand' : 'spot'
  if (run.capacity === 'spot-then-on-demand') return 'on-demand'
  const message = `Cluster ${clusterName} has no capacity provider FARGATE_SPOT. Add it, or choose capacity: on-demand.`
  throw new Problem('refuse', 'no-capacity-provider', message)
}

async function baseOf(target: Target, service: Service | undefined, world: World): Promise<Ground['base']> {
  const source = target.run.taskDefinition
  if (source.from === 'inline') return { definition: source.definition }
  const id = source.from === 'family' ? source.family : service?.revision
  const revision = id === undefined ? undefined : await world.fleet.describeTaskDefinition(id)
  if (!revision) {
    const message = `Task definition ${id} does not exist or has no active revision. Register one, or correct farguard.yml.`
    throw new Problem('refuse', 'family-missing', message)
  }
  return { definition: revision.definition, revision }
}

/** By its launch type, or, where a strategy takes its place, by every provider of that. */
export function isOnFargate({ launchType, capacityProviders }: Service): boolean {
  return launchType ? launchType === 'FARGATE' : capacityProviders.every(isFargateProvider)
}

function isFargateProvider(name: string): boolean {
  return name === 'FARGATE' || name === 'FARGATE_SPOT'
}
