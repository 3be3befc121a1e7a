/** The `ECR Image Action` event, as ECR emits it. */
import type { TargetStorageClass } from '@aws-sdk/client-ecr'
import type { AccountContext } from '../context.ts'
import type { Repository, StoredImage } from './registry.ts'

type Action =
  | { 'action-type': 'PUSH' | 'DELETE' }
  | {
      'action-type': 'UPDATE_STORAGE_CLASS'
      'target-storage-class': TargetStorageClass
      /** ISO 8601 */
      'last-activated-at'?: string
    }

/** `tag` is absent when the call named the image by digest: the event then carries an empty one. */
export function emitImageAction(
  context: AccountContext,
  action: Action,
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
      ...action,
      'image-tag': tag ?? '',
      'manifest-media-type': mediaType,
      ...(artifactMediaType ? { 'artifact-media-type': artifactMediaType } : {}),
    },
  })
}
