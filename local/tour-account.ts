/** What people run in the account of the tour's month, beside what Farguard deploys: made by the account's own operations. */
import type { DescribeScalableTargetsResponse } from '@aws-sdk/client-application-auto-scaling'
import type { LocalAccount } from './local-account.ts'
import { pushImage, tinyImage } from './tiny-image.ts'

const cluster = 'demo'
const caller = { accessKeyId: 'ada' }
const scalable = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' }
const subnets = ['subnet-0a1b2c3d']

/** `activity`: as the image's label `local.activity` says it. */
interface Sized {
  activity: 'busy' | 'idle'
  cpu: number
  memory: number
}

/** All that the month is about: a preview that nobody looks at, a forgotten task, and a team of a budget. */
export async function fillAccount(local: LocalAccount, address: string): Promise<void> {
  const { ecr } = local
  ecr.createRepository('acme/tools')
  await serve(local, address, 'preview', { activity: 'idle', cpu: 512, memory: 1024, count: 2, tags: { team: 'shop' } })
  await scale(local, 'preview', { MinCapacity: 1, MaxCapacity: 4, isScheduledSuspended: true })
  const data = { team: 'data' }
  await serve(local, address, 'catalog', { activity: 'busy', cpu: 256, memory: 512, count: 2, tags: data })
  await serve(local, address, 'ingest', { activity: 'busy', cpu: 512, memory: 1024, count: 1, tags: data })
  const spare = { ...data, use: 'backfill' }
  await serve(local, address, 'reindex', { activity: 'busy', cpu: 256, memory: 512, count: 1, tags: spare })
  await serve(local, address, 'backfill', { activity: 'busy', cpu: 1024, memory: 2048, count: 1, tags: spare })
  await call(local, 'budgets', 'CreateBudget', {
    AccountId: local.context.accountId,
    Budget: {
      BudgetName: 'data-team',
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: '120', Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:team$data'] },
    },
  })
}

/** A task that somebody starts by hand, and forgets. Gives its ARN. */
export async function startLoadTest(local: LocalAccount, address: string): Promise<string> {
  await define(local, address, 'load-test', { activity: 'idle', cpu: 1024, memory: 2048 })
  const placed = { cluster, taskDefinition: 'load-test', launchType: 'FARGATE' }
  const answer = await call(local, 'ecs', 'RunTask', { ...placed, networkConfiguration: network() })
  const [task] = (answer as { tasks: { taskArn: string }[] }).tasks
  if (!task) throw new Error('load-test was not started.')
  return task.taskArn
}

export function setCount(local: LocalAccount, service: string, desiredCount: number): Promise<unknown> {
  return call(local, 'ecs', 'UpdateService', { cluster, service, desiredCount })
}

/** `2 of 2 copies, scaled from 1 to 4, suspended: scheduled scaling` */
export async function describe(local: LocalAccount, name: string): Promise<string> {
  const service = local.ecs.services().find(each => each.serviceName === name)
  const asked = { ServiceNamespace: 'ecs', ResourceIds: [resourceId(name)] }
  const answer = await call(local, 'application-autoscaling', 'DescribeScalableTargets', asked)
  const [target] = (answer as DescribeScalableTargetsResponse).ScalableTargets ?? []
  const copies = `${service?.runningCount} of ${service?.desiredCount} copies`
  if (!target) return copies
  const suspended = Object.entries(target.SuspendedState ?? {}).flatMap(([flag, isSo]) => (isSo ? flags[flag] : []))
  const flagged = suspended.length === 0 ? 'nothing of it suspended' : `suspended: ${suspended.join(', ')}`
  return `${copies}, scaled from ${target.MinCapacity} to ${target.MaxCapacity}, ${flagged}`
}

const flags: Record<string, string> = {
  DynamicScalingInSuspended: 'scaling in',
  DynamicScalingOutSuspended: 'scaling out',
  ScheduledScalingSuspended: 'scheduled scaling',
}

async function serve(
  local: LocalAccount,
  address: string,
  serviceName: string,
  { count, tags, ...sized }: Sized & { count: number; tags: Record<string, string> },
): Promise<void> {
  await define(local, address, serviceName, sized)
  await call(local, 'ecs', 'CreateService', {
    cluster,
    serviceName,
    taskDefinition: serviceName,
    desiredCount: count,
    launchType: 'FARGATE',
    networkConfiguration: network(),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    // AWS's bill knows a task by its own tags.
    propagateTags: 'SERVICE',
  })
}

async function define(local: LocalAccount, address: string, family: string, { activity, cpu, memory }: Sized) {
  await pushImage(`http://${address}`, 'acme/tools', activity, tinyImage({ 'local.activity': activity }, new Date(0)))
  const { registryHost } = local.context
  await call(local, 'ecs', 'RegisterTaskDefinition', {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(cpu),
    memory: String(memory),
    executionRoleArn: `arn:aws:iam::${local.context.accountId}:role/pull`,
    containerDefinitions: [{ name: 'app', image: `${registryHost}/acme/tools:${activity}` }],
  })
}

async function scale(
  local: LocalAccount,
  service: string,
  { isScheduledSuspended, ...bounds }: { MinCapacity: number; MaxCapacity: number; isScheduledSuspended: boolean },
): Promise<void> {
  await call(local, 'application-autoscaling', 'RegisterScalableTarget', {
    ...scalable,
    ResourceId: resourceId(service),
    ...bounds,
    SuspendedState: { ScheduledScalingSuspended: isScheduledSuspended },
  })
}

const network = () => ({ awsvpcConfiguration: { subnets, assignPublicIp: 'DISABLED' } })
const resourceId = (service: string) => `service/${cluster}/${service}`
const call = (local: LocalAccount, service: string, operation: string, input: unknown) =>
  local.account.call(service, operation, input, caller)
