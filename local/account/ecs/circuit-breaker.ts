/**
 * When the deployment circuit breaker gives a deployment up: arithmetic only. ECS counts failed tasks in two stages, and
 * so does the scheduler here: a task fails that stops before it served (which is RUNNING, or HEALTHY where an essential
 * container has a health check), or that is replaced because its health checks fail. A task that serves sets the count
 * back to 0. So a container without a health check that exits soon after RUNNING never trips the breaker, as on AWS.
 */
import type { DeploymentCircuitBreaker, DeploymentConfiguration } from '@aws-sdk/client-ecs'

type Threshold = NonNullable<DeploymentCircuitBreaker['thresholdConfiguration']>

/** ECS's bounds for what BOUNDED_PERCENT comes to. */
const leastFailures = 3
const mostFailures = 200

/** What ECS takes where the service does not say: half of the desired count. */
const usual: Threshold = { type: 'BOUNDED_PERCENT', value: 50 }

/** How many failed tasks in a row end a deployment; of the desired count as it is now. */
export function failureThreshold(configuration: DeploymentConfiguration | undefined, desiredCount: number): number {
  const { type, value = 0 } = configuration?.deploymentCircuitBreaker?.thresholdConfiguration ?? usual
  const share = Math.ceil((value * desiredCount) / 100)
  switch (type) {
    case 'COUNT':
      return value
    case 'UNBOUNDED_PERCENT':
      // Of a service at 0 it comes to 0, and nothing has failed yet.
      return Math.max(1, share)
    default:
      return Math.min(mostFailures, Math.max(leastFailures, share))
  }
}

/** Whether so many failed tasks are too many for a deployment that is in progress. */
export function isTripped(
  configuration: DeploymentConfiguration | undefined,
  desiredCount: number,
  failedTasks: number,
): boolean {
  const { enable = false } = configuration?.deploymentCircuitBreaker ?? {}
  return enable && failedTasks >= failureThreshold(configuration, desiredCount)
}
