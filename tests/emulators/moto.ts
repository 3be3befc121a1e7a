/** moto, an AWS emulator that is not ours, in a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'

export const isInstalled = spawnSync('moto_server', ['--help']).status === 0

export interface Moto {
  endpoint: string
  /** By default a task on moto comes nearer to its end each time that it is described. */
  tasksEnd(when: 'never' | 'by being looked at'): Promise<void>
  /** moto makes a network interface for each task, in a subnet that exists: those of its default network do. */
  anySubnet(region: string): Promise<string>
  stop(): void
}

/** Once it answers, on loopback. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  // The services of a new account run as many tasks as they are to.
  const env = { ...process.env, MOTO_ECS_SERVICE_RUNNING: '1' }
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore', env })
  await answering(endpoint, server)
  return {
    endpoint,
    tasksEnd: async when => {
      const transition = { progression: 'manual', times: when === 'never' ? 1_000_000 : 1 }
      const body = JSON.stringify({ model_name: 'ecs::task', transition })
      await fetch(`${endpoint}/moto-api/state-manager/set-transition`, { method: 'POST', body })
    },
    anySubnet: region => anySubnet(endpoint, region),
    stop: () => void server.kill(),
  }
}

async function anySubnet(endpoint: string, region: string): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260301/${region}/ec2/aws4_request, SignedHeaders=host, Signature=0`
  const body = new URLSearchParams({ Action: 'DescribeSubnets', Version: '2016-11-15' })
  const answer = await fetch(endpoint, { method: 'POST', body, headers: { authorization } })
  const [, subnet] = /<subnetId>(.*?)<\/subnetId>/.exec(await answer.text()) ?? []
  if (!subnet) throw new Error('moto has no subnet')
  return subnet
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function answering(endpoint: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    const response = await fetch(`${endpoint}/moto-api/`).catch(() => undefined)
    if (response?.ok) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  server.kill()
  throw new Error('moto_server did not start')
}
