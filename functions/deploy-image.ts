/** ECR image pushes, queued by EventBridge: each is deployed to the targets that take it. */
import { ecrImageAction } from '../events/ecr-image-action.ts'
import { deployImage } from '../shared/deploy/deploy-image.ts'
import { queueHandler } from './queue-handler.ts'
import { surroundings } from './world.ts'

export const handler = queueHandler(ecrImageAction, deployImage, surroundings)
