/** ECS's task events, queued by EventBridge: each task's status goes on record, and the rollout that it belongs to goes on. */
import { ecsTaskStateChange } from '../events/ecs-task-state-change.ts'
import { advance } from '../shared/deploy/advance.ts'
import { recordTasks } from '../shared/status/record-tasks.ts'
import { batchHandler } from './queue-handler.ts'
import { surroundings } from './world.ts'

export const handler = batchHandler(
  ecsTaskStateChange,
  (events, config, world, hasTime) => recordTasks(events, { config, world, advance, hasTime }),
  surroundings,
)
