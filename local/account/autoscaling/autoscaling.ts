/** Application Auto Scaling of the local account: how many tasks ECS's services want, within bounds, by policies and schedules. */
import type * as sdk from '@aws-sdk/client-application-auto-scaling'
import { AwsError } from '../aws-error.ts'
import type { AccountContext, AccountService } from '../context.ts'
import type { Ecs } from '../ecs/ecs.ts'
import { Capacity } from './capacity.ts'
import { ScalingPolicies } from './policies.ts'
import { pageOf, refuseOtherThanServices } from './refusals.ts'
import { type ActionRecord, ScheduledActions } from './scheduled-actions.ts'
import { ScalableTargets, type TargetRecord } from './targets.ts'
import { Tracker, type TrackerParts } from './tracker.ts'

export interface AutoscalingDependencies extends Pick<TrackerParts, 'measured'> {
  ecs: Pick<Ecs, 'operations' | 'services'>
}

/** What AWS takes between a change of bounds and ECS's new desired count. */
const adjustMs = 1000

export function createAutoscaling(
  context: Omit<AccountContext, 'emit'>,
  { ecs, measured }: AutoscalingDependencies,
): AccountService {
  const targets = new ScalableTargets(context)
  const policies = new ScalingPolicies(context)
  const capacity = new Capacity(context, ecs)
  const tracker = new Tracker({ context, targets, policies, capacity, measured })
  const actions = new ScheduledActions(context, carryOut)

  /** Suspended, it changes nothing, the bounds neither. */
  async function carryOut({ name, resourceId, bounds }: ActionRecord): Promise<void> {
    const target = targets.find({ ResourceId: resourceId })
    if (target.suspended.scheduled) return
    try {
      const changed = targets.setBounds(target, bounds)
      await capacity.bringWithin(changed, `; scheduled action name ${name} was triggered`)
    } catch (error) {
      // A minimum above a maximum that the action leaves as it is: AWS does nothing then, and nobody is there to be told.
      if (!(error instanceof AwsError)) throw error
    }
  }

  const exists = (cluster: string, service: string) =>
    ecs
      .services()
      .some(
        ({ clusterArn = '', serviceName, status }) =>
          serviceName === service && clusterArn.endsWith(`/${cluster}`) && status === 'ACTIVE',
      )

  return {
    operations: {
      RegisterScalableTarget(input: sdk.RegisterScalableTargetRequest): sdk.RegisterScalableTargetResponse {
        const { arn } = targets.register(input, exists)
        if (input.MinCapacity !== undefined || input.MaxCapacity !== undefined) adjust(input)
        return { ScalableTargetARN: arn }
      },
      DescribeScalableTargets: (input: sdk.DescribeScalableTargetsRequest) => targets.describe(input),
      DeregisterScalableTarget(input: sdk.DeregisterScalableTargetRequest) {
        refuseOtherThanServices(input)
        const { resourceId } = targets.remove(input)
        policies.removeAllOf(resourceId)
        actions.removeAllOf(resourceId)
        tracker.forget(resourceId)
        return {}
      },
      PutScalingPolicy(input: sdk.PutScalingPolicyRequest): sdk.PutScalingPolicyResponse {
        const { arn } = policies.put(found(input), input)
        tracker.start()
        return { PolicyARN: arn, Alarms: [] }
      },
      DescribeScalingPolicies: (input: sdk.DescribeScalingPoliciesRequest) => policies.describe(input),
      DeleteScalingPolicy(input: sdk.DeleteScalingPolicyRequest) {
        refuseOtherThanServices(input)
        policies.remove(input)
        return {}
      },
      PutScheduledAction(input: sdk.PutScheduledActionRequest) {
        actions.put(found(input), input)
        return {}
      },
      DescribeScheduledActions: (input: sdk.DescribeScheduledActionsRequest) => actions.describe(input),
      DeleteScheduledAction(input: sdk.DeleteScheduledActionRequest) {
        refuseOtherThanServices(input)
        actions.remove(input)
        return {}
      },
      DescribeScalingActivities(input: sdk.DescribeScalingActivitiesRequest) {
        refuseOtherThanServices(input)
        const listed = capacity.activities
          .filter(({ ResourceId }) => input.ResourceId === undefined || ResourceId === input.ResourceId)
          .map((activity, nth) => ({ activity, key: nth.toString().padStart(8, '0') }))
        const { items, ...next } = pageOf(listed, ({ key }) => key, input)
        return { ScalingActivities: items.map(({ activity }) => activity), ...next }
      },
    },
  }

  function found(
    input: Parameters<typeof refuseOtherThanServices>[0] & { ResourceId?: string | undefined },
  ): TargetRecord {
    refuseOtherThanServices(input)
    return targets.find(input)
  }

  /**
   * Bounds that are given anew move the desired count at once, whatever is suspended: the three kinds that can be are scaling
   * by policies, in and out, and by schedules. https://repost.aws/knowledge-center/ecs-running-task-count-change
   */
  function adjust(input: sdk.RegisterScalableTargetRequest): void {
    context.clock.after(adjustMs, async () => {
      const target = targets.all().find(({ resourceId }) => resourceId === input.ResourceId)
      if (target) await capacity.bringWithin(target)
    })
  }
}
