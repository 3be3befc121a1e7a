/** What the judge of idleness finds of tasks that run in the local account, through CloudWatch's own protocol. */
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../local/account/aws-error.ts'
import { bareConfig, type IdleRule } from '../../shared/config/config.ts'
import { nothing } from '../../shared/cost/amount.ts'
import { countFamilies } from '../../shared/guard/families.ts'
import { idle } from '../../shared/guard/judges/idle.ts'
import { observeActivity } from '../../shared/guard/observe-activity.ts'
import { workloadsOf } from '../../shared/guard/workloads.ts'
import { registryHost, simulatedWorld, taskDefinition } from '../simulated-world.ts'

const hour = 3_600_000
const rule: IdleRule = { cpuPercent: 3, windowMs: 6 * hour, coverage: 0.9 }
const network = { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d'] } }
const targetGroup = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/50dc6c495c0c9188'

async function account(insights: 'disabled' | 'enabled' | 'enhanced') {
  const simulated = simulatedWorld({ at: '2026-03-01T12:00:00Z' })
  const { call, clock, world, push } = simulated
  await call('ecs', 'UpdateClusterSettings', {
    cluster: 'demo',
    settings: [{ name: 'containerInsights', value: insights }],
  })
  const image = (activity: string) => {
    const tag = activity.replace(/\W+/g, '-')
    push('acme/web', tag, tag, { 'local.activity': activity })
    return `${registryHost}/acme/web:${tag}`
  }
  return {
    ...simulated,
    async serve(name: string, activity: string, more = {}) {
      const { containerDefinitions, ...definition } = taskDefinition(name, image(activity))
      const reachable = containerDefinitions.map(container => ({ ...container, portMappings: [{ containerPort: 80 }] }))
      await call('ecs', 'RegisterTaskDefinition', { ...definition, containerDefinitions: reachable })
      const placed = { cluster: 'demo', launchType: 'FARGATE', networkConfiguration: network, desiredCount: 2 }
      await call('ecs', 'CreateService', { ...placed, serviceName: name, taskDefinition: name, ...more })
    },
    async run(family: string, activity: string) {
      await call('ecs', 'RegisterTaskDefinition', taskDefinition(family, image(activity)))
      const placed = { cluster: 'demo', launchType: 'FARGATE', networkConfiguration: network }
      await call('ecs', 'RunTask', { ...placed, taskDefinition: family })
    },
    /** Of each workload, by the name that its family or service has. */
    async judge(of: Partial<IdleRule> = {}): Promise<Record<string, string>> {
      const tasks = []
      for await (const arns of world.fleet.listTasks('demo', 'running'))
        tasks.push(...(await world.fleet.describeTasks('demo', arns)))
      const services = []
      for await (const names of world.fleet.listServices('demo'))
        services.push(...(await world.fleet.describeServices('demo', names)))
      const seen = { tasks, services: new Map([['demo', services]]), targets: new Map() }
      const costOf = () => ({ perHour: nothing, soFar: nothing })
      const workloads = workloadsOf({ ...seen, costOf }, bareConfig)
      const asked = workloads.map(workload => ({ workload, rule: { ...rule, ...of } }))
      const activities = await observeActivity(asked, countFamilies(tasks), world, clock.now())
      return Object.fromEntries(
        asked.map(({ workload, rule: each }) => {
          const found = idle({ workload, activity: activities.get(workload.id) }, each, clock.now())
          const { service, family } = workload.subject
          const by = / by .*/.exec(found.detail)?.[0] ?? ''
          return [service ?? family ?? '', (found.is === 'fine' ? 'in use' : found.reason) + by]
        }),
      )
    },
  }
}

describe('after seven hours', () => {
  test.each([
    {
      insights: 'disabled' as const,
      expected: {
        quiet: "idle by its service's metrics",
        shop: "in use by its service's metrics",
        crawl: 'no-such-metric',
        import: 'no-such-metric',
      },
    },
    {
      insights: 'enabled' as const,
      expected: {
        quiet: "idle by its service's metrics",
        shop: "in use by its service's metrics",
        crawl: "idle by its family's metrics",
        import: "in use by its family's metrics",
      },
    },
    {
      insights: 'enhanced' as const,
      expected: {
        quiet: "idle by its service's metrics",
        shop: "in use by its service's metrics",
        crawl: 'idle by its own metrics',
        import: 'in use by its own metrics',
      },
    },
  ])('with Container Insights $insights', async ({ insights, expected }) => {
    const { serve, run, clock, judge } = await account(insights)
    await serve('quiet', 'cpu 1%, network 100B/s')
    await serve('shop', 'cpu 40%, network 1MB/s')
    await run('crawl', 'cpu 2%, network 100B/s')
    await run('import', 'cpu 80%, network 1MB/s')
    await clock.advance(7 * hour)
    expect(await judge()).toEqual(expected)
    if (insights !== 'disabled') expect(await judge({ networkBytesPerSecond: 1000 })).toEqual(expected)
    const { quiet } = await judge({ networkBytesPerSecond: 1000 })
    expect(quiet).toBe(insights === 'disabled' ? 'no-such-metric' : "idle by its service's metrics")
    expect(await judge({ networkBytesPerSecond: 99 })).toMatchObject({ shop: "in use by its service's metrics" })
  })
})

test('one of two in a family is only judged where each has its own metrics', async () => {
  const standard = await account('enabled')
  const enhanced = await account('enhanced')
  for (const { run, clock } of [standard, enhanced]) {
    await run('crawl', 'idle')
    await run('crawl', 'idle')
    await clock.advance(7 * hour)
  }
  expect(await standard.judge()).toEqual({ crawl: 'average-of-many' })
  expect(await enhanced.judge()).toEqual({ crawl: 'idle by its own metrics' })
})

test('the finest metrics that there are now, not those that were switched off', async () => {
  const { run, clock, judge, call } = await account('enhanced')
  await run('crawl', 'idle')
  await clock.advance(10 * hour)
  await call('ecs', 'UpdateClusterSettings', {
    cluster: 'demo',
    settings: [{ name: 'containerInsights', value: 'enabled' }],
  })
  await clock.advance(4 * hour)
  expect(await judge()).toEqual({ crawl: "idle by its family's metrics" })
})

test('a service that is quiet but gets requests is in use', async () => {
  const { serve, clock, judge } = await account('disabled')
  const balanced = { loadBalancers: [{ targetGroupArn: targetGroup, containerName: 'app', containerPort: 80 }] }
  await serve('shop', 'cpu 1%, requests 30/min', balanced)
  await clock.advance(7 * hour)
  // Two tasks, each of which gets 30.
  expect(await judge({ requestsPerMinute: 59 })).toEqual({ shop: "in use by its load balancer's metrics" })
  expect(await judge({ requestsPerMinute: 60 })).toEqual({
    shop: "idle by its service's and its load balancer's metrics",
  })
})

test('a service that is too young, or whose points are missing, is not idle', async () => {
  const { serve, clock, judge, cloudwatch } = await account('disabled')
  await serve('quiet', 'idle')
  await clock.advance(5 * hour)
  expect(await judge()).toEqual({ quiet: 'too-young' })
  await clock.advance(2 * hour)
  const found = cloudwatch.losePoints({ name: 'CPUUtilization', to: new Date('2026-03-01T16:00:00Z') })
  expect(await judge()).toEqual({ quiet: 'too-few-points' })
  found()
  expect(await judge()).toEqual({ quiet: "idle by its service's metrics" })
})

test('what AWS refuses to tell is no idleness', async () => {
  const { serve, run, clock, judge, cloudwatch, account: aws } = await account('enabled')
  await serve('quiet', 'idle')
  await run('crawl', 'idle')
  await clock.advance(7 * hour)
  const denied = { when: 'before', error: new AwsError('AccessDeniedException', 'User is not authorized') } as const
  aws.failNext('cloudwatch:GetMetricData', denied)
  expect(await judge()).toEqual({ quiet: 'metrics-unreadable', crawl: 'metrics-unreadable' })
  aws.failNext('cloudwatch:ListMetrics', denied)
  expect(await judge()).toEqual({ quiet: "idle by its service's metrics", crawl: 'metrics-unreadable' })
  cloudwatch.withhold({ name: 'CPUUtilization' }, 'Forbidden')
  expect(await judge()).toEqual({ quiet: 'metrics-unreadable', crawl: "idle by its family's metrics" })
})

test('series that come in pieces are whole', async () => {
  const { run, clock, judge, cloudwatch } = await account('enhanced')
  for (const family of ['crawl', 'import', 'mail']) await run(family, 'idle')
  await clock.advance(7 * hour)
  cloudwatch.shortenPages(50)
  const idle = 'idle by its own metrics'
  expect(await judge({ networkBytesPerSecond: 1000 })).toEqual({ crawl: idle, import: idle, mail: idle })
})
