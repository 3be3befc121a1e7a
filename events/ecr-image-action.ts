/** `ECR Image Action`: what ECR says on the event bus when an image is pushed, deleted or moved. */
import * as z from 'zod/mini'

/** Tolerates members that AWS adds later. An untagged push has an empty `image-tag`, or none. */
export const ecrImageAction = z.looseObject({
  id: z.string().check(z.minLength(1)),
  source: z.literal('aws.ecr'),
  'detail-type': z.literal('ECR Image Action'),
  account: z.string().check(z.regex(/^\d{12}$/)),
  region: z.string().check(z.minLength(1)),
  time: z.iso.datetime({ offset: true }),
  detail: z.looseObject({
    result: z.string(),
    'action-type': z.string(),
    'repository-name': z.string().check(z.minLength(1)),
    'image-digest': z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
    'image-tag': z.optional(z.nullable(z.string())),
  }),
})

export type EcrImageAction = z.infer<typeof ecrImageAction>
