/** An account whose tasks are measured, for tests: ECS and CloudWatch behind the real SDK, with a clock to advance. */
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand, type Metric } from '@aws-sdk/client-cloudwatch'
import type { LoadBalancer } from '@aws-sdk/client-ecs'
import { createCloudWatch } from '../../../local/account/cloudwatch/cloudwatch.ts'
import type { AwsEvent } from '../../../local/account/context.ts'
import { createEcs } from '../../../local/account/ecs/ecs.ts'
import { readActivity } from '../../../local/activity-label.ts'
import { accountContext } from '../account-context.ts'
import { container, network } from '../ecs/ecs-account.ts'
import { localAccount } from '../wire/local-account.ts'

export type Measured = ReturnType<typeof measuredAccount>

/** What a container uses is the tag of its image: `cpu 3%`, `idle`. */
export function measuredAccount({
  insights = 'disabled',
  at = '2026-03-01T22:00:00Z',
}: {
  insights?: 'disabled' | 'enabled' | 'enhanced'
  at?: string
} = {}) {
  const context = { ...accountContext({ at }), emit: (_: AwsEvent) => undefined }
  const cloudwatch = createCloudWatch(context)
  const ecs = createEcs(context, {
    imageExists: () => true,
    activity: image => readActivity(image.split(':')[1] ?? ''),
    telemetry: cloudwatch.telemetry,
  })
  const call = <Output>(operation: string, input: object) =>
    ecs.operations[operation]?.(input, { accessKeyId: 't' }) as Output
  const setInsights = (value: string) => [{ name: 'containerInsights', value }]
  call('CreateCluster', { clusterName: 'demo', capacityProviders: ['FARGATE'], settings: setInsights(insights) })
  const { client, account, faults, wire } = localAccount({ ecs: ecs.operations, cloudwatch: cloudwatch.operations })
  const sdk = new CloudWatchClient(client)
  const register = (family: string, activity: string, cpu = '256', memory = '512') =>
    call('RegisterTaskDefinition', {
      family,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu,
      memory,
      containerDefinitions: [container({ image: `acme/${family}:${activity}`, portMappings: [{ containerPort: 80 }] })],
    })
  const placed = { cluster: 'demo', launchType: 'FARGATE', networkConfiguration: network }
  return {
    clock: context.clock,
    cloudwatch,
    account,
    wire,
    sdk,
    faults,
    call,
    advance: (minutes: number) => context.clock.advance(minutes * 60_000),
    setInsights: (value: string) => call('UpdateClusterSettings', { cluster: 'demo', settings: setInsights(value) }),
    /** A service of its own task definition. */
    serve(name: string, activity: string, desiredCount = 1, loadBalancers: LoadBalancer[] = []) {
      register(name, activity)
      call('CreateService', { ...placed, serviceName: name, taskDefinition: name, desiredCount, loadBalancers })
    },
    /** Standalone tasks of their own task definition; their ids. */
    run(family: string, activity: string, count = 1, cpu = '256', memory = '512'): string[] {
      register(family, activity, cpu, memory)
      const { tasks } = call<{ tasks: { taskArn: string }[] }>('RunTask', { ...placed, taskDefinition: family, count })
      return tasks.map(({ taskArn }) => taskArn.split('/')[2] ?? '')
    },
    /** The values of one series since the start, oldest first. */
    async values(metric: MetricAsked, statistic = 'Average', periodMinutes = 1): Promise<number[]> {
      const answer = await sdk.send(
        new GetMetricDataCommand({
          StartTime: new Date(at),
          EndTime: context.clock.now(),
          ScanBy: 'TimestampAscending',
          MetricDataQueries: [
            { Id: 'm', MetricStat: { Metric: asked(metric), Period: periodMinutes * 60, Stat: statistic } },
          ],
        }),
      )
      return answer.MetricDataResults?.[0]?.Values ?? []
    },
    async list(input: object = {}): Promise<Metric[]> {
      const all: Metric[] = []
      let NextToken: string | undefined
      do {
        const page = await sdk.send(new ListMetricsCommand({ ...input, ...(NextToken && { NextToken }) }))
        all.push(...(page.Metrics ?? []))
        NextToken = page.NextToken
      } while (NextToken)
      return all
    },
  }
}

/** `ECS/ContainerInsights CpuUtilized`, and its dimensions. */
export type MetricAsked = readonly [metric: string, dimensions: Record<string, string>]

export function asked([metric, dimensions]: MetricAsked) {
  const [Namespace, MetricName] = metric.split(' ')
  return { Namespace, MetricName, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) }
}
