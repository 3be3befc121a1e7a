/** Services, in ECS. */
import {
  ClusterNotFoundException,
  DescribeServicesCommand,
  type ECSClient,
  type Deployment as EcsDeployment,
  type Service as EcsService,
  ListServicesCommand,
  type NetworkConfiguration,
  ServiceNotFoundException,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import type { Network, Service, ServiceChange, ServiceDeployment } from '../ports.ts'
import { batchesOf, callEach } from './batches.ts'
import { failUnlessMissing } from './ecs-failures.ts'
import { withoutTags, withTags } from './ecs-tags.ts'
import { saying } from './sdk-error.ts'

/** DescribeServices takes this many at most. */
const servicesPerCall = 10

/** As the port says. */
export async function describeServices(
  client: ECSClient,
  cluster: string,
  names: readonly string[],
): Promise<Service[]> {
  const answers = await callEach(batchesOf(names, servicesPerCall), services =>
    saying(`ecs:DescribeServices of ${services.join(', ')} in ${cluster}`, async () => {
      try {
        const { answer, hasTags } = await withTags(include =>
          client.send(new DescribeServicesCommand({ cluster, services, ...include })),
        )
        failUnlessMissing(answer.failures)
        return (answer.services ?? []).flatMap(service => asService(hasTags ? service : withoutTags(service)))
      } catch (error) {
        if (error instanceof ClusterNotFoundException || error instanceof ServiceNotFoundException) return []
        throw error
      }
    }),
  )
  return answers.flat()
}

/** ListServices gives this many at most. */
const servicesPerPage = 100

/** As the port says. */
export async function* listServices(client: ECSClient, cluster: string): AsyncGenerator<readonly string[]> {
  let nextToken: string | undefined
  do {
    const from = nextToken === undefined ? {} : { nextToken }
    const page = await saying(`ecs:ListServices in ${cluster}`, async () => {
      try {
        return await client.send(new ListServicesCommand({ cluster, maxResults: servicesPerPage, ...from }))
      } catch (error) {
        if (error instanceof ClusterNotFoundException) return undefined
        throw error
      }
    })
    yield (page?.serviceArns ?? []).map(arn => arn.slice(arn.lastIndexOf('/') + 1))
    nextToken = page?.nextToken
  } while (nextToken)
}

/** As the port says. */
export async function updateService(
  client: ECSClient,
  { cluster, service, revision, isForced, desiredCount }: ServiceChange,
): Promise<Service> {
  return saying(`ecs:UpdateService of ${service} in ${cluster}`, async () => {
    const { service: answered } = await client.send(
      new UpdateServiceCommand({
        cluster,
        service,
        taskDefinition: revision,
        ...(isForced && { forceNewDeployment: true }),
        ...(desiredCount !== undefined && { desiredCount }),
      }),
    )
    return asNamedService(withoutTags(answered ?? {}), service)
  })
}

/** As the port says. */
export async function setDesiredCount(
  client: ECSClient,
  cluster: string,
  service: string,
  desiredCount: number,
): Promise<void> {
  await saying(`ecs:UpdateService of ${service} in ${cluster} to ${desiredCount} tasks`, () =>
    client.send(new UpdateServiceCommand({ cluster, service, desiredCount })),
  )
}

function asService(service: EcsService): Service[] {
  return service.serviceName === undefined ? [] : [asNamedService(service, service.serviceName)]
}

function asNamedService(service: EcsService, name: string): Service {
  const network = networkOf(service.networkConfiguration)
  return {
    name,
    arn: service.serviceArn ?? '',
    status: service.status ?? 'UNKNOWN',
    ...(service.launchType && { launchType: service.launchType }),
    capacityProviders: (service.capacityProviderStrategy ?? []).map(each => each.capacityProvider ?? ''),
    controller: service.deploymentController?.type ?? 'ECS',
    revision: service.taskDefinition ?? '',
    desiredCount: service.desiredCount ?? 0,
    runningCount: service.runningCount ?? 0,
    pendingCount: service.pendingCount ?? 0,
    ...(network && { network }),
    ...(service.createdAt && { createdAt: service.createdAt }),
    ...(service.tags && { tags: Object.fromEntries(service.tags.map(({ key = '', value = '' }) => [key, value])) }),
    ...(service.loadBalancers && {
      targetGroups: service.loadBalancers.flatMap(({ targetGroupArn }) => targetGroupArn ?? []),
    }),
    deployments: (service.deployments ?? []).map(asDeployment),
  }
}

function networkOf(configuration: NetworkConfiguration | undefined): Network | undefined {
  const network = configuration?.awsvpcConfiguration
  return (
    network && {
      subnets: network.subnets ?? [],
      securityGroups: network.securityGroups ?? [],
      publicIp: network.assignPublicIp === 'ENABLED',
    }
  )
}

function asDeployment(deployment: EcsDeployment): ServiceDeployment {
  return {
    id: deployment.id ?? '',
    status: deployment.status ?? 'UNKNOWN',
    revision: deployment.taskDefinition ?? '',
    ...(deployment.rolloutState && { rolloutState: deployment.rolloutState }),
    ...(deployment.rolloutStateReason && { rolloutReason: deployment.rolloutStateReason }),
    failedTasks: deployment.failedTasks ?? 0,
    ...(deployment.createdAt && { createdAt: deployment.createdAt }),
  }
}
