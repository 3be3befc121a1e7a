/** The packaged CloudFormation template, as `serverless package` makes it: what would be deployed. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Needs no network and no credentials; takes a few seconds. Throws Error with what the framework said. */
export async function packageStack(configFile: string, region: string): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'farguard-stack-'))
  try {
    const framework = join(root, 'node_modules/serverless/bin/serverless.js')
    const child = spawn(process.execPath, [framework, 'package', '--package', directory, '--region', region], {
      cwd: root,
      env: { ...process.env, FARGUARD_CONFIG: configFile, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(chunk))
    const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    if (status !== 0) throw new Error(`serverless package exited with ${status}:\n${Buffer.concat(said).toString()}`)
    return JSON.parse(await readFile(join(directory, 'cloudformation-template-update-stack.json'), 'utf8'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
