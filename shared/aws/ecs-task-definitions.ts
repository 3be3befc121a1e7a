/** Task definitions and their revisions, in ECS. */
import {
  DescribeTaskDefinitionCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs'
import type { TaskDefinition, TaskDefinitionRevision } from '../ports.ts'
import { saying } from './sdk-error.ts'

/** What DescribeTaskDefinition answers beyond what RegisterTaskDefinition takes. */
const answeredOnly = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
] as const

/** As the port says. */
export async function describeTaskDefinition(
  client: ECSClient,
  id: string,
): Promise<TaskDefinitionRevision | undefined> {
  return saying(`ecs:DescribeTaskDefinition of ${id}`, async () => {
    try {
      const input = { taskDefinition: id, include: ['TAGS' as const] }
      const { taskDefinition, tags } = await client.send(new DescribeTaskDefinitionCommand(input))
      if (!taskDefinition?.taskDefinitionArn) return undefined
      const definition: Record<string, unknown> = { ...taskDefinition }
      for (const member of answeredOnly) delete definition[member]
      const kept = (tags ?? []).filter(tag => !tag.key?.startsWith('aws:'))
      return {
        arn: taskDefinition.taskDefinitionArn,
        status: taskDefinition.status ?? 'UNKNOWN',
        // The members that we touch are required of every task definition that ECS has.
        definition: { ...definition, ...(kept.length > 0 && { tags: kept }) } as TaskDefinition,
      }
    } catch (error) {
      if (isUnknownTaskDefinition(error)) return undefined
      throw error
    }
  })
}

/** ECS has no error of its own for this: a ClientException whose text says so. */
function isUnknownTaskDefinition(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ClientException' &&
    /unable to describe task definition/i.test(error.message)
  )
}

/** As the port says. */
export async function registerTaskDefinition(client: ECSClient, definition: TaskDefinition): Promise<string> {
  return saying(`ecs:RegisterTaskDefinition of ${definition.family}`, async () => {
    const input = definition as unknown as RegisterTaskDefinitionCommandInput
    const { taskDefinition } = await client.send(new RegisterTaskDefinitionCommand(input))
    if (!taskDefinition?.taskDefinitionArn) throw new Error('ECS registered a task definition and did not name it')
    return taskDefinition.taskDefinitionArn
  })
}
