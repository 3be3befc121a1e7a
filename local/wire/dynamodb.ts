/** DynamoDB's own protocol, answered by an embedded dynalite. In memory: what it holds ends with the process. */
import { Readable } from 'node:stream'
import dynalite from 'dynalite'
import { readBody, type WireRequest, type WireResponse } from './http.ts'

/** Answers DynamoDB requests without a socket. */
export interface DynamoDb {
  handle(request: WireRequest): Promise<WireResponse>
}

/** dynalite takes 16 MiB a request, as DynamoDB does. */
const limit = 16 * 1024 * 1024

/** A DynamoDB with no tables. A new table is ACTIVE within a moment, but not at once: wait for it, as on AWS. */
export function createDynamoDb(): DynamoDb {
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 })
  return {
    async handle(request) {
      const body = await readBody(request, limit)
      if (!body) return { status: 413, headers: {}, body: '' }
      return new Promise(resolve => server.emit('request', incoming(request, body), new Answer(resolve)))
    },
  }
}

/** As much of node's IncomingMessage as dynalite reads. */
function incoming(request: WireRequest, body: Buffer): Readable {
  const { method, headers, path, query } = request
  const url = query.size > 0 ? `${path}?${query}` : path
  return Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, headers, url })
}

/** As much of node's ServerResponse as dynalite writes. */
class Answer {
  statusCode = 200
  readonly #headers: Record<string, string> = {}
  readonly #done: (response: WireResponse) => void

  constructor(done: (response: WireResponse) => void) {
    this.#done = done
  }

  setHeader(name: string, value: string | number): void {
    // The listener knows the length, and Transfer-Encoding is the socket's own business.
    if (!/^(content-length|transfer-encoding)$/i.test(name)) this.#headers[name.toLowerCase()] = String(value)
  }

  end(body: string | Uint8Array = ''): void {
    this.#done({ status: this.statusCode, headers: this.#headers, body })
  }
}
