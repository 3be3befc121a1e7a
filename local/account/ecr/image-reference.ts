/** An image as a task definition names it, with what Docker takes for granted. */
import { parseImageReference } from '../../../shared/deploy/image-reference.ts'

export interface ImageReference {
  /** `host` or `host:port`; docker.io when the name has none. */
  host: string
  repository: string
  tag?: string
  digest?: string
}

const name = /^[^@:]+(?::\d+\/[^@:]+)?(?::\w[\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/

/** Undefined when the text is no image name. The tag is `latest` when neither tag nor digest is given. */
export function imageReference(image: string): ImageReference | undefined {
  const { host = 'docker.io', repository, tag, digest } = parseImageReference(image)
  if (!name.test(image) || image.startsWith('/') || repository === '' || repository.endsWith('/')) return undefined
  return { host, repository, ...(tag ? { tag } : digest ? {} : { tag: 'latest' }), ...(digest ? { digest } : {}) }
}
