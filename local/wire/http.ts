/** A request and its answer without a socket: what the wire works on. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AwsError } from '../account/aws-error.ts'

export interface WireRequest {
  method: string
  /** Path without the query, as it was sent. */
  path: string
  query: URLSearchParams
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: AsyncIterable<Uint8Array>
}

export interface WireResponse {
  status: number
  headers: Record<string, string>
  /** Empty in an answer to HEAD, whatever `content-length` says. */
  body: Uint8Array | string
}

/** The whole body, unpacked where it is gzip; undefined, and the rest unread, when it has more than `limit` bytes. Throws AwsError. */
export async function readBody(request: WireRequest, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? unpacked(body, limit) : body
}

/** SDKs pack what they send to CloudWatch once it is large. */
async function unpacked(body: Buffer, limit: number): Promise<Buffer | undefined> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: limit })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw new AwsError('SerializationException', `The request is not gzip: ${(error as Error).message}`)
  }
}

/** A plain text answer for people. */
export function plainText(status: number, text: string): WireResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}
