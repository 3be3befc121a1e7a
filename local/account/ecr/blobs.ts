/** Layers and configs: content by digest, which repository holds which, and uploads under way. In memory. */
import { createHash, type Hash } from 'node:crypto'
import { AwsError } from '../aws-error.ts'

/** All blobs and uploads of the account together. */
export const largestTotal = 1024 * 1024 * 1024

export interface Upload {
  id: string
  repository: string
  size: number
  chunks: Uint8Array[]
  hash: Hash
}

/** A blob store. Content is kept once, however many repositories hold it. */
export class Blobs {
  readonly #content = new Map<string, Uint8Array>()
  readonly #held = new Map<string, Set<string>>()
  readonly #uploads = new Map<string, Upload>()
  readonly #limit: number
  #total = 0

  constructor(limit: number = largestTotal) {
    this.#limit = limit
  }

  /** The blob as `repository` holds it; undefined when it does not hold it. */
  get(repository: string, digest: string): Uint8Array | undefined {
    return this.#held.get(repository)?.has(digest) ? this.#content.get(digest) : undefined
  }

  /** Gives `to` a blob that `from` holds; false when `from` does not. */
  mount(digest: string, from: string, to: string): boolean {
    if (!this.get(from, digest)) return false
    this.#hold(to, digest)
    return true
  }

  begin(repository: string, id: string): Upload {
    const upload = { id, repository, size: 0, chunks: [], hash: createHash('sha256') }
    this.#uploads.set(id, upload)
    return upload
  }

  upload(repository: string, id: string): Upload | undefined {
    const upload = this.#uploads.get(id)
    return upload?.repository === repository ? upload : undefined
  }

  /** Throws LimitExceededException when the account's memory for blobs is full; the upload stays as it was. */
  append(upload: Upload, chunk: Uint8Array): void {
    if (this.#total + chunk.length > this.#limit) {
      throw new AwsError(
        'LimitExceededException',
        `The local account keeps at most ${this.#limit} bytes of layers in memory. Delete repositories, or push smaller images.`,
      )
    }
    this.#total += chunk.length
    upload.size += chunk.length
    upload.chunks.push(chunk)
    upload.hash.update(chunk)
  }

  /** Ends an upload: the repository holds its content under `digest`. False, and the upload is gone, when the digest is another. */
  finish(upload: Upload, digest: string): boolean {
    this.#uploads.delete(upload.id)
    const matches = `sha256:${upload.hash.digest('hex')}` === digest
    if (!matches || this.#content.has(digest)) this.#total -= upload.size
    else this.#content.set(digest, Buffer.concat(upload.chunks))
    if (matches) this.#hold(upload.repository, digest)
    return matches
  }

  cancel(upload: Upload): void {
    if (this.#uploads.delete(upload.id)) this.#total -= upload.size
  }

  /** Forgets what a repository held and was being sent; content that no repository holds any more is freed. */
  dropRepository(repository: string): void {
    for (const upload of this.#uploads.values()) if (upload.repository === repository) this.cancel(upload)
    const held = this.#held.get(repository) ?? []
    this.#held.delete(repository)
    for (const digest of held) {
      if ([...this.#held.values()].some(others => others.has(digest))) continue
      this.#total -= this.#content.get(digest)?.length ?? 0
      this.#content.delete(digest)
    }
  }

  #hold(repository: string, digest: string): void {
    const held = this.#held.get(repository) ?? new Set()
    this.#held.set(repository, held.add(digest))
  }
}
