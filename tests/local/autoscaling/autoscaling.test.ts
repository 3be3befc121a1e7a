import * as sdk from '@aws-sdk/client-application-auto-scaling'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../../local/account/aws-error.ts'
import { autoscaling } from '../../../shared/aws/autoscaling.ts'
import { create } from '../ecs/shop-service.ts'
import { all, type Scaled, scaledService, shop, suspended } from './scaled-service.ts'

const bounds = { MinCapacity: 1, MaxCapacity: 6 }

describe('a scalable target', () => {
  test('is registered with both bounds, then changes in what it is given', async () => {
    const { register, target, faults } = scaledService()
    const { ScalableTargetARN } = await register(bounds)
    expect(await target()).toEqual({
      ...shop,
      ...bounds,
      RoleARN: expect.stringContaining(':role/aws-service-role/ecs.application-autoscaling.amazonaws.com/'),
      CreationTime: new Date('2026-03-01T22:00:00Z'),
      SuspendedState: all(false),
      ScalableTargetARN,
    })
    await register(suspended({ DynamicScalingOutSuspended: true }))
    expect(await target()).toMatchObject({ SuspendedState: { ...all(false), DynamicScalingOutSuspended: true } })
    await register(suspended({ DynamicScalingInSuspended: true }))
    await register(suspended({ ScheduledScalingSuspended: true }))
    await register({ MinCapacity: 2 })
    expect(await target()).toMatchObject({
      MinCapacity: 2,
      MaxCapacity: 6,
      SuspendedState: all(true),
      ScalableTargetARN,
    })
    expect(faults).toEqual([])
  })

  test('is suspended, and shown, through our own adapter', async () => {
    const { register, options, target } = scaledService()
    await register(bounds)
    const scaling = autoscaling(options)
    await scaling.suspend('default', 'shop', { in: true, out: true, scheduled: false })
    expect(await target()).toMatchObject({
      ...bounds,
      SuspendedState: { ...all(true), ScheduledScalingSuspended: false },
    })
    const targets = await scaling.targetsOf('default', ['shop', 'other'])
    expect([...targets]).toEqual([['shop', { min: 1, max: 6, suspended: { in: true, out: true, scheduled: false } }]])
  })

  test('new bounds move the desired count into them', async () => {
    const { register, advance, desired, activities } = scaledService()
    await register({ MinCapacity: 3, MaxCapacity: 6 })
    await advance(1)
    expect(desired()).toBe(3)
    await register({ MinCapacity: 0, MaxCapacity: 1 })
    await advance(1)
    expect(desired()).toBe(1)
    const StatusCode = 'Successful'
    expect(await activities()).toEqual([
      { Description: 'Setting desired count to 1.', Cause: 'maximum capacity was set to 1', StatusCode },
      { Description: 'Setting desired count to 3.', Cause: 'minimum capacity was set to 3', StatusCode },
    ])
  })

  test('to suspend, or to resume, moves nothing', async () => {
    const { register, advance, desired, setByHand } = scaledService()
    await register(bounds)
    await advance(1)
    await register(suspended(all(true)))
    setByHand(0)
    await register(suspended(all(false)))
    await advance(60)
    expect(desired()).toBe(0)
  })

  test('deregistered, is gone with its policies and schedules', async () => {
    const { register, deregister, target, policy, schedule, client, advance, desired } = scaledService(() => 100)
    await register(bounds)
    await policy()
    await schedule()
    await deregister()
    expect(await target()).toBeUndefined()
    await advance(24 * 60)
    expect(desired()).toBe(2)
    await register(bounds)
    expect(
      (await client.send(new sdk.DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' }))).ScalingPolicies,
    ).toEqual([])
    const { ScheduledActions } = await client.send(new sdk.DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))
    expect(ScheduledActions).toEqual([])
    await expect(policy({ ResourceId: 'service/default/none' })).rejects.toBeInstanceOf(sdk.ObjectNotFoundException)
  })

  test('many come in pages of fifty', async () => {
    const { ecs, client, register } = scaledService()
    const names = Array.from({ length: 53 }, (_, nth) => `s${String(nth).padStart(2, '0')}`)
    for (const serviceName of names) {
      create(ecs, { serviceName })
      await register({ ...bounds, ResourceId: `service/default/${serviceName}` })
    }
    const found: (string | undefined)[][] = []
    for await (const page of sdk.paginateDescribeScalableTargets({ client }, { ServiceNamespace: 'ecs' }))
      found.push((page.ScalableTargets ?? []).map(({ ResourceId }) => ResourceId?.slice(16)))
    expect(found).toEqual([names.slice(0, 50), names.slice(50)])
    const ResourceIds = names.map(name => `service/default/${name}`)
    const tooMany = client.send(new sdk.DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds }))
    await expect(tooMany).rejects.toBeInstanceOf(sdk.ValidationException)
  })

  test.each<[string, (given: Scaled) => Promise<unknown>, string, RegExp]>([
    [
      'no bounds at first',
      a => a.register({ MinCapacity: 1 }),
      'ValidationException',
      /Both MinCapacity and MaxCapacity/,
    ],
    ['crossed bounds', a => a.register({ MinCapacity: 3, MaxCapacity: 2 }), 'ValidationException', /2 is less than 3/],
    ['less than nothing', a => a.register({ ...bounds, MinCapacity: -1 }), 'ValidationException', /minCapacity/],
    [
      'a service that is not there',
      a => a.register({ ...bounds, ResourceId: 'service/default/none' }),
      'ValidationException',
      /doesn't exist: service\/default\/none/,
    ],
    ['what is no service', a => a.register({ ...bounds, ResourceId: 'table/x' }), 'ValidationException', /table\/x/],
    [
      'another namespace',
      a => a.register({ ...bounds, ServiceNamespace: 'dynamodb' }),
      'ValidationException',
      /dynamodb/,
    ],
    [
      'another dimension',
      a => a.register({ ...bounds, ScalableDimension: 'ec2:spot-fleet-request:TargetCapacity' }),
      'ValidationException',
      /spot-fleet/,
    ],
    ['tags', a => a.register({ ...bounds, Tags: { a: 'b' } }), 'ValidationException', /does not model Tags/],
    ['to deregister what is not registered', a => a.deregister(), 'ObjectNotFoundException', /service\/default\/shop/],
    ['a policy of what is not registered', a => a.policy(), 'ObjectNotFoundException', /No scalable target found/],
    [
      'a made-up token',
      a => a.client.send(new sdk.DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', NextToken: 'x' })),
      'InvalidNextTokenException',
      /token/,
    ],
  ])('refuses %s', async (_, act, name, message) => {
    const refusal = act(scaledService())
    await expect(refusal).rejects.toMatchObject({ name })
    await expect(refusal).rejects.toThrow(message)
  })

  test('faults strike before and after the effect', async () => {
    const { register, target, account } = scaledService()
    await register(bounds)
    const error = new AwsError('ThrottlingException', 'Rate exceeded')
    account.failNext(
      'application-autoscaling:RegisterScalableTarget',
      { when: 'before', error },
      { when: 'after', error },
    )
    const throttled = { name: 'ThrottlingException' }
    await expect(register(suspended({ DynamicScalingInSuspended: true }))).rejects.toMatchObject(throttled)
    expect(await target()).toMatchObject({ SuspendedState: all(false) })
    await expect(register(suspended(all(true)))).rejects.toMatchObject(throttled)
    expect(await target()).toMatchObject({ SuspendedState: all(true) })
  })
})

