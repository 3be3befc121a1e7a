/** What a sweep over 10,000 running tasks costs: calls, to those that AWS's pages and batches make unavoidable, and memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dynamoDbTable } from '../shared/aws/dynamodb-table.ts'
import { bareConfig, type Config } from '../shared/config/config.ts'
import type { StoredRecord, Table } from '../shared/ports.ts'
import type { SweepReport } from '../shared/sweep/sweep.ts'
import { deployed, targetsOf, tasksIn } from './account-shape.ts'
import type { Figure } from './figure.ts'
import { bundleOf, type Invoked, invoked, listed, memory, toUnavoidable } from './invoked.ts'
import { type ManyTasks, manyTasks, tableName } from './many-tasks.ts'

const config: Config = { ...bareConfig, targets: targetsOf(deployed) }
const taskCount = tasksIn(deployed)

type Swept = Invoked<SweepReport>

/** Each sweep is the stack's bundle in a process of its own, through the SDK, over loopback. */
export async function measureSweep(): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const bundle = await bundleOf('sweep', config, outdir)
    const account = await manyTasks(bundle, deployed, config)
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

async function swept(bundle: string, account: ManyTasks): Promise<Swept> {
  const sweep = await invoked<SweepReport>(bundle, {}, account)
  const { failed, left } = sweep.report
  if (failed.length + left.length > 0)
    throw new Error(`The sweep did not come to its end: ${[...failed, ...left].join('; ')}`)
  return sweep
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

function figuresOfQuiet({ peakMegabytes, calls, ms }: Swept, least: Record<string, number>): Figure[] {
  const what = `the next sweep over ${taskCount} running tasks, to the calls that pages and batches make unavoidable`
  const details = [`${(ms / 1000).toFixed(1)} s, on loopback; ${config.targets.length} targets`]
  const writes = calls.filter(name => /Put|Update|Write|Delete|Send|Register|RunTask|StopTask/.test(name))
  return [
    toUnavoidable(what, calls, least, details),
    { what: 'its writes, with nothing to repair', value: writes.length, unit: 'calls', atMost: 0 },
    memory(peakMegabytes),
  ]
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
