/** An account on moto in which services are idle, busy, half told of or not at all, with what else a guard looks at. */
import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling'
import { BudgetsClient, CreateBudgetCommand } from '@aws-sdk/client-budgets'
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { CreateServiceCommand, RunTaskCommand } from '@aws-sdk/client-ecs'
import { expect } from 'vitest'
import { taskEvent } from '../status/tasks.ts'
import { accountId, pushed, region, type StackOnMoto } from './stack-on-moto.ts'

const [minute, hour] = [60_000, 3_600_000]

export const optionsFor = ({ moto }: StackOnMoto) => ({
  endpoint: moto.endpoint,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})

/** The stack has the targets web, a service, and copies. What is there has been there for three hours at the least. */
export async function furnishGuarded(stack: StackOnMoto, subnet: string): Promise<void> {
  await services(stack)
  await copies(stack, subnet)
  await budget(stack)
  // No midnight lies within what is metered.
  stack.pass(nextNoon(new Date(Date.now() + 3 * hour)) - Date.now())
  await endedTask(stack)
  await use(stack, 'idle', () => 0.4)
  await use(stack, 'busy', minutesAgo => (minutesAgo === 30 ? 40 : 0.4))
  await use(stack, 'prod', () => 0.4)
  await use(stack, 'half', minutesAgo => (minutesAgo % 2 === 0 ? 0.4 : undefined))
}

const launch = { cluster: 'demo', launchType: 'FARGATE' as const }

async function services(stack: StackOnMoto): Promise<void> {
  const { ecs } = stack.clients
  const make = (serviceName: string, more = {}) =>
    ecs.send(new CreateServiceCommand({ ...launch, taskDefinition: 'web', desiredCount: 1, serviceName, ...more }))
  for (const serviceName of ['idle', 'busy', 'half', 'untold']) await make(serviceName)
  await make('prod', { tags: [{ key: 'env', value: 'prod' }] })
  const scalable = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const
  const bounds = { ResourceId: 'service/demo/idle', MinCapacity: 1, MaxCapacity: 4 }
  const client = new ApplicationAutoScalingClient(optionsFor(stack))
  await client.send(new RegisterScalableTargetCommand({ ...scalable, ...bounds }))
}

/** Those of the target, and one that somebody else started. */
async function copies(stack: StackOnMoto, subnet: string): Promise<void> {
  const digest = await stack.push('acme/copies', '1.0.0')
  await stack.invoke('deploy-image', pushed('acme/copies', '1.0.0', digest))
  await stack.look('copies', 1)
  expect(await stack.deployment('copies', 1)).toMatchObject({ state: 'succeeded' })
  const networkConfiguration = { awsvpcConfiguration: { subnets: [subnet], securityGroups: [] } }
  const input = { ...launch, taskDefinition: 'worker', networkConfiguration }
  await stack.clients.ecs.send(new RunTaskCommand(input))
}

async function budget(stack: StackOnMoto): Promise<void> {
  const Budget = {
    BudgetName: 'team-monthly',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '100', Unit: 'USD' },
    CalculatedSpend: { ActualSpend: { Amount: '95', Unit: 'USD' } },
  } as const
  const client = new BudgetsClient({ ...optionsFor(stack), region: 'us-east-1' })
  await client.send(new CreateBudgetCommand({ AccountId: accountId, Budget }))
}

/** A task that ran for half an hour and has ended, as an event told it. */
async function endedTask(stack: StackOnMoto): Promise<void> {
  const ago = (minutes: number) => new Date(stack.now().getTime() - minutes * minute).toISOString()
  const detail = {
    version: 9,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    taskDefinitionArn: `arn:aws:ecs:${region}:${accountId}:task-definition/ended:1`,
    cpu: '256',
    memory: '512',
    platformFamily: 'Linux',
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    pullStartedAt: ago(40),
    stoppedAt: ago(10),
    stopCode: 'EssentialContainerExited',
  }
  const event = taskEvent({ id: 'ended', version: 9, time: ago(10) }, detail)
  expect(await stack.invoke('record-task', JSON.stringify(event))).toEqual({ batchItemFailures: [] })
}

/** The CPU of a service in each minute of the last two hours; undefined: there is no point. */
async function use(stack: StackOnMoto, name: string, cpu: (minutesAgo: number) => number | undefined): Promise<void> {
  const Dimensions = [
    { Name: 'ClusterName', Value: 'demo' },
    { Name: 'ServiceName', Value: name },
  ]
  const MetricData = Array.from({ length: 120 }, (_, minutesAgo) => minutesAgo).flatMap(minutesAgo => {
    const Value = cpu(minutesAgo)
    const Timestamp = new Date(stack.now().getTime() - minutesAgo * minute)
    return Value === undefined ? [] : [{ MetricName: 'CPUUtilization', Dimensions, Timestamp, Value }]
  })
  // moto takes no request that comes packed.
  const client = new CloudWatchClient({ ...optionsFor(stack), disableRequestCompression: true })
  await client.send(new PutMetricDataCommand({ Namespace: 'AWS/ECS', MetricData }))
}

function nextNoon(after: Date): number {
  const noon = new Date(after).setUTCHours(12, 0, 0, 0)
  return noon > after.getTime() ? noon : noon + 24 * hour
}
