import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { ecrImageAction } from '../../events/ecr-image-action.ts'
import { ecsDeploymentStateChange } from '../../events/ecs-deployment-state-change.ts'
import { ecsServiceAction } from '../../events/ecs-service-action.ts'
import { ecsTaskStateChange } from '../../events/ecs-task-state-change.ts'
import { guardWake } from '../../events/guard-wake.ts'

const samples = new URL('../../events/samples/', import.meta.url)
const schemas = {
  'ECR Image Action': ecrImageAction,
  'ECS Deployment State Change': ecsDeploymentStateChange,
  'ECS Service Action': ecsServiceAction,
  'ECS Task State Change': ecsTaskStateChange,
  'guard wake': guardWake,
}

test.each(readdirSync(samples))('%s is taken by the schema of its kind, and by no other', name => {
  const content = JSON.parse(readFileSync(new URL(name, samples), 'utf8'))
  for (const event of Array.isArray(content) ? content : [content]) {
    const takers = Object.entries(schemas).filter(([, schema]) => z.safeParse(schema, event).success)
    // Only what EventBridge brings says of what kind it is.
    const kind = event['detail-type'] ?? 'guard wake'
    // Kinds of events that no function asks for are here to show that they are refused.
    expect(takers.map(([taker]) => taker)).toEqual(kind in schemas ? [kind] : [])
  }
})
