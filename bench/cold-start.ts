/** How long the functions' bundles take to be ready, as ratios to a handler that only has their SDK clients. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bareConfig, type Config, type FreezeWindow, type Target } from '../shared/config/config.ts'
import { type Bundle, buildFunctions } from '../stack/build.ts'
import { stackConfig } from '../stack/config.ts'
import { type StackFunction, stackFunctions } from '../stack/functions.ts'
import { type BenchOptions, type Figure, median } from './figure.ts'

const run = promisify(execFile)
const timeToReady = fileURLToPath(new URL('time-to-ready.cjs', import.meta.url))

/** Ready would mean that they have made their run: they have no empty batch to answer. Nobody waits for their start either. */
const scheduled = new Set(['sweep', 'guard-costs'])

/** The functions that every push and every task wakes. */
const eventful = new Set(['deploy-image', 'record-task'])

/** A bundle, and the milliseconds of each of its starts. */
interface Measured {
  bundle: Bundle
  ms: number[]
}

/** Ready: loaded, and an empty batch answered, for which the clients and the world are made and the middleware runs. */
export async function measureColdStart({ pairs }: BenchOptions): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const { bare, functions, withPatterns, withWindows } = await bundled(outdir)
    const queued = functions.filter(({ name }) => !scheduled.has(name))
    const [base, ...others] = await startedInTurn([bare, ...queued, withPatterns, withWindows], pairs)
    if (!base) throw new Error('Nothing was measured.')
    const ratio = (what: string, { bundle, ms }: Measured): Figure => ({
      what,
      value: median(ms.map((each, pair) => each / (base.ms[pair] ?? Number.NaN))),
      unit: '×',
      details: [
        `medians of ${pairs} processes each: ${median(ms).toFixed(0)} ms to ${median(base.ms).toFixed(0)} ms`,
        `bundles: ${kilobytes(bundle)} KB to ${kilobytes(bare)} KB`,
      ],
    })
    const of = (bundle: Bundle) => others.find(each => each.bundle === bundle) ?? { bundle, ms: [] }
    return [
      ...queued.map(bundle => ({
        ...ratio(`${bundle.name}, import to ready, to a bare handler with ${clientsOf(bundle, bare)}`, of(bundle)),
        ...(eventful.has(bundle.name) && { atMost: 1.3 }),
      })),
      ratio('deploy-image, for a farguard.yml with glob: or regex: policies', of(withPatterns)),
      ratio('deploy-image, for a farguard.yml with freeze windows', of(withWindows)),
      ...functions
        .filter(({ name }) => scheduled.has(name))
        .map(bundle => ({ what: `${bundle.name}, its bundle`, value: kilobytes(bundle), unit: 'KB' })),
    ]
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

/** In turn, so that whatever else the machine does strikes all alike. */
async function startedInTurn(bundles: readonly Bundle[], rounds: number): Promise<Measured[]> {
  const measured = bundles.map((bundle): Measured => ({ bundle, ms: [] }))
  // The first of each only warms the disk's cache.
  for (const { file } of bundles) await timed(file)
  for (let round = 0; round < rounds; round++) for (const { bundle, ms } of measured) ms.push(await timed(bundle.file))
  return measured
}

function kilobytes({ bytes }: Bundle): number {
  return Math.round(bytes / 1024)
}

/** All made by the stack's own build. Throws when the bare handler has fallen behind what the functions import. */
async function bundled(outdir: string) {
  const plain: Partial<Target> = { tags: { kind: 'semver', range: '^1' }, gates: gatesOf([]) }
  const build = async (name: string, change: Partial<Target>, functions: readonly StackFunction[]) =>
    buildFunctions(configWith(change), { outdir: join(outdir, name), functions })
  const one = async (name: string, change: Partial<Target>, of: StackFunction | undefined): Promise<Bundle> => {
    const [bundle] = of ? await build(name, change, [of]) : []
    if (!bundle) throw new Error('serverless.yml lists no function deploy-image.')
    return bundle
  }
  const deployImage = stackFunctions().find(({ name }) => name === 'deploy-image')
  const bareHandler = { name: 'bare-handler', entry: fileURLToPath(new URL('bare-handler.ts', import.meta.url)) }
  const bare = await one('bare', plain, bareHandler)
  const functions = await build('functions', plain, stackFunctions())
  for (const bundle of functions) requireSameClients(bundle, bare)
  return {
    bare,
    functions,
    withPatterns: await one('patterns', { ...plain, tags: { kind: 'glob', pattern: 'release-*' } }, deployImage),
    withWindows: await one('windows', { ...plain, gates: gatesOf([weekend]) }, deployImage),
  }
}

/** farguard.yml's targets, each with the change. */
function configWith(change: Partial<Target>): Config {
  return { ...bareConfig, targets: stackConfig().targets.map(target => ({ ...target, ...change })) }
}

function gatesOf(freeze: FreezeWindow[]): Target['gates'] {
  return { freeze, minimumAgeMs: 0, needsApproval: false }
}

const weekend: FreezeWindow = {
  label: 'Fri 16:00 - Mon 08:00 Europe/Berlin',
  timeZone: 'Europe/Berlin',
  kind: 'weekly',
  from: { day: 5, minute: 16 * 60 },
  to: { day: 1, minute: 8 * 60 },
}

/** The functions that every event wakes are measured by what they take of the SDK, neither more nor less. */
function requireSameClients(bundle: Bundle, bare: Bundle): void {
  const [ours, others] = [sdkModules(bundle), sdkModules(bare)]
  const isSame = eventful.has(bundle.name) ? ours.join() === others.join() : others.every(each => ours.includes(each))
  if (isSame) return
  throw new Error(
    `bench/bare-handler.ts must import the clients and commands that ${bundle.name} does.\nIt has ${others.join(', ')}\n${bundle.name} has ${ours.join(', ')}`,
  )
}

/** For people: what the bare handler has of the bundle's clients. */
function clientsOf(bundle: Bundle, bare: Bundle): string {
  const known = sdkModules(bare)
  const missing = sdkModules(bundle).filter(each => each.endsWith('Client') && !known.includes(each))
  return missing.length === 0 ? 'the same clients' : `the same clients but for ${missing.join(' and ')}`
}

/** Clients and commands: the modules of the SDK that a handler picks itself. */
function sdkModules({ inputs }: Bundle): string[] {
  return inputs
    .flatMap(input => /@aws-sdk\/(?:client-|lib-)[^/]+\/.*?(\w+(?:Command|Client))\.js$/.exec(input)?.[1] ?? [])
    .sort()
}

async function timed(bundle: string): Promise<number> {
  const queue = 'https://sqs.eu-central-1.amazonaws.com/123456789012/farguard-bench'
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    FARGUARD_TABLE: 'farguard-bench',
    FARGUARD_CONTROL: queue,
    FARGUARD_DEAD_LETTERS: queue,
  }
  const { stdout } = await run(process.execPath, [timeToReady, bundle], { env })
  const { ms } = JSON.parse(stdout) as { ms: number }
  return ms
}
