/** What the account knows of the image that a task definition names. */
import { imageReference } from './image-reference.ts'
import { findImage, type RegistryState, type Repository, type StoredImage } from './registry.ts'

/** The repository and image that a name leads to here; 'elsewhere' when another registry is meant. */
function find(
  state: RegistryState,
  name: string,
): { repository: Repository; image: StoredImage } | 'elsewhere' | undefined {
  const reference = imageReference(name)
  if (!reference) return undefined
  if (!isOurs(state, reference.host)) return 'elsewhere'
  const repository = state.repositories.get(reference.repository)
  // As Docker and ECS do: with a digest, the tag is only decoration.
  const image = repository && findImage(repository, reference.digest ?? reference.tag ?? 'latest')
  return image && { repository, image }
}

/**
 * Whether a task could pull the image; what is archived, or not yet back from the archive, it can't. An image of another registry (public.ecr.aws, docker.io, another account) is taken to
 * exist: this account can't know.
 */
export function exists(state: RegistryState, name: string): boolean {
  const found = find(state, name)
  return found === 'elsewhere' || found?.image.storage.status === 'ACTIVE'
}

/** The digest of an image in this account; undefined when it is not here, or of another registry. */
export function digestOfImage(state: RegistryState, name: string): string | undefined {
  const found = find(state, name)
  return found && found !== 'elsewhere' ? found.image.digest : undefined
}

/** The labels of the image that a name leads to; none when it leads nowhere. */
export function labels(state: RegistryState, name: string): Record<string, string> {
  const found = find(state, name)
  return !found || found === 'elsewhere' ? {} : labelsOf(state, found.repository, found.image)
}

/** The labels in the image's config; none when the config was never uploaded. An index answers for its first real image. */
export function labelsOf(state: RegistryState, repository: Repository, image: StoredImage): Record<string, string> {
  const child = image.manifest.children.find(({ platform }) => platform !== 'unknown/unknown')
  const config = (child ? repository.images.get(child.digest) : image)?.manifest.config
  const blob = config === undefined ? undefined : state.blobs.get(repository.name, config)
  return blob ? labelsIn(Buffer.from(blob).toString()) : {}
}

/** An artifact's config need not be an image's, nor JSON at all: then it has no labels. */
function labelsIn(config: string): Record<string, string> {
  try {
    const stated: unknown = JSON.parse(config)?.config?.Labels
    const pairs = Object.entries(stated ?? {}).filter(pair => typeof pair[1] === 'string')
    return Object.fromEntries(pairs) as Record<string, string>
  } catch {
    return {}
  }
}

function isOurs(state: RegistryState, host: string): boolean {
  return host === state.context.registryHost || /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(host)
}
