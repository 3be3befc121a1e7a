/** A service `shop` of two tasks, and Application Auto Scaling in front of it, spoken to by the SDK's own client. */
import * as sdk from '@aws-sdk/client-application-auto-scaling'
import { type AutoscalingDependencies, createAutoscaling } from '../../../local/account/autoscaling/autoscaling.ts'
import { seededRandom } from '../../../local/account/random.ts'
import { withService } from '../ecs/shop-service.ts'
import { localAccount } from '../wire/local-account.ts'

export const shop = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/default/shop',
  ScalableDimension: 'ecs:service:DesiredCount',
} as const

/** `latest`: percent of the latest minute, asked once a minute; unless given nothing is measured. */
export function scaledService(latest: () => number | undefined = () => undefined) {
  const ecs = withService()
  const context = {
    clock: ecs.clock,
    accountId: '123456789012',
    region: 'eu-central-1',
    registryHost: 'registry.test',
    random: seededRandom(3),
  }
  const minutes: (number | undefined)[] = []
  const measured: AutoscalingDependencies['measured'] = async (_cluster, _service, _metric, count) => {
    minutes.push(latest())
    return minutes.slice(-count)
  }
  const autoscaling = createAutoscaling(context, { ecs: ecs.ecs, measured })
  const { client: options, account, faults, wire } = localAccount({ 'application-autoscaling': autoscaling.operations })
  const client = new sdk.ApplicationAutoScalingClient(options)
  return {
    ecs,
    autoscaling,
    account,
    faults,
    wire,
    options,
    advance: (minutes: number) => ecs.advance(minutes * 60),
    desired: () => ecs.service('shop').desiredCount,
    setByHand: (desiredCount: number) => ecs.call('UpdateService', { service: 'shop', desiredCount }),
    register: (more: Partial<sdk.RegisterScalableTargetCommandInput> = {}) =>
      client.send(new sdk.RegisterScalableTargetCommand({ ...shop, ...more })),
    async target() {
      const { ScalableTargets } = await client.send(
        new sdk.DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [shop.ResourceId] }),
      )
      return ScalableTargets?.[0]
    },
    deregister: () => client.send(new sdk.DeregisterScalableTargetCommand(shop)),
    policy: (more: Partial<sdk.PutScalingPolicyCommandInput> = {}) =>
      client.send(
        new sdk.PutScalingPolicyCommand({
          ...shop,
          PolicyName: 'cpu',
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: 50,
            PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
          },
          ...more,
        }),
      ),
    schedule: (more: Partial<sdk.PutScheduledActionCommandInput> = {}) =>
      client.send(
        new sdk.PutScheduledActionCommand({
          ...shop,
          ScheduledActionName: 'morning',
          Schedule: 'cron(0 6 * * ? *)',
          ScalableTargetAction: { MinCapacity: 5, MaxCapacity: 8 },
          ...more,
        }),
      ),
    async activities() {
      const { ScalingActivities = [] } = await client.send(
        new sdk.DescribeScalingActivitiesCommand({ ServiceNamespace: 'ecs' }),
      )
      return ScalingActivities.map(({ Description, Cause, StatusCode }) => ({ Description, Cause, StatusCode }))
    },
    client,
  }
}

export type Scaled = ReturnType<typeof scaledService>

export const suspended = (flags: sdk.SuspendedState) => ({ SuspendedState: flags })

export const all = (value: boolean): sdk.SuspendedState => ({
  DynamicScalingInSuspended: value,
  DynamicScalingOutSuspended: value,
  ScheduledScalingSuspended: value,
})
