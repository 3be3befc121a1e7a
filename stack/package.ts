/** The packaged CloudFormation template, as `serverless package` makes it: what would be deployed. `npm run package` */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lock } from 'proper-lockfile'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Needs no network and no credentials; takes a few seconds. Throws Error with what the framework said. */
export function packageStack(configFile: string, region: string, signal: AbortSignal): Promise<unknown> {
  return inTemporaryDirectory(async directory => {
    const said: Buffer[] = []
    const options = ['--package', directory, '--region', region]
    const status = await serverless(options, directory, { FARGUARD_CONFIG: configFile }, signal, chunk =>
      said.push(chunk),
    )
    if (status !== 0) throw new Error(`serverless package exited with ${status}:\n${Buffer.concat(said).toString()}`)
    return JSON.parse(await readFile(join(directory, 'cloudformation-template-update-stack.json'), 'utf8'))
  })
}

/** Gives the exit status. */
async function serverless(
  options: readonly string[],
  temporary: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
  hear: (chunk: Buffer) => void,
): Promise<number | null> {
  const framework = join(root, 'node_modules/serverless/bin/serverless.js')
  const child = spawn(process.execPath, [framework, 'package', ...options], {
    cwd: root,
    // serverless-esbuild leaves its work in the temporary directory: this one goes.
    env: {
      ...process.env,
      ...environment,
      TMPDIR: temporary,
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', hear)
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
}

/** One after the other: the framework and its plugin work in .serverless/ and .esbuild/ of the checkout, whoever else does. */
async function inTemporaryDirectory<Made>(work: (directory: string) => Promise<Made>): Promise<Made> {
  const retries = { forever: true, minTimeout: 100, maxTimeout: 500 }
  const release = await lock(root, { lockfilePath: join(root, '.serverless.lock'), retries })
  const directory = await mkdtemp(join(tmpdir(), 'farguard-stack-'))
  try {
    return await work(directory)
  } finally {
    await release()
    await rm(directory, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const options = process.argv.slice(2)
  const status = await inTemporaryDirectory(directory =>
    serverless(options, directory, {}, undefined, chunk => process.stdout.write(chunk)),
  )
  process.exitCode = status ?? 1
}
