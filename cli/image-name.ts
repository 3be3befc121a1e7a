/** What an image is called to people. */
import type { Config } from '../shared/config/config.ts'
import type { DeployedImage } from '../shared/deploy/records.ts'

/** Enough of a digest to tell images apart. */
export function short(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 8)
}

/** Its tag, and its digest too where the target follows one tag, which every deployment then has. */
export function tagOf({ tag, digest }: DeployedImage, targetName: string, { targets }: Config): string {
  const tags = targets.find(({ name }) => name === targetName)?.tags
  return tags?.kind === 'exact' ? `${tag} ${short(digest)}` : tag
}
