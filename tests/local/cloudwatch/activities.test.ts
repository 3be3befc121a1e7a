/** How much busy, idle and nightly tasks use: what the guard tells apart. */
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../../local/account/clock.ts'
import { createLocalAccount } from '../../../local/local-account.ts'
import { pushImage, tinyImage } from '../../../local/tiny-image.ts'
import { listen } from '../../../local/wire/listen.ts'
import { network } from '../ecs/ecs-account.ts'
import { type Measured, measuredAccount } from './measured-account.ts'

const own = (family: string) => ({ ClusterName: 'demo', TaskDefinitionFamily: family })
const cpu = (account: Measured, family: string) =>
  account.values(['ECS/ContainerInsights TaskCpuUtilization', own(family)], 'Maximum')
const networkOf = async (account: Measured, family: string) => {
  const [received = [], sent = []] = await Promise.all(
    ['NetworkRxBytes', 'NetworkTxBytes'].map(name =>
      account.values([`ECS/ContainerInsights ${name}`, own(family)], 'Maximum'),
    ),
  )
  return received.map((bytes, nth) => bytes + (sent[nth] ?? 0))
}

test('busy is well above what counts as idle at every minute, idle below it', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  account.run('busy', 'busy')
  account.run('idle', 'idle')
  await account.advance(24 * 60)
  expect(Math.min(...(await cpu(account, 'busy')))).toBeGreaterThan(20)
  expect(Math.min(...(await networkOf(account, 'busy')))).toBeGreaterThan(100_000)
  const idle = await cpu(account, 'idle')
  expect(Math.max(...idle)).toBeLessThan(1)
  expect(Math.min(...idle)).toBeGreaterThan(0)
  expect(Math.max(...(await networkOf(account, 'idle')))).toBeLessThan(1_000)
})

test('nightly is busy from 02:00 to 03:00 UTC and idle otherwise', async () => {
  const account = measuredAccount({ insights: 'enhanced', at: '2026-03-01T00:00:00Z' })
  account.run('batch', 'nightly')
  await account.advance(2 * 24 * 60 + 2)
  const busy = (await cpu(account, 'batch')).flatMap((percent, minute) => (percent > 1 ? [minute] : []))
  const hour = Array.from({ length: 60 }, (_, minute) => 2 * 60 + minute)
  expect(busy).toEqual([...hour, ...hour.map(minute => minute + 24 * 60)])
})

test('two tasks are not alike, and the same account is the same again', async () => {
  const series = async () => {
    const account = measuredAccount({ insights: 'enhanced' })
    account.run('one', 'busy')
    account.run('other', 'busy')
    await account.advance(30)
    return [await cpu(account, 'one'), await cpu(account, 'other')]
  }
  const [one, other] = await series()
  expect(one).not.toEqual(other)
  expect(new Set(one).size).toBeGreaterThan(20)
  expect(await series()).toEqual([one, other])
})

test('containers of a task use it together, and no more than there is', async () => {
  const account = measuredAccount({ insights: 'enhanced' })
  account.call('RegisterTaskDefinition', {
    family: 'pair',
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: ['cpu 60%, network 4KB/s', 'cpu 70%, memory 10%, network 6KB/s'].map((activity, nth) => ({
      name: `c${nth}`,
      image: `acme/pair:${activity}`,
    })),
  })
  account.call('RunTask', {
    cluster: 'demo',
    taskDefinition: 'pair',
    launchType: 'FARGATE',
    networkConfiguration: network,
  })
  await account.advance(6)
  expect(new Set(await cpu(account, 'pair'))).toEqual(new Set([100]))
  expect(new Set(await networkOf(account, 'pair'))).toEqual(new Set([10_000]))
})

test("an image's own label says it, from push to metric; public images are busy", async () => {
  const clock = new SimulatedClock('2026-03-01T22:00:00Z')
  const region = 'eu-central-1'
  const behaviour = () => ({ kind: 'runs' }) as const
  const { account, ecr, context, wire } = createLocalAccount({ clock, region, seed: 1, host: () => 'local', behaviour })
  ecr.createRepository('acme/web')
  const { url, close } = await listen(wire, { port: 0 })
  await pushImage(url, 'acme/web', '1.0.0', tinyImage({ 'local.activity': 'cpu 3%' }, new Date(0)))
  await close()
  const call = (service: string, operation: string, input: object) =>
    account.call(service, operation, input, { accessKeyId: 't' })
  await call('ecs', 'CreateCluster', { clusterName: 'demo' })
  const images = { web: `${context.registryHost}/acme/web:1.0.0`, proxy: 'public.ecr.aws/nginx/nginx:stable' }
  for (const [family, image] of Object.entries(images)) {
    const size = { requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc', cpu: '256', memory: '512' }
    const role = { executionRoleArn: 'arn:aws:iam::123456789012:role/pull' }
    const containerDefinitions = [{ name: 'app', image }]
    await call('ecs', 'RegisterTaskDefinition', { family, ...size, ...role, containerDefinitions })
    const placed = { cluster: 'demo', launchType: 'FARGATE', networkConfiguration: network }
    await call('ecs', 'CreateService', { ...placed, serviceName: family, taskDefinition: family, desiredCount: 1 })
  }
  await clock.advance(10 * 60_000)
  const highest = async (ServiceName: string) => {
    const Dimensions = Object.entries({ ClusterName: 'demo', ServiceName }).map(([Name, Value]) => ({ Name, Value }))
    const answer = await call('cloudwatch', 'GetMetricStatistics', {
      ...{ Namespace: 'AWS/ECS', MetricName: 'CPUUtilization', Dimensions, Period: 600, Statistics: ['Maximum'] },
      ...{ StartTime: new Date('2026-03-01T22:00:00Z'), EndTime: clock.now() },
    })
    return (answer as { Datapoints: { Maximum: number }[] }).Datapoints[0]?.Maximum
  }
  expect(await highest('web')).toBe(3)
  expect(await highest('proxy')).toBeGreaterThan(20)
})
