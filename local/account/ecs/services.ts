/** Services: CreateService to DeleteService. What they set in motion is the scheduler's. */
import { isDeepStrictEqual } from 'node:util'
import type {
  CreateServiceCommandInput,
  DeleteServiceCommandInput,
  DeploymentConfiguration,
  DescribeServicesCommandInput,
  ListServicesCommandInput,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import { type Arns, nameWithin } from './arns.ts'
import type { ClusterRecord, Clusters } from './clusters.ts'
import type { DeploymentRecord, DeploymentRuntime } from './deployment-record.ts'
import type { Deployments } from './deployments.ts'
import { placementOf, refuseNotOnFargate, refuseWrongNetwork } from './launch-rules.ts'
import { page } from './paging.ts'
import { includesTags, invalidParameter, notModelled, oneOf } from './refusals.ts'
import type { Scheduler } from './scheduler.ts'
import { historyOf } from './service-deployments.ts'
import { type ServiceRecord, serviceAnswer } from './service-record.ts'
import {
  refuseExecWithoutRole,
  refuseForController,
  refuseInvalidChange,
  refuseInvalidService,
  refuseUnreachable,
} from './service-rules.ts'
import type { ServiceStore } from './service-store.ts'
import { validTags } from './tags.ts'
import type { RevisionRecord, TaskDefinitions } from './task-definitions.ts'

export interface ServiceWorld {
  context: AccountContext
  arns: Arns
  clusters: Clusters
  definitions: TaskDefinitions
  store: ServiceStore
  deployments: Deployments
  scheduler: Scheduler
}

/** What of a service is kept as it was given; a change of it does not by itself start a deployment. */
const keptMembers = [
  'availabilityZoneRebalancing',
  'enableECSManagedTags',
  'enableExecuteCommand',
  'healthCheckGracePeriodSeconds',
  'placementConstraints',
  'placementStrategy',
  'propagateTags',
] as const satisfies (keyof ServiceRecord['kept'])[]

export class Services {
  readonly #world: ServiceWorld

  constructor(world: ServiceWorld) {
    this.#world = world
  }

  operations() {
    return {
      CreateService: (input: CreateServiceCommandInput) => ({ service: this.#answer(this.#create(input), true) }),
      UpdateService: (input: UpdateServiceCommandInput) => ({ service: this.#answer(this.#update(input)) }),
      DescribeServices: (input: DescribeServicesCommandInput) => this.#describe(input),
      ListServices: (input: ListServicesCommandInput) => this.#list(input),
      DeleteService: (input: DeleteServiceCommandInput) => ({ service: this.#answer(this.#delete(input)) }),
    }
  }

  #create(input: CreateServiceCommandInput): ServiceRecord {
    const { arns, clusters, context, deployments, store, scheduler } = this.#world
    const cluster = clusters.active(input.cluster)
    refuseInvalidService(input)
    const name = input.serviceName ?? ''
    const existing = store.find(cluster.name, name)
    if (existing?.status === 'ACTIVE') return sameRequest(existing, input)
    if (existing?.status === 'DRAINING') throw invalidParameter('Unable to Start a service that is still Draining.')
    const controller = input.deploymentController?.type ?? 'ECS'
    const service: ServiceRecord = {
      name,
      arn: arns.service(cluster.name, name),
      cluster: cluster.name,
      status: 'ACTIVE',
      controller,
      desiredCount: input.desiredCount ?? 0,
      kept: {
        ...keptOf(input),
        deploymentConfiguration: configurationOf(deploymentDefaults, input.deploymentConfiguration),
      },
      createdBy: structuredClone(input),
      deployments: [],
      // The history outlives the service that it is of, and its ARNs are the same.
      history: existing?.history ?? [],
      events: [],
      tags: validTags(input.tags),
      createdAt: context.clock.now(),
      steady: false,
    }
    // With an EXTERNAL controller nothing runs until someone creates task sets, and the task definition is theirs.
    if (controller !== 'EXTERNAL') deployments.begin(service, ...this.#runtime(input, cluster))
    store.add(service)
    scheduler.lookAt(service)
    return service
  }

  #update(input: UpdateServiceCommandInput): ServiceRecord {
    const { clusters, deployments, scheduler } = this.#world
    const cluster = clusters.active(input.cluster)
    const service = this.#active(cluster, input.service)
    refuseInvalidChange(input)
    refuseForController(input, service)
    const [primary] = service.deployments
    // All that can be refused is, before anything changes.
    const next = primary && this.#nextRuntime(input, cluster, primary)
    const kept = keptOf(input)
    if (next) refuseExecWithoutRole(kept.enableExecuteCommand ?? service.kept.enableExecuteCommand, next[0], 'updated')
    const isRedeployed = input.forceNewDeployment || changesDeployment(primary, next)
    Object.assign(service.kept, kept)
    if (input.deploymentConfiguration)
      service.kept.deploymentConfiguration = configurationOf(
        service.kept.deploymentConfiguration,
        input.deploymentConfiguration,
      )
    if (input.desiredCount !== undefined && input.desiredCount !== service.desiredCount) {
      service.desiredCount = input.desiredCount
      service.steady = false
      if (primary) primary.updatedAt = this.#world.context.clock.now()
    }
    if (next && isRedeployed) deployments.begin(service, ...next)
    scheduler.lookAt(service)
    return service
  }

  #delete(input: DeleteServiceCommandInput): ServiceRecord {
    const { clusters, deployments, scheduler } = this.#world
    const service = this.#existing(clusters.find(input.cluster), input.service)
    if (service.status === 'INACTIVE') throw new AwsError('ServiceNotFoundException', 'Service not found.')
    if (service.desiredCount > 0 && !input.force)
      throw invalidParameter('The service cannot be stopped while it is scaled above 0.')
    service.desiredCount = 0
    service.status = 'DRAINING'
    deployments.abandon(service)
    scheduler.lookAt(service)
    return service
  }

  #describe(input: DescribeServicesCommandInput) {
    const withTags = includesTags(input.include)
    const cluster = this.#world.clusters.find(input.cluster)
    const asked = input.services ?? []
    if (asked.length === 0) throw invalidParameter('Services cannot be empty.')
    if (asked.length > 10) throw invalidParameter('Services cannot have more than 10 elements.')
    const names = asked.map(identifier => nameWithin('service', identifier, cluster.name))
    return {
      services: names.flatMap(name => {
        const found = this.#world.store.find(cluster.name, name)
        return found ? [this.#answer(found, withTags)] : []
      }),
      failures: names
        .filter(name => !this.#world.store.find(cluster.name, name))
        .map(name => ({ arn: this.#world.arns.service(cluster.name, name), reason: 'MISSING' })),
    }
  }

  #list(input: ListServicesCommandInput) {
    oneOf('launchType', input.launchType, ['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'])
    oneOf('schedulingStrategy', input.schedulingStrategy, ['REPLICA', 'DAEMON'])
    if (input.resourceManagementType !== undefined) throw notModelled('ListServices by resourceManagementType')
    const cluster = this.#world.clusters.find(input.cluster)
    const listed = this.#world.store
      .of(cluster.name)
      .filter(service => service.status !== 'INACTIVE' && input.schedulingStrategy !== 'DAEMON')
      .filter(({ deployments: [primary] }) => !input.launchType || launchTypeOf(primary) === input.launchType)
    const arns = listed.map(service => service.arn).sort()
    // ECS's own page of services is small unless the caller asks for more.
    const { items, ...next } = page(arns, arn => arn, input, { usual: 10 })
    return { serviceArns: items, ...next }
  }

  #existing(cluster: ClusterRecord, identifier: string | undefined): ServiceRecord {
    const service = this.#world.store.find(cluster.name, nameWithin('service', identifier ?? '', cluster.name))
    if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.')
    return service
  }

  #active(cluster: ClusterRecord, identifier: string | undefined): ServiceRecord {
    const service = this.#existing(cluster, identifier)
    if (service.status !== 'ACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
    return service
  }

  #runtime(input: CreateServiceCommandInput, cluster: ClusterRecord): [RevisionRecord, DeploymentRuntime] {
    if (input.taskDefinition === undefined) throw invalidParameter('TaskDefinition can not be blank.')
    const revision = this.#world.definitions.startable(input.taskDefinition)
    const placement = placementOf(input, cluster)
    refuseUnrunnable(placement, input, revision)
    refuseExecWithoutRole(input.enableExecuteCommand, revision, 'created')
    refuseUnreachable(input.loadBalancers, revision)
    return [
      revision,
      {
        ...placement,
        ...(input.platformVersion !== undefined && { platformVersion: input.platformVersion }),
        ...(input.networkConfiguration && { network: structuredClone(input.networkConfiguration) }),
        ...(input.loadBalancers?.length && { loadBalancers: structuredClone(input.loadBalancers) }),
      },
    ]
  }

  /** What the service is to run from now on; equal to what the primary deployment has where the input says nothing. */
  #nextRuntime(
    input: UpdateServiceCommandInput,
    cluster: ClusterRecord,
    { revision, runtime }: DeploymentRecord,
  ): [RevisionRecord, DeploymentRuntime] {
    const next = input.taskDefinition === undefined ? revision : this.#world.definitions.startable(input.taskDefinition)
    const platformVersion = input.platformVersion ?? runtime.platformVersion
    const network = input.networkConfiguration ?? runtime.network
    // An empty list takes the service out of its target groups.
    const balancers = input.loadBalancers ?? runtime.loadBalancers
    const { launchType, strategy } = runtime
    const placement = input.capacityProviderStrategy?.length
      ? placementOf(input, cluster)
      : { ...(launchType && { launchType }), ...(strategy && { strategy }) }
    refuseUnrunnable(placement, { networkConfiguration: network, platformVersion }, next)
    refuseUnreachable(balancers, next)
    return [
      next,
      {
        ...placement,
        ...(platformVersion !== undefined && { platformVersion }),
        ...(network && { network: structuredClone(network) }),
        ...(balancers?.length && { loadBalancers: structuredClone(balancers) }),
      },
    ]
  }

  #answer(service: ServiceRecord, withTags = false) {
    historyOf(service, this.#world.context.clock.now())
    return serviceAnswer(service, this.#world.arns, this.#world.context.accountId, withTags)
  }
}

/** CreateService is idempotent for the same token and parameters only. */
function sameRequest(existing: ServiceRecord, input: CreateServiceCommandInput): ServiceRecord {
  if (input.clientToken !== undefined && isDeepStrictEqual(existing.createdBy, input)) return existing
  throw invalidParameter('Creation of service was not idempotent.')
}

function keptOf(input: CreateServiceCommandInput | UpdateServiceCommandInput): ServiceRecord['kept'] {
  const given = keptMembers.filter(member => input[member] !== undefined)
  return structuredClone(Object.fromEntries(given.map(member => [member, input[member]])))
}

const deploymentDefaults: DeploymentConfiguration = {
  deploymentCircuitBreaker: { enable: false, rollback: false },
  maximumPercent: 200,
  minimumHealthyPercent: 100,
  strategy: 'ROLLING',
}

/** What was given over what was there; ECS fills in that a task which serves resets the circuit breaker's count. */
function configurationOf(
  before: DeploymentConfiguration | undefined,
  given: DeploymentConfiguration | undefined,
): DeploymentConfiguration {
  const { deploymentCircuitBreaker: breaker, ...others } = structuredClone(given ?? {})
  return {
    ...before,
    ...others,
    ...(breaker && { deploymentCircuitBreaker: { ...(breaker.enable && { resetOnHealthyTask: true }), ...breaker } }),
  }
}

function refuseUnrunnable(
  placement: DeploymentRuntime,
  input: Parameters<typeof refuseNotOnFargate>[0],
  revision: RevisionRecord,
): void {
  if (placement.strategy || placement.launchType === 'FARGATE') refuseNotOnFargate(input, revision)
  refuseWrongNetwork(input.networkConfiguration, revision)
}

/** The same task definition, network, platform and capacity again make no new deployment. */
function changesDeployment(
  primary: DeploymentRecord | undefined,
  next: [RevisionRecord, DeploymentRuntime] | undefined,
): boolean {
  if (!primary || !next) return false
  return next[0] !== primary.revision || !isDeepStrictEqual(next[1], primary.runtime)
}

/** ECS lists what runs on a Fargate provider under FARGATE too, though such a service shows no launch type. */
const launchTypeOf = (deployment: DeploymentRecord | undefined) =>
  deployment?.runtime.strategy ? 'FARGATE' : deployment?.runtime.launchType
