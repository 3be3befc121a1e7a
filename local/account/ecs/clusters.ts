/** Clusters: where tasks and services live, and which capacity providers they may ask for. */
import type {
  CapacityProviderStrategyItem,
  Cluster,
  ClusterSetting,
  CreateClusterCommandInput,
  DeleteClusterCommandInput,
  DescribeClustersCommandInput,
  ListClustersCommandInput,
  PutClusterCapacityProvidersCommandInput,
  Tag,
  UpdateClusterSettingsCommandInput,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import type { AccountContext } from '../context.ts'
import { type Arns, arnsOf, clusterNameOf } from './arns.ts'
import { page } from './paging.ts'
import { clientException, includesTags, invalidParameter, notModelled, oneOf } from './refusals.ts'
import { validTags } from './tags.ts'
import { type InsightsSetting, insightsSettings, type Telemetry } from './telemetry.ts'

export type ClusterStatus = 'ACTIVE' | 'PROVISIONING' | 'DEPROVISIONING' | 'FAILED' | 'INACTIVE'

export interface ClusterRecord {
  name: string
  arn: string
  status: ClusterStatus
  capacityProviders: string[]
  defaultStrategy: CapacityProviderStrategyItem[]
  /** What CreateCluster got and the model only gives back. */
  kept: Pick<Cluster, 'configuration' | 'serviceConnectDefaults'>
  containerInsights: InsightsSetting
  tags: Tag[]
}

/** What of a cluster is counted elsewhere. */
export interface ClusterCounts {
  runningTasksCount: number
  pendingTasksCount: number
  activeServicesCount: number
}

export type CountsOf = (cluster: string) => ClusterCounts

const namePattern = /^[a-zA-Z0-9_-]{1,255}$/
const fargateProviders = ['FARGATE', 'FARGATE_SPOT']

export class Clusters {
  readonly #arns: Arns
  readonly #telemetry: Telemetry | undefined
  readonly #byName = new Map<string, ClusterRecord>()

  constructor(context: AccountContext, telemetry?: Telemetry) {
    this.#arns = arnsOf(context)
    this.#telemetry = telemetry
  }

  /** The cluster, in whatever state; throws ClusterNotFoundException. */
  find(identifier: string | undefined): ClusterRecord {
    const cluster = this.#lookUp(identifier)
    if (!cluster) throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
    return cluster
  }

  /** The cluster, if tasks can be started in it. ECS calls an INACTIVE one not found, too. */
  active(identifier: string | undefined): ClusterRecord {
    const cluster = this.find(identifier)
    if (cluster.status === 'INACTIVE')
      throw new AwsError('ClusterNotFoundException', 'The referenced cluster was inactive.')
    if (cluster.status !== 'ACTIVE')
      throw clientException(`The cluster ${cluster.name} is ${cluster.status}. It has to be ACTIVE.`)
    return cluster
  }

  byArn(arn: string): ClusterRecord | undefined {
    return [...this.#byName.values()].find(cluster => cluster.arn === arn)
  }

  names(): string[] {
    return [...this.#byName.keys()]
  }

  create(input: CreateClusterCommandInput & { status?: ClusterStatus }): ClusterRecord {
    const name = input.clusterName ?? 'default'
    if (!namePattern.test(name)) throw invalidParameter(`Cluster must match ${namePattern.source}, but was ${name}`)
    const existing = this.#byName.get(name)
    // CreateCluster is idempotent by name: a live cluster is given back as it is.
    if (existing && existing.status !== 'INACTIVE') return existing
    const capacityProviders = knownProviders(input.capacityProviders ?? [])
    const cluster: ClusterRecord = {
      name,
      arn: this.#arns.cluster(name),
      status: input.status ?? 'ACTIVE',
      capacityProviders,
      defaultStrategy: strategyWithin(capacityProviders, input.defaultCapacityProviderStrategy ?? []),
      kept: {
        ...(input.configuration && { configuration: input.configuration }),
        ...(input.serviceConnectDefaults && { serviceConnectDefaults: input.serviceConnectDefaults }),
      },
      containerInsights: insightsIn(input.settings) ?? 'disabled',
      tags: validTags(input.tags),
    }
    this.#byName.set(name, cluster)
    this.#telemetry?.insights(name, cluster.containerInsights)
    return cluster
  }

  operations(countsOf: CountsOf) {
    return {
      CreateCluster: (input: CreateClusterCommandInput) => ({
        cluster: described(this.create(input), countsOf, ['TAGS', 'SETTINGS', 'CONFIGURATIONS']),
      }),
      DescribeClusters: (input: DescribeClustersCommandInput) => this.#describe(input, countsOf),
      ListClusters: (input: ListClustersCommandInput) => {
        const live = [...this.#byName.values()].filter(cluster => cluster.status !== 'INACTIVE').map(({ arn }) => arn)
        const { items, ...next } = page(live.sort(), arn => arn, input)
        return { clusterArns: items, ...next }
      },
      DeleteCluster: (input: DeleteClusterCommandInput) => this.#delete(input, countsOf),
      UpdateClusterSettings: (input: UpdateClusterSettingsCommandInput) => {
        const cluster = this.active(input.cluster)
        cluster.containerInsights = insightsIn(input.settings) ?? cluster.containerInsights
        this.#telemetry?.insights(cluster.name, cluster.containerInsights)
        return { cluster: described(cluster, countsOf, ['TAGS', 'SETTINGS', 'CONFIGURATIONS']) }
      },
      PutClusterCapacityProviders: (input: PutClusterCapacityProvidersCommandInput) => {
        const cluster = this.active(input.cluster)
        const providers = knownProviders(input.capacityProviders ?? [])
        cluster.defaultStrategy = strategyWithin(providers, input.defaultCapacityProviderStrategy ?? [])
        cluster.capacityProviders = providers
        return { cluster: described(cluster, countsOf, ['TAGS', 'SETTINGS', 'CONFIGURATIONS']) }
      },
    }
  }

  #lookUp(identifier: string | undefined): ClusterRecord | undefined {
    const cluster = this.#byName.get(clusterNameOf(identifier))
    // An ARN of another account or Region names another cluster.
    return identifier?.startsWith('arn:') && cluster?.arn !== identifier ? undefined : cluster
  }

  #describe(input: DescribeClustersCommandInput, countsOf: CountsOf) {
    includesTags(input.include, ['ATTACHMENTS', 'CONFIGURATIONS', 'SETTINGS', 'STATISTICS'])
    const asked = input.clusters?.length ? input.clusters : ['default']
    if (asked.length > 100) throw invalidParameter('Clusters cannot have more than 100 elements.')
    const answers = asked.map(identifier => ({ identifier, cluster: this.#lookUp(identifier) }))
    return {
      clusters: answers.flatMap(({ cluster }) => (cluster ? [described(cluster, countsOf, input.include ?? [])] : [])),
      failures: answers.flatMap(({ identifier, cluster }) =>
        cluster ? [] : [{ arn: this.#arns.cluster(clusterNameOf(identifier)), reason: 'MISSING' }],
      ),
    }
  }

  #delete(input: DeleteClusterCommandInput, countsOf: CountsOf) {
    const cluster = this.find(input.cluster)
    const counts = countsOf(cluster.name)
    if (counts.activeServicesCount > 0)
      throw new AwsError('ClusterContainsServicesException', 'The Cluster cannot be deleted while Services are active.')
    if (counts.runningTasksCount + counts.pendingTasksCount > 0)
      throw new AwsError('ClusterContainsTasksException', 'The Cluster cannot be deleted while Tasks are active.')
    cluster.status = 'INACTIVE'
    return { cluster: described(cluster, countsOf, []) }
  }
}

/** What the settings say of `containerInsights`, the only one there is; undefined when they say nothing. */
function insightsIn(settings: readonly ClusterSetting[] | undefined): InsightsSetting | undefined {
  for (const { name, value } of settings ?? []) {
    oneOf('settings.name', name, ['containerInsights'])
    oneOf('settings.value', value, insightsSettings)
  }
  return settings?.findLast(({ value }) => value !== undefined)?.value as InsightsSetting | undefined
}

/** FARGATE and FARGATE_SPOT exist in every account; any other provider stands for instances, which are not modelled. */
function knownProviders(names: readonly string[]): string[] {
  const unknown = names.find(name => !fargateProviders.includes(name))
  if (unknown !== undefined)
    throw notModelled(`the capacity provider ${unknown}, only ${fargateProviders.join(' and ')}`)
  return [...new Set(names)]
}

/** Refuses a strategy that names a provider the cluster does not have, or that cannot place anything. */
export function strategyWithin(
  providers: readonly string[],
  strategy: readonly CapacityProviderStrategyItem[],
): CapacityProviderStrategyItem[] {
  if (strategy.length > 20) throw invalidParameter('A capacity provider strategy has at most 20 capacity providers.')
  for (const { capacityProvider, base = 0, weight = 0 } of strategy) {
    if (!providers.includes(capacityProvider ?? ''))
      throw invalidParameter(
        'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.',
      )
    if (base < 0 || base > 100_000) throw invalidParameter(`base should be between 0 and 100000, but was ${base}.`)
    if (weight < 0 || weight > 1000) throw invalidParameter(`weight should be between 0 and 1000, but was ${weight}.`)
  }
  const lone = strategy.length === 1
  const filled = strategy.map(item => ({
    capacityProvider: item.capacityProvider,
    weight: item.weight ?? (lone ? 1 : 0),
    base: item.base ?? 0,
  }))
  if (filled.length > 0 && filled.every(item => item.weight === 0))
    throw invalidParameter('At least one capacity provider in the strategy must have a weight greater than 0.')
  if (filled.filter(item => item.base > 0).length > 1)
    throw invalidParameter('Only one capacity provider in a capacity provider strategy can have a base defined.')
  return filled
}

function described(cluster: ClusterRecord, countsOf: CountsOf, include: readonly string[]): Cluster {
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    ...countsOf(cluster.name),
    statistics: [],
    tags: include.includes('TAGS') ? structuredClone(cluster.tags) : [],
    settings: include.includes('SETTINGS') ? [{ name: 'containerInsights', value: cluster.containerInsights }] : [],
    ...(include.includes('CONFIGURATIONS') &&
      cluster.kept.configuration && { configuration: structuredClone(cluster.kept.configuration) }),
    ...(cluster.kept.serviceConnectDefaults && {
      serviceConnectDefaults: structuredClone(cluster.kept.serviceConnectDefaults),
    }),
    capacityProviders: [...cluster.capacityProviders],
    defaultCapacityProviderStrategy: structuredClone(cluster.defaultStrategy),
  }
}
