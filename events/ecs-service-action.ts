/** `ECS Service Action`: a service has become steady, or can't start or place its tasks. It has no version. */
import * as z from 'zod/mini'

export const ecsServiceAction = z.looseObject({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Service Action'),
  /** The service is the first. */
  resources: z.array(z.string()),
  detail: z.looseObject({
    eventName: z.optional(z.nullable(z.string())),
    clusterArn: z.optional(z.nullable(z.string())),
    reason: z.optional(z.nullable(z.string())),
  }),
})

export type EcsServiceAction = z.infer<typeof ecsServiceAction>
