/**
 * `ECS Deployment State Change`: a service's deployment went on or came to its end. A rollback by ECS is told as IN_PROGRESS too, and
 * FAILED comes only where the circuit breaker is on: so this is a hint to look, and no verdict.
 */
import * as z from 'zod/mini'

export const ecsDeploymentStateChange = z.looseObject({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Deployment State Change'),
  /** The service is the first; `detail` names no cluster. */
  resources: z.array(z.string()),
  detail: z.looseObject({
    eventName: z.optional(z.nullable(z.string())),
    deploymentId: z.optional(z.nullable(z.string())),
    reason: z.optional(z.nullable(z.string())),
  }),
})

export type EcsDeploymentStateChange = z.infer<typeof ecsDeploymentStateChange>
