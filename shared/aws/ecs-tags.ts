/** Tags, which ECS tells only who asks for them, and not everybody. */
import { ClusterNotFoundException, ServiceNotFoundException } from '@aws-sdk/client-ecs'
import { RefusedError } from '../ports.ts'
import { portError } from './sdk-error.ts'

/**
 * What ECS describes, with tags; where it refuses that, without. It refuses the whole call: to a role that may not read tags, in
 * partitions that do not have them, and possibly for a service whose ARN is of the old, short form. Deployments do without tags.
 */
export async function withTags<Answer>(
  describe: (include: { include?: ['TAGS'] }) => Promise<Answer>,
): Promise<{ answer: Answer; hasTags: boolean }> {
  try {
    return { answer: await describe({ include: ['TAGS'] }), hasTags: true }
  } catch (error) {
    const isMissing = error instanceof ClusterNotFoundException || error instanceof ServiceNotFoundException
    if (isMissing || !(portError(error, 'with tags') instanceof RefusedError)) throw error
    return { answer: await describe({}), hasTags: false }
  }
}

/** Who does not ask for tags may be answered an empty list: that is not none. */
export function withoutTags<Described extends { tags?: unknown }>({ tags: _, ...others }: Described) {
  return others
}