describe('scaling by a policy', () => {
  test('a service above its target grows within minutes, one below shrinks in a quarter of an hour', async () => {
    let percent = 100
    const { register, policy, advance, desired, activities } = scaledService(() => percent)
    await register(bounds)
    await advance(10)
    await policy()
    await advance(2)
    expect(desired()).toBe(2)
    await advance(1)
    expect(desired()).toBe(4)
    percent = 10
    await advance(14)
    expect(desired()).toBe(4)
    await advance(2)
    expect(desired()).toBe(1)
    expect((await activities()).map(({ Cause }) => Cause)).toEqual([
      'monitor alarm TargetTracking-service/default/shop-AlarmLow in state ALARM triggered policy cpu',
      'monitor alarm TargetTracking-service/default/shop-AlarmHigh in state ALARM triggered policy cpu',
    ])
  })

  test.each([
    { case: 'scaling out', percent: 100, flags: { DynamicScalingOutSuspended: true }, desired: 2 },
    { case: 'scaling in, while it is busy', percent: 100, flags: { DynamicScalingInSuspended: true }, desired: 6 },
    { case: 'scaling in', percent: 5, flags: { DynamicScalingInSuspended: true }, desired: 2 },
    { case: 'scaling out, while it is idle', percent: 5, flags: { DynamicScalingOutSuspended: true }, desired: 1 },
    { case: 'schedules, while it is busy', percent: 100, flags: { ScheduledScalingSuspended: true }, desired: 6 },
  ])('heeds that $case is suspended', async ({ percent, flags, desired: expected }) => {
    const { register, policy, advance, desired } = scaledService(() => percent)
    await register({ ...bounds, ...suspended(flags) })
    await policy()
    await advance(40)
    expect(desired()).toBe(expected)
  })

  test('a service set to zero by hand stays there: without tasks there is nothing to measure', async () => {
    let desiredNow = () => 2
    const scaled = scaledService(() => (desiredNow() === 0 ? undefined : 60))
    desiredNow = () => scaled.desired() ?? 0
    await scaled.register({ MinCapacity: 2, MaxCapacity: 6 })
    await scaled.policy()
    await scaled.advance(2)
    scaled.setByHand(0)
    await scaled.advance(60)
    expect(scaled.desired()).toBe(0)
  })

  test('what is measured after all brings it back to its minimum', async () => {
    const { register, policy, advance, desired, setByHand } = scaledService(() => 60)
    await register({ MinCapacity: 2, MaxCapacity: 6 })
    await policy()
    await advance(1)
    setByHand(0)
    await advance(3)
    expect(desired()).toBe(2)
  })

  test('a service under deployment is not scaled in', async () => {
    const { ecs, register, policy, advance, desired } = scaledService(() => 5)
    await register(bounds)
    await policy()
    await ecs.advance(14 * 60 + 50)
    ecs.call('UpdateService', { service: 'shop', forceNewDeployment: true })
    // The fifteenth minute is full when the deployment has just begun.
    await ecs.advance(15)
    expect(ecs.service('shop').deployments?.[0]?.rolloutState).toBe('IN_PROGRESS')
    expect(desired()).toBe(2)
    await advance(10)
    expect(desired()).toBe(1)
  })

  const waiting = (ScaleInCooldown: number) => ({
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 50,
      ScaleInCooldown,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' as const },
    },
  })

  test('scaling in waits before the next time, unless scaling out comes between', async () => {
    let percent = 30
    const { register, policy, advance, desired, setByHand } = scaledService(() => percent)
    await register(bounds)
    setByHand(6)
    await policy(waiting(3600))
    await advance(20)
    expect(desired()).toBe(4)
    await advance(30)
    expect(desired()).toBe(4)
    await advance(30)
    expect(desired()).toBe(3)
    percent = 60
    await advance(5)
    expect(desired()).toBe(4)
    percent = 30
    await advance(20)
    expect(desired()).toBe(3)
  })

  test('registered anew, a target knows nothing of scaling before', async () => {
    const { register, deregister, policy, advance, desired, setByHand } = scaledService(() => 30)
    await register(bounds)
    setByHand(6)
    await policy(waiting(3600))
    await advance(20)
    await deregister()
    await register(bounds)
    await policy(waiting(3600))
    await advance(2)
    expect(desired()).toBe(3)
  })

  test('a policy is described, replaced and deleted', async () => {
    const { register, policy, client, advance, desired } = scaledService(() => 100)
    await register(bounds)
    const { PolicyARN } = await policy()
    const configuration = {
      TargetValue: 200,
      ScaleInCooldown: 60,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' as const },
    }
    await policy({ TargetTrackingScalingPolicyConfiguration: configuration })
    const describe = async () =>
      (await client.send(new sdk.DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs', PolicyNames: ['cpu'] })))
        .ScalingPolicies
    expect(await describe()).toMatchObject([
      { ...shop, PolicyARN, PolicyName: 'cpu', TargetTrackingScalingPolicyConfiguration: configuration },
    ])
    await policy()
    await client.send(new sdk.DeleteScalingPolicyCommand({ ...shop, PolicyName: 'cpu' }))
    expect(await describe()).toEqual([])
    await advance(30)
    expect(desired()).toBe(2)
    const again = client.send(new sdk.DeleteScalingPolicyCommand({ ...shop, PolicyName: 'cpu' }))
    await expect(again).rejects.toBeInstanceOf(sdk.ObjectNotFoundException)
  })

  const tracking = (more: Partial<sdk.TargetTrackingScalingPolicyConfiguration>) => ({
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 50,
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' as const },
      ...more,
    },
  })
  test.each<[string, Partial<sdk.PutScalingPolicyCommandInput>, RegExp]>([
    ['steps', { PolicyType: 'StepScaling' }, /does not model PolicyType StepScaling/],
    ['no configuration', { TargetTrackingScalingPolicyConfiguration: undefined }, /is required/],
    ['a target of nothing', tracking({ TargetValue: 0 }), /above 0/],
    ['a cooldown below zero', tracking({ ScaleInCooldown: -1 }), /ScaleInCooldown/],
    [
      "a load balancer's requests",
      tracking({ PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' } }),
      /does not model the metric "ALBRequestCountPerTarget"/,
    ],
    ['a metric of one’s own', tracking({ CustomizedMetricSpecification: { MetricName: 'x' } }), /CustomizedMetric/],
    ['a second policy of the same metric', { PolicyName: 'other' }, /Only one TargetTrackingScaling policy/],
  ])('refuses %s', async (_, more, message) => {
    const { register, policy } = scaledService()
    await register(bounds)
    await policy()
    const refusal = policy(more)
    await expect(refusal).rejects.toMatchObject({ name: 'ValidationException' })
    await expect(refusal).rejects.toThrow(message)
  })
})

describe('scaling by a schedule', () => {
  test.each<{ case: string; action: Partial<sdk.PutScheduledActionCommandInput>; hours: number; desired: number }>([
    { case: 'not before its time', action: {}, hours: 7.9, desired: 2 },
    { case: 'at its time', action: {}, hours: 8.1, desired: 5 },
    { case: 'in its time zone', action: { Timezone: 'Europe/Berlin' }, hours: 7.1, desired: 5 },
    { case: 'once', action: { Schedule: 'at(2026-03-02T03:00:00)' }, hours: 5.1, desired: 5 },
    {
      case: 'once, in its time zone',
      action: { Schedule: 'at(2026-03-02T03:00:00)', Timezone: 'America/New_York' },
      hours: 9.9,
      desired: 2,
    },
    { case: 'never again what is past', action: { Schedule: 'at(2026-03-01T21:00:00)' }, hours: 48, desired: 2 },
    { case: 'at a rate', action: { Schedule: 'rate(3 hours)' }, hours: 3.1, desired: 5 },
    {
      case: 'not before its start',
      action: { StartTime: new Date('2026-03-02T06:00:01Z') },
      hours: 8.1,
      desired: 2,
    },
    { case: 'from its start on', action: { StartTime: new Date('2026-03-02T06:00:00Z') }, hours: 8.1, desired: 5 },
    {
      case: 'at a rate from its start on',
      action: { Schedule: 'rate(1 day)', StartTime: new Date('2026-03-02T02:00:00Z') },
      hours: 4.1,
      desired: 5,
    },
    { case: 'not after its end', action: { EndTime: new Date('2026-03-02T05:59:59Z') }, hours: 24, desired: 2 },
    { case: 'fewer', action: { ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 0 } }, hours: 8.1, desired: 0 },
    { case: 'only more', action: { ScalableTargetAction: { MinCapacity: 1 } }, hours: 8.1, desired: 2 },
    { case: 'nothing by crossed bounds', action: { ScalableTargetAction: { MinCapacity: 9 } }, hours: 8.1, desired: 2 },
  ])('$case', async ({ action, hours, desired: expected }) => {
    const { register, schedule, advance, desired } = scaledService()
    await register(bounds)
    await schedule(action)
    await advance(hours * 60)
    expect(desired()).toBe(expected)
  })

  test('comes again each day, brings back what was set to zero by hand, and says so', async () => {
    const { register, schedule, advance, desired, setByHand, target, activities } = scaledService()
    await register(bounds)
    await schedule()
    await advance(9 * 60)
    expect(await target()).toMatchObject({ MinCapacity: 5, MaxCapacity: 8 })
    setByHand(0)
    await advance(23.1 * 60)
    expect(desired()).toBe(5)
    expect((await activities())[0]?.Cause).toBe(
      'minimum capacity was set to 5; scheduled action name morning was triggered',
    )
  })

  test('suspended, changes neither count nor bounds', async () => {
    const { register, schedule, advance, desired, target } = scaledService()
    await register({ ...bounds, ...suspended({ ScheduledScalingSuspended: true }) })
    await schedule()
    await advance(24 * 60)
    expect(desired()).toBe(2)
    expect(await target()).toMatchObject(bounds)
    await register(suspended(all(false)))
    await advance(24 * 60)
    expect(desired()).toBe(5)
  })

  test('replaced, goes by its new schedule alone; deleted, by none', async () => {
    const { register, schedule, client, advance, desired } = scaledService()
    await register(bounds)
    await schedule()
    await schedule({ Schedule: 'cron(0 9 * * ? *)', ScalableTargetAction: undefined })
    const describe = async () =>
      (await client.send(new sdk.DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))).ScheduledActions
    expect(await describe()).toMatchObject([
      { ...shop, Schedule: 'cron(0 9 * * ? *)', ScalableTargetAction: { MinCapacity: 5, MaxCapacity: 8 } },
    ])
    await advance(8.1 * 60)
    expect(desired()).toBe(2)
    await client.send(new sdk.DeleteScheduledActionCommand({ ...shop, ScheduledActionName: 'morning' }))
    await advance(24 * 60)
    expect(desired()).toBe(2)
    expect(await describe()).toEqual([])
  })

  test.each<[string, Partial<sdk.PutScheduledActionCommandInput>, RegExp]>([
    ['no schedule', { Schedule: undefined }, /Schedule is needed/],
    ['what is no schedule', { Schedule: 'daily' }, /"daily" is no schedule/],
    ['five fields', { Schedule: 'cron(0 6 * * ?)' }, /has 5 fields/],
    ['a day', { Schedule: 'at(2026-03-02)' }, /is no time/],
    ['a zone that does not exist', { Timezone: 'Europe/Atlantis' }, /Atlantis/],
    ['a zone that does not exist, once', { Schedule: 'at(2026-03-02T03:00:00)', Timezone: 'Mars' }, /Mars/i],
    ['no bounds', { ScalableTargetAction: {} }, /MinCapacity, a MaxCapacity or both/],
    ['crossed bounds', { ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 1 } }, /cannot be less/],
    ['an end before the start', { StartTime: new Date(2e12), EndTime: new Date(1e12) }, /before EndTime/],
  ])('refuses %s', async (_, more, message) => {
    const { register, schedule } = scaledService()
    await register(bounds)
    const refusal = schedule(more)
    await expect(refusal).rejects.toMatchObject({ name: 'ValidationException' })
    await expect(refusal).rejects.toThrow(message)
  })

  test('a service that is gone is scaled no more, and nothing breaks', async () => {
    const { ecs, register, schedule, policy, advance, activities } = scaledService(() => 100)
    await register(bounds)
    await policy()
    await schedule()
    ecs.call('DeleteService', { service: 'shop', force: true })
    await advance(24 * 60)
    expect(await activities()).toEqual([])
    ecs.call('DeleteCluster', { cluster: 'default' })
    await advance(24 * 60)
  })

  test('what ECS refuses is on record as failed', async () => {
    const { ecs, register, schedule, advance, activities } = scaledService()
    await register(bounds)
    await schedule()
    ecs.ecs.operations.UpdateService = () => {
      throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
    }
    await advance(9 * 60)
    expect(await activities()).toEqual([
      {
        Description: 'Setting desired count to 5.',
        Cause: 'minimum capacity was set to 5; scheduled action name morning was triggered',
        StatusCode: 'Failed',
      },
    ])
  })
})
