/** Services scaled by what their tasks use, as the whole account has it. */
import { expect, test } from 'vitest'
import { simulatedWorld } from '../../simulated-world.ts'

const shop = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/demo/shop',
  ScalableDimension: 'ecs:service:DesiredCount',
}

async function scaledShop(activity: string) {
  const simulated = simulatedWorld()
  const { push, createService, call, clock, ecs } = simulated
  push('acme/web', '1.0.0', 'shop', { 'local.activity': activity })
  const image = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/web:1.0.0`
  await createService('demo', 'shop', image, { desiredCount: 2 })
  const scale = (operation: string, input: object) => call('application-autoscaling', operation, { ...shop, ...input })
  await scale('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 5 })
  await scale('PutScalingPolicy', {
    PolicyName: 'cpu',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 40,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    },
  })
  const desired = () => ecs.services().find(({ serviceName }) => serviceName === 'shop')?.desiredCount
  return { ...simulated, desired, minutes: (count: number) => clock.advance(count * 60_000) }
}

test('a busy service grows to its maximum, by calls that are not its clients’', async () => {
  const { desired, minutes, calls } = await scaledShop('cpu 90%')
  await minutes(60)
  expect(desired()).toBe(5)
  expect(calls.filter(name => name.startsWith('ecs:Update'))).toEqual([])
})

test('an idle one shrinks to its minimum', async () => {
  const { desired, minutes } = await scaledShop('cpu 2%')
  await minutes(60)
  expect(desired()).toBe(1)
})

test('one parked by Farguard stays at zero for as long as scaling is suspended, and grows again after', async () => {
  const { world, desired, minutes, call } = await scaledShop('cpu 90%')
  await minutes(10)
  await world.scaling.suspend('demo', 'shop', { in: true, out: true, scheduled: true })
  await call('ecs', 'UpdateService', { cluster: 'demo', service: 'shop', desiredCount: 0 })
  await minutes(120)
  expect(desired()).toBe(0)
  await call('ecs', 'UpdateService', { cluster: 'demo', service: 'shop', desiredCount: 2 })
  await world.scaling.suspend('demo', 'shop', { in: false, out: false, scheduled: false })
  await minutes(60)
  expect(desired()).toBe(5)
})

test('one set to zero without that comes back: what it used a moment ago is still in its metrics', async () => {
  const { desired, minutes, call } = await scaledShop('cpu 90%')
  await minutes(60)
  await call('ecs', 'UpdateService', { cluster: 'demo', service: 'shop', desiredCount: 0 })
  await minutes(3)
  expect(desired()).toBeGreaterThan(0)
})

test('metrics that CloudWatch has lost scale nothing', async () => {
  const { desired, minutes, cloudwatch } = await scaledShop('cpu 90%')
  cloudwatch.losePoints({ namespace: 'AWS/ECS' })
  await minutes(60)
  expect(desired()).toBe(2)
})
