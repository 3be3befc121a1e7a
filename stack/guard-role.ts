/** What the guard may do: read what runs, what it is used for and what it costs, and stop it so that it can be put back. */
import { allow, arn, type Statement } from './roles.ts'

/**
 * Suspends what scales services, and lets it go on. AWS checks beside that the caller may describe and update the service. The
 * service-linked role that a first target needs is there wherever there is a target to suspend.
 */
export const scaling: readonly Statement[] = [
  // It can't be limited to a resource.
  allow(['application-autoscaling:DescribeScalableTargets'], '*'),
  allow(
    ['application-autoscaling:RegisterScalableTarget'],
    arn('application-autoscaling', 'scalable-target/*'),
    // Tables, Spot fleets and whatever else scales are none of its business.
    { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
  ),
]
