/** The `ECR Image Action` event, as ECR emits it. */
import type { AccountContext } from '../context.ts'
import type { Repository, StoredImage } from './registry.ts'

/** `tag` is absent when the image was pushed or deleted by digest: the event then carries an empty one. */
export function emitImageAction(
  context: AccountContext,
  action: 'PUSH' | 'DELETE',
  repository: Repository,
  image: StoredImage,
  tag: string | undefined,
): void {
  const { mediaType, artifactMediaType } = image.manifest
  context.emit({
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': repository.name,
      'image-digest': image.digest,
      'action-type': action,
      'image-tag': tag ?? '',
      'manifest-media-type': mediaType,
      ...(artifactMediaType ? { 'artifact-media-type': artifactMediaType } : {}),
    },
  })
}
