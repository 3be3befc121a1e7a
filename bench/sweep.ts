/** What a sweep over 10,000 running tasks costs: calls, to those that AWS's pages and batches make unavoidable, and memory. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import type { StoredRecord, Table } from '../shared/ports.ts'
import type { SweepReport } from '../shared/sweep/sweep.ts'
import { buildFunctions } from '../stack/build.ts'
import { stackFunctions } from '../stack/functions.ts'
import type { Figure } from './figure.ts'
import { config, type ManyTasks, manyTasks, tableName, taskCount } from './many-tasks.ts'

const run = promisify(execFile)
const sweepOnce = fileURLToPath(new URL('sweep-once.cjs', import.meta.url))

/** As serverless.yml has it. */
const memoryMb = 512
/** Lambda starts Node with the heap's limits at these shares of the function's memory; what V8 leaves uncollected depends on them. */
const asOnLambda = [
  `--max-semi-space-size=${Math.floor(memoryMb * 0.05)}`,
  `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
]

interface Swept {
  report: SweepReport
  ms: number
  peakMegabytes: number
  calls: string[]
}

/** Each sweep is the stack's bundle in a process of its own, through the SDK, over loopback. */
export async function measureSweep(): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const bundle = await sweepBundle(outdir)
    const account = await manyTasks(bundle)
    try {
      const first = await swept(bundle, account)
      const quiet = await swept(bundle, account)
      return [...figuresOfFirst(first), ...figuresOfQuiet(quiet, await unavoidable(account))]
    } finally {
      await account.close()
    }
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

async function sweepBundle(outdir: string): Promise<string> {
  const functions = stackFunctions().filter(({ name }) => name === 'sweep')
  const [bundle] = await buildFunctions(config, { outdir, functions })
  if (!bundle) throw new Error('serverless.yml lists no function sweep.')
  return bundle.file
}

async function swept(bundle: string, { environment, calls }: ManyTasks): Promise<Swept> {
  calls()
  const { stdout } = await run(process.execPath, [...asOnLambda, sweepOnce, bundle], {
    env: environment,
    maxBuffer: 2 ** 26,
  })
  const { report, ms, peakKilobytes } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1))
  if (report.failed.length + report.left.length > 0)
    throw new Error(`The sweep did not come to its end: ${[...report.failed, ...report.left].join('; ')}`)
  return { report, ms, peakMegabytes: peakKilobytes / 1024, calls: calls() }
}

function figuresOfFirst({ peakMegabytes, calls, ms }: Swept): Figure[] {
  const what = `the first sweep over ${taskCount} tasks, which puts them on record`
  return [
    {
      what,
      value: calls.length,
      unit: 'calls',
      details: [...listed(calls), `${(ms / 1000).toFixed(1)} s, on loopback`],
    },
    memory(peakMegabytes),
  ]
}

/** Throws when it made fewer calls than are unavoidable: then not all the tasks that it is about were running. */
function figuresOfQuiet({ peakMegabytes, calls, ms }: Swept, least: Record<string, number>): Figure[] {
  for (const [name, count] of Object.entries(least)) {
    const made = calls.filter(each => each === name).length
    if (made < count) throw new Error(`${name} was called ${made} times, which can't be: at least ${count} are needed.`)
  }
  const leastCalls = Object.values(least).reduce((sum, count) => sum + count, 0)
  const details = [
    ...listed(calls, least),
    `${(ms / 1000).toFixed(1)} s, on loopback; ${config.targets.length} targets`,
  ]
  const what = `the next sweep over ${taskCount} running tasks, to the calls that pages and batches make unavoidable`
  const writes = calls.filter(name => /Put|Update|Write|Delete|Send|Register|RunTask|StopTask/.test(name))
  return [
    { what, value: calls.length / leastCalls, unit: '×', atMost: 1.1, details },
    { what: 'its writes, with nothing to repair', value: writes.length, unit: 'calls', atMost: 0 },
    memory(peakMegabytes),
  ]
}

function memory(peakMegabytes: number): Figure {
  return {
    what: `its memory, with the heap limits of a Lambda of ${memoryMb} MB`,
    value: peakMegabytes,
    unit: 'MB',
    atMost: 256,
  }
}

/** AWS's own limits: tasks a page and a batch, megabytes of an answer of DynamoDB, services a call. */
async function unavoidable({ dynamo }: ManyTasks): Promise<Record<string, number>> {
  const table = dynamoDbTable(dynamo, tableName)
  const serviceCount = config.targets.filter(target => target.run.kind === 'service').length
  const keys = ['CLUSTER#demo', ...config.targets.map(({ name }) => `TARGET#${name}`)]
  let pages = 0
  for (const key of keys) pages += Math.max(1, Math.ceil((await leastBytes(table, key)) / 2 ** 20))
  return {
    // Of tasks that have stopped there is one page, empty or not.
    'EC2ContainerService.ListTasks': Math.ceil(taskCount / 100) + 1,
    'EC2ContainerService.DescribeTasks': Math.ceil(taskCount / 100),
    'EC2ContainerService.DescribeServices': Math.ceil(serviceCount / 10),
    'EC2ContainerRegistry.DescribeImages': config.targets.length,
    // What runs by the records, and one for each target's head.
    'DynamoDB.Query': pages + config.targets.length,
    'DynamoDB.GetItem': 1,
  }
}

/** No more than DynamoDB counts, which is names and values: punctuation, also that in texts, is left out. */
async function leastBytes(table: Table, runningKey: string): Promise<number> {
  let bytes = 0
  let from: string | undefined
  do {
    const page: { records: StoredRecord[]; next?: string } = await table.query({
      by: 'runningKey',
      equals: runningKey,
      ...(from !== undefined && { from }),
    })
    for (const record of page.records) bytes += Buffer.byteLength(JSON.stringify(record).replace(/["{}[\],:]/g, ''))
    from = page.next
  } while (from !== undefined)
  return bytes
}

/** `DynamoDB.Query ×31, at least 27` */
function listed(calls: readonly string[], least?: Record<string, number>): string[] {
  const groups = Map.groupBy(calls, name => name)
  const text = (name: string, made: number) => `${name} ×${made}${least ? `, at least ${least[name] ?? 0}` : ''}`
  return [...groups].map(([name, { length }]) => text(name, length)).sort()
}
