/** A service named `shop`, for tests: what is done to it, and what it told. */
import type {
  DescribeServiceDeploymentsResponse,
  ListServiceDeploymentsResponse,
  Service,
  ServiceDeployment,
} from '@aws-sdk/client-ecs'
import { container, type EcsAccount, ecsAccount, network } from './ecs-account.ts'

export function withService(given: Parameters<typeof ecsAccount>[0] = {}, input: object = {}): EcsAccount {
  const account = ecsAccount(given)
  account.register()
  create(account, input)
  return account
}

export const create = (account: EcsAccount, input: object = {}) =>
  account.call<{ service: Service }>('CreateService', {
    serviceName: 'shop',
    taskDefinition: 'web',
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: network,
    ...input,
  }).service

export const update = (account: EcsAccount, input: object) =>
  account.call<{ service: Service }>('UpdateService', { service: 'shop', ...input }).service

/** Deploys a revision of this image; its ARN. */
export function deployImage(account: EcsAccount, image: string, input: object = {}): string {
  const revision = account.register({ containerDefinitions: [container({ image, ...input })] })
  update(account, { taskDefinition: revision })
  return revision
}

export const named = (account: EcsAccount, name: string) =>
  account.events.filter(event => event.detail.eventName === name)

export const live = (account: EcsAccount) => account.ecs.tasks().filter(task => task.desiredStatus === 'RUNNING')

export const listed = (account: EcsAccount, input: object = {}) =>
  account.call<ListServiceDeploymentsResponse>('ListServiceDeployments', { service: 'shop', ...input })

/** The service's deployments as DescribeServiceDeployments gives them, newest first. */
export function history(account: EcsAccount): ServiceDeployment[] {
  const arns = listed(account).serviceDeployments?.map(one => one.serviceDeploymentArn ?? '') ?? []
  const asked = { serviceDeploymentArns: arns }
  return account.call<DescribeServiceDeploymentsResponse>('DescribeServiceDeployments', asked).serviceDeployments ?? []
}
