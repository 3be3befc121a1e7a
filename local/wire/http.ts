/** A request and its answer without a socket: what the wire works on. */

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

/** The whole body; undefined, and the rest unread, when it has more than `limit` bytes. */
export async function readBody(request: WireRequest, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A plain text answer for people. */
export function plainText(status: number, text: string): WireResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}
