/** Tags on clusters, services, tasks and task definitions. */
import type {
  ListTagsForResourceCommandInput,
  Tag,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-ecs'
import { AwsError } from '../aws-error.ts'
import { invalidParameter } from './refusals.ts'

const mostTags = 50

/** Whatever carries tags. */
export interface Tagged {
  tags: Tag[]
}

/** A copy of `tags`; throws where ECS would: too many, a key twice, too long, or the reserved prefix. */
export function validTags(tags: readonly Tag[] | undefined): Tag[] {
  const given = (tags ?? []).map(({ key, value }) => ({ key: key ?? '', value: value ?? '' }))
  if (given.length > mostTags)
    throw invalidParameter(`The maximum number of tags is ${mostTags}; there are ${given.length}.`)
  for (const { key, value } of given) {
    if (key.length < 1 || key.length > 128) throw invalidParameter(`Tag keys have 1 to 128 characters: "${key}".`)
    if (value.length > 256) throw invalidParameter(`Tag values have at most 256 characters: the value of "${key}".`)
    if (/^aws:/i.test(key)) throw invalidParameter(`Tag keys beginning with aws: are reserved for AWS use: "${key}".`)
  }
  if (new Set(given.map(tag => tag.key)).size < given.length) throw invalidParameter('Duplicate keys are not allowed.')
  return given
}

/** `later` wins where both have a key: how propagated tags and the request's own come together. */
export function mergedTags(earlier: readonly Tag[], later: readonly Tag[]): Tag[] {
  const byKey = new Map([...earlier, ...later].map(tag => [tag.key, tag]))
  return [...byKey.values()].map(tag => ({ ...tag }))
}

/** TagResource, UntagResource, ListTagsForResource over whatever `find` knows by its ARN. */
export function tagOperations(find: (arn: string) => Tagged | undefined) {
  const found = (arn: string | undefined) => {
    const resource = find(arn ?? '')
    if (!resource) throw new AwsError('ResourceNotFoundException', `The specified resource wasn't found: ${arn}`)
    return resource
  }
  return {
    TagResource(input: TagResourceCommandInput) {
      const resource = found(input.resourceArn)
      const merged = mergedTags(resource.tags, validTags(input.tags))
      if (merged.length > mostTags) throw invalidParameter(`The maximum number of tags is ${mostTags}.`)
      resource.tags = merged
      return {}
    },
    UntagResource(input: UntagResourceCommandInput) {
      const resource = found(input.resourceArn)
      resource.tags = resource.tags.filter(tag => !input.tagKeys?.includes(tag.key ?? ''))
      return {}
    },
    ListTagsForResource: (input: ListTagsForResourceCommandInput) => ({
      tags: found(input.resourceArn).tags.map(tag => ({ ...tag })),
    }),
  }
}
