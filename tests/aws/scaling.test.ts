/** What Application Auto Scaling may answer of services. */
import {
  ApplicationAutoScalingClient,
  ConcurrentUpdateException,
  DescribeScalableTargetsCommand,
  type DescribeScalableTargetsCommandInput,
  RegisterScalableTargetCommand,
  type ScalableTarget,
  ValidationException,
} from '@aws-sdk/client-application-auto-scaling'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, test } from 'vitest'
import { autoscaling } from '../../shared/aws/autoscaling.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'

const aws = mockClient(ApplicationAutoScalingClient)
const scaling = autoscaling({ region: 'eu-central-1' })
beforeEach(() => {
  aws.reset()
})

const dimension = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const
const none = { in: false, out: false, scheduled: false }

const target = (ResourceId: string, more: Partial<ScalableTarget> = {}): ScalableTarget => ({
  ...dimension,
  ResourceId,
  MinCapacity: 2,
  MaxCapacity: 8,
  RoleARN: 'arn:aws:iam::123456789012:role/scaling',
  CreationTime: new Date('2026-03-01T22:00:00Z'),
  ...more,
})

test('bounds, and what is suspended, by service; what nothing scales is absent', async () => {
  const SuspendedState = { DynamicScalingInSuspended: true, ScheduledScalingSuspended: true }
  aws.on(DescribeScalableTargetsCommand).resolves({
    ScalableTargets: [target('service/demo/web', { SuspendedState }), target('service/demo/api', { MinCapacity: 0 })],
  })
  expect(await scaling.targetsOf('demo', ['web', 'api', 'plain'])).toEqual(
    new Map([
      ['web', { min: 2, max: 8, suspended: { in: true, out: false, scheduled: true } }],
      ['api', { min: 0, max: 8, suspended: none }],
    ]),
  )
  const ResourceIds = ['service/demo/web', 'service/demo/api', 'service/demo/plain']
  expect(aws.commandCalls(DescribeScalableTargetsCommand)[0]?.args[0].input).toEqual({ ...dimension, ResourceIds })
})

test('fifty a call, and every page of each', async () => {
  aws
    .on(DescribeScalableTargetsCommand)
    .callsFake(({ ResourceIds = [], NextToken }: DescribeScalableTargetsCommandInput) => {
      const half = Math.ceil(ResourceIds.length / 2)
      return NextToken
        ? { ScalableTargets: ResourceIds.slice(half).map(id => target(id)) }
        : { ScalableTargets: ResourceIds.slice(0, half).map(id => target(id)), NextToken: 'more' }
    })
  const services = Array.from({ length: 120 }, (_, nth) => `service-${nth}`)
  expect([...(await scaling.targetsOf('demo', services)).keys()].toSorted()).toEqual(services.toSorted())
  const asked = aws.commandCalls(DescribeScalableTargetsCommand).map(call => call.args[0].input)
  const sizes = asked.map(({ ResourceIds = [] }) => ResourceIds.length)
  expect(sizes.toSorted()).toEqual([20, 20, 50, 50, 50, 50])
  expect(new Set(asked.flatMap(({ ResourceIds = [] }) => ResourceIds)).size).toBe(120)
})

test('without services nothing is asked: without names AWS would answer all there are', async () => {
  expect(await scaling.targetsOf('demo', [])).toEqual(new Map())
  expect(aws.calls()).toHaveLength(0)
})

test('a target of another cluster, or without a name, is none of these', async () => {
  const { ResourceId: _, ...nameless } = target('')
  aws.on(DescribeScalableTargetsCommand).resolves({
    ScalableTargets: [target('service/demo-2/web'), nameless as ScalableTarget, target('service/demo/web')],
  })
  expect([...(await scaling.targetsOf('demo', ['web'])).keys()]).toEqual(['web'])
})

test('three flags are set and the bounds are left alone', async () => {
  aws.on(RegisterScalableTargetCommand).resolves({})
  await scaling.suspend('demo', 'web', { in: true, out: false, scheduled: true })
  expect(aws.commandCalls(RegisterScalableTargetCommand)[0]?.args[0].input).toEqual({
    ...dimension,
    ResourceId: 'service/demo/web',
    SuspendedState: {
      DynamicScalingInSuspended: true,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: true,
    },
  })
})

test.each([
  {
    case: 'a target that is not there (any more)',
    error: new ValidationException({ message: 'MinCapacity is required', $metadata: { httpStatusCode: 400 } }),
    kind: RefusedError,
  },
  {
    case: 'a change of somebody else under way',
    error: new ConcurrentUpdateException({ message: 'pending', $metadata: { httpStatusCode: 500 } }),
    kind: RetryableError,
  },
])('$case', async ({ error, kind }) => {
  aws.on(RegisterScalableTargetCommand).rejects(error)
  const suspending = scaling.suspend('demo', 'web', none)
  await expect(suspending).rejects.toThrow(kind)
  await expect(suspending).rejects.toThrow(
    `application-autoscaling:RegisterScalableTarget of web in demo: ${error.name}`,
  )
})
