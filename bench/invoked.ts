/** One invocation of one of the stack's bundles, in a process of its own as Lambda starts it: what it called, and the memory it took. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Config } from '../shared/config/config.ts'
import { buildFunctions } from '../stack/build.ts'
import { stackFunctions } from '../stack/functions.ts'
import type { Figure } from './figure.ts'
import type { ManyTasks } from './many-tasks.ts'

const run = promisify(execFile)
const invokeOnce = fileURLToPath(new URL('invoke-once.cjs', import.meta.url))

/** As serverless.yml has it for what runs on a schedule. */
const memoryMb = 512
/** Lambda starts Node with the heap's limits at these shares of the function's memory; what V8 leaves uncollected depends on them. */
const asOnLambda = [
  `--max-semi-space-size=${Math.floor(memoryMb * 0.05)}`,
  `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
]

export interface Invoked<Report> {
  report: Report
  ms: number
  /** Of the whole process, from its start. */
  cpuMs: number
  peakMegabytes: number
  calls: string[]
}

/** The bundle's path, in `outdir`, which is emptied first. */
export async function bundleOf(name: string, config: Config, outdir: string): Promise<string> {
  const functions = stackFunctions().filter(each => each.name === name)
  const [bundle] = await buildFunctions(config, { outdir, functions })
  if (!bundle) throw new Error(`serverless.yml lists no function ${name}.`)
  return bundle.file
}

export async function invoked<Report>(
  bundle: string,
  event: unknown,
  { environment, calls }: ManyTasks,
): Promise<Invoked<Report>> {
  calls()
  const { stdout } = await run(process.execPath, [...asOnLambda, invokeOnce, bundle, JSON.stringify(event)], {
    env: environment,
    maxBuffer: 2 ** 26,
  })
  const { peakKilobytes, ...measured } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1))
  return { ...measured, peakMegabytes: peakKilobytes / 1024, calls: calls() }
}

export function memory(peakMegabytes: number): Figure {
  return {
    what: `its memory, with the heap limits of a Lambda of ${memoryMb} MB`,
    value: peakMegabytes,
    unit: 'MB',
    atMost: 256,
  }
}

/** Throws when fewer calls were made than are unavoidable: then not all that it is about was there. */
export function toUnavoidable(
  what: string,
  calls: readonly string[],
  least: Record<string, number>,
  details: readonly string[],
): Figure {
  for (const [name, count] of Object.entries(least)) {
    const made = calls.filter(each => each === name).length
    if (made < count) throw new Error(`${name} was called ${made} times, which can't be: at least ${count} are needed.`)
  }
  const leastCalls = Object.values(least).reduce((sum, count) => sum + count, 0)
  return {
    what,
    value: calls.length / leastCalls,
    unit: '×',
    atMost: 1.1,
    details: [...listed(calls, least), ...details],
  }
}

/** `DynamoDB.Query ×31, at least 27` */
export function listed(calls: readonly string[], least?: Record<string, number>): string[] {
  const groups = Map.groupBy(calls, name => name)
  const text = (name: string, made: number) => `${name} ×${made}${least ? `, at least ${least[name] ?? 0}` : ''}`
  return [...groups].map(([name, { length }]) => text(name, length)).sort()
}
