/** How long the deploy-image bundle takes to be ready, as a ratio to a handler that only has its SDK clients. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Config, TagPolicy } from '../shared/config/config.ts'
import { type Bundle, buildFunctions } from '../stack/build.ts'
import { stackConfig } from '../stack/config.ts'
import { type StackFunction, stackFunctions } from '../stack/functions.ts'
import { type BenchOptions, type Figure, median } from './figure.ts'

const run = promisify(execFile)
const timeToReady = fileURLToPath(new URL('time-to-ready.cjs', import.meta.url))

const runsInTurn = ['bare', 'ours', 'patterns'] as const

/** Ready: loaded, and an empty batch answered, for which the clients and the world are made and the middleware runs. */
export async function measureColdStart({ pairs }: BenchOptions): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const bundles = await bundled(outdir)
    // The first of each only warms the disk's cache.
    for (const which of runsInTurn) await timed(bundles[which].file)
    const measured = { bare: [] as number[], ours: [] as number[], patterns: [] as number[] }
    // In turn, so that whatever else the machine does strikes all alike.
    for (let pair = 0; pair < pairs; pair++)
      for (const which of runsInTurn) measured[which].push(await timed(bundles[which].file))
    const figure = (what: string, which: 'ours' | 'patterns'): Figure => ({
      what,
      value: median(measured[which].map((ms, pair) => ms / (measured.bare[pair] ?? Number.NaN))),
      unit: '×',
      details: [
        `medians of ${pairs} processes each: ${median(measured[which]).toFixed(0)} ms to ${median(measured.bare).toFixed(0)} ms`,
        `bundles: ${kilobytes(bundles[which])} to ${kilobytes(bundles.bare)}`,
      ],
    })
    return [
      { ...figure('deploy-image, import to ready, to a bare handler with the same clients', 'ours'), atMost: 1.3 },
      figure('the same, for a farguard.yml with glob: or regex: policies', 'patterns'),
    ]
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

function kilobytes({ bytes }: Bundle): string {
  return `${Math.round(bytes / 1024)} KB`
}

/** All made by the stack's own build. Throws when the bare handler has fallen behind what deploy-image imports. */
async function bundled(outdir: string): Promise<{ bare: Bundle; ours: Bundle; patterns: Bundle }> {
  const config = stackConfig()
  const withTags = (tags: TagPolicy): Config => ({ targets: config.targets.map(target => ({ ...target, tags })) })
  const deployImage = stackFunctions().filter(({ name }) => name === 'deploy-image')
  const bareHandler = { name: 'bare-handler', entry: fileURLToPath(new URL('bare-handler.ts', import.meta.url)) }
  const build = async (of: Config, name: string, functions: StackFunction[]) => {
    const [bundle] = await buildFunctions(of, { outdir: join(outdir, name), functions })
    if (!bundle) throw new Error('serverless.yml lists no function deploy-image.')
    return bundle
  }
  const ours = await build(withTags({ kind: 'semver', range: '^1' }), 'ours', deployImage)
  const patterns = await build(withTags({ kind: 'glob', pattern: 'release-*' }), 'patterns', deployImage)
  const bare = await build(config, 'bare', [bareHandler])
  const [inOurs, inBare] = [sdkModules(ours), sdkModules(bare)]
  if (inOurs.join() !== inBare.join())
    throw new Error(
      `bench/bare-handler.ts must import the clients and commands that deploy-image does.\nIt has ${inBare.join(', ')}\ndeploy-image has ${inOurs.join(', ')}`,
    )
  return { bare, ours, patterns }
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
