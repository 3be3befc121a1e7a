/** DynamoDB's wire protocol in this process, for the length of a test file. */
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

/** `dynalite` comes without types. */
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite')

export async function startDynalite(): Promise<{ endpoint: string; close(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0 })
  await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done, failed) => server.close(error => (error ? failed(error) : done()))),
  }
}
