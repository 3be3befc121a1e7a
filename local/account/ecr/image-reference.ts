/** An image as a task definition names it: `host/repository:tag@digest`. */

export interface ImageReference {
  /** `host` or `host:port`; docker.io when the name has none. */
  host: string
  repository: string
  tag?: string
  digest?: string
}

const pattern = /^(?<name>[^@:]+(?::\d+\/[^@:]+)?)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$/

/** Undefined when the text is no image name. The tag is `latest` when neither tag nor digest is given. */
export function imageReference(image: string): ImageReference | undefined {
  const { name, tag, digest } = pattern.exec(image)?.groups ?? {}
  if (!name || name.endsWith('/') || name.startsWith('/')) return undefined
  const [first = '', ...rest] = name.split('/')
  // Docker's rule: the first part is a host only when it looks like one; `acme/web` is docker.io's.
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  return {
    host: isHost ? first : 'docker.io',
    repository: isHost ? rest.join('/') : name,
    ...(tag ? { tag } : digest ? {} : { tag: 'latest' }),
    ...(digest ? { digest } : {}),
  }
}
