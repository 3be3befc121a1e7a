/** The wire on a port of the loopback interface. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WireRequest, WireResponse } from './http.ts'
import type { Wire } from './wire.ts'

export interface Listening {
  port: number
  /** `http://127.0.0.1:<port>` */
  url: string
  close(): Promise<void>
}

/** Listens on 127.0.0.1; port 0 takes a free one. Rejects with node's own error (EADDRINUSE) when it can't. */
export async function listen(wire: Wire, { port }: { port: number }): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    void wire.handle(toRequest(incoming)).then(response => send(incoming, outgoing, response))
  })
  // Pushing a large layer over a slow pipe is no attack here.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${bound}`
  wire.publishedAt(url)
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close(error => (error ? reject(error) : resolve()))
      server.closeAllConnections()
    })
  return { port: bound, url, close }
}

function toRequest(incoming: IncomingMessage): WireRequest {
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s)
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(', ')])
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(headers),
    body: incoming,
  }
}

function send(incoming: IncomingMessage, outgoing: ServerResponse, response: WireResponse): void {
  const length = incoming.method === 'HEAD' ? {} : { 'content-length': Buffer.byteLength(response.body) }
  // 204 has no body, hence no length either.
  outgoing.writeHead(response.status, { ...response.headers, ...(response.status === 204 ? {} : length) })
  outgoing.end(response.body)
}
