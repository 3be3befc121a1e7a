/** Container image references: `host/repository:tag@digest`. */

export interface ImageReference {
  /** Absent for Docker Hub's short names. */
  host?: string
  repository: string
  tag?: string
  digest?: string
}

/**
 * The parts of an image reference. The first part is a host only if it has a dot or a port, or is `localhost`:
 * the rule of the `distribution` project that every container runtime follows.
 */
export function parseImageReference(image: string): ImageReference {
  const [name = '', digest] = image.split('@', 2)
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost'
  const path = hasHost ? name.slice(slash + 1) : name
  const colon = path.lastIndexOf(':')
  const tagged = colon > path.lastIndexOf('/')
  return {
    ...(hasHost && { host: first }),
    repository: tagged ? path.slice(0, colon) : path,
    ...(tagged && { tag: path.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  }
}

/** Hosts of ECR's private registries; the account and Region are part of the name. */
const ecrHost = /^\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)$/

/**
 * The image to run, pinned to its digest: a standalone task resolves a tag at every start, and a record should say which
 * image ran. Where the container ran this repository from an ECR host already, that host stays (FIPS and dual-stack hosts differ).
 */
export function pinnedImage(
  image: { repository: string; digest: string },
  event: { account: string; region: string },
  before: string | undefined,
): string {
  const old = before === undefined ? undefined : parseImageReference(before)
  const keepsHost = old?.host !== undefined && old.repository === image.repository && ecrHost.test(old.host)
  const host = keepsHost ? old.host : registryHost(event.account, event.region)
  return `${host}/${image.repository}@${image.digest}`
}

/** China's partition has a domain of its own. */
function registryHost(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}
