/** The control queue: what operators ask for, and the looks that rollouts and gates take at themselves. */
import { controlMessage } from '../events/control-message.ts'
import { autoscaling } from '../shared/aws/autoscaling.ts'
import { carryOut } from '../shared/intents/carry-out.ts'
import { queueHandler } from './queue-handler.ts'
import { surroundings } from './world.ts'

export const handler = queueHandler(controlMessage, carryOut, () => {
  const found = surroundings()
  return { ...found, world: { ...found.world, scaling: autoscaling() } }
})
