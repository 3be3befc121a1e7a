/** How long the deploy-image bundle takes to be ready, as a ratio to a handler that only has its SDK clients. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Bundle, buildFunctions } from '../stack/build.ts'
import { stackConfig } from '../stack/config.ts'
import { stackFunctions } from '../stack/functions.ts'
import { type BenchOptions, type Figure, median } from './figure.ts'

const run = promisify(execFile)
const timeToReady = fileURLToPath(new URL('time-to-ready.cjs', import.meta.url))

/** Ready: loaded, and an empty batch answered, for which the clients and the world are made and the middleware runs. */
export async function measureColdStart({ pairs }: BenchOptions): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const [ours, bare] = await bundles(outdir)
    // The first of each only warms the disk's cache.
    for (const { file } of [bare, ours]) await timed(file)
    const measured: { ours: number; bare: number }[] = []
    // In turn, so that whatever else the machine does strikes both alike.
    for (let pair = 0; pair < pairs; pair++)
      measured.push({ bare: await timed(bare.file), ours: await timed(ours.file) })
    const msOf = (which: 'ours' | 'bare') => median(measured.map(pair => pair[which])).toFixed(0)
    return [
      {
        what: 'deploy-image, import to ready, to a bare handler with the same clients',
        value: median(measured.map(pair => pair.ours / pair.bare)),
        unit: '×',
        atMost: 1.3,
        details: [`medians of ${pairs} processes each: ${msOf('ours')} ms to ${msOf('bare')} ms`],
      },
      { what: 'deploy-image bundle', value: Math.round(ours.bytes / 1024), unit: 'KB' },
      { what: 'bare handler bundle', value: Math.round(bare.bytes / 1024), unit: 'KB' },
    ]
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

/** Both made by the stack's own build. Throws when the bare handler has fallen behind what deploy-image imports. */
async function bundles(outdir: string): Promise<[Bundle, Bundle]> {
  const deployImage = stackFunctions().filter(({ name }) => name === 'deploy-image')
  const bareHandler = { name: 'bare-handler', entry: fileURLToPath(new URL('bare-handler.ts', import.meta.url)) }
  const [ours, bare] = await buildFunctions(stackConfig(), { outdir, functions: [...deployImage, bareHandler] })
  if (!ours || !bare) throw new Error('serverless.yml lists no function deploy-image.')
  const [inOurs, inBare] = [sdkModules(ours), sdkModules(bare)]
  if (inOurs.join() !== inBare.join())
    throw new Error(
      `bench/bare-handler.ts must import the clients and commands that deploy-image does.\nIt has ${inBare.join(', ')}\ndeploy-image has ${inOurs.join(', ')}`,
    )
  return [ours, bare]
}

/** Clients and commands: the modules of the SDK that a handler picks itself. */
function sdkModules({ inputs }: Bundle): string[] {
  return inputs
    .flatMap(input => /@aws-sdk\/(?:client-|lib-)[^/]+\/.*?(\w+(?:Command|Client))\.js$/.exec(input)?.[1] ?? [])
    .sort()
}

async function timed(bundle: string): Promise<number> {
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    FARGUARD_TABLE: 'farguard-bench',
    FARGUARD_DEAD_LETTERS: 'https://sqs.eu-central-1.amazonaws.com/123456789012/farguard-bench',
  }
  const { stdout } = await run(process.execPath, [timeToReady, bundle], { env })
  const { ms } = JSON.parse(stdout) as { ms: number }
  return ms
}
