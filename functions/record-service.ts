/** ECS's events of services and their deployments, queued by EventBridge: the rollout to that service goes on. */
import * as z from 'zod/mini'
import { ecsDeploymentStateChange } from '../events/ecs-deployment-state-change.ts'
import { ecsServiceAction } from '../events/ecs-service-action.ts'
import { advance } from '../shared/deploy/advance.ts'
import { recordService } from '../shared/status/record-service.ts'
import { queueHandler } from './queue-handler.ts'
import { surroundings } from './world.ts'

export const handler = queueHandler(
  z.discriminatedUnion('detail-type', [ecsDeploymentStateChange, ecsServiceAction]),
  (event, config, world, hasTime) => recordService(event, { config, world, advance, hasTime }),
  surroundings,
)
