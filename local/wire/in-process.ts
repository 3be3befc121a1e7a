/** The wire as an SDK client's `requestHandler`: the whole protocol, and no socket. For fast tests. */
import { Readable } from 'node:stream'
import type { HttpHandler, HttpRequest } from '@smithy/core/protocols'
import { HttpResponse } from '@smithy/core/protocols'
import type { WireRequest } from './http.ts'
import type { Wire } from './wire.ts'

/** Give it to any SDK v3 client: `new ECSClient({ requestHandler: inProcessHandler(wire) })`. */
export function inProcessHandler(wire: Wire): HttpHandler {
  return {
    async handle(request: HttpRequest) {
      const { status, headers, body } = await wire.handle(toRequest(request))
      return { response: new HttpResponse({ statusCode: status, headers, body: Readable.from([Buffer.from(body)]) }) }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

function toRequest(request: HttpRequest): WireRequest {
  const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const one of [value].flat()) query.append(name, one ?? '')
  }
  return {
    method: request.method,
    path: request.path,
    query,
    headers: Object.fromEntries(headers),
    body: bytes(request.body),
  }
}

/** SDK clients send a string, bytes or a stream. */
async function* bytes(body: unknown): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === null) return
  if (typeof body === 'string') yield Buffer.from(body)
  else if (body instanceof Uint8Array) yield body
  else for await (const chunk of body as AsyncIterable<Uint8Array | string>) yield Buffer.from(chunk)
}
