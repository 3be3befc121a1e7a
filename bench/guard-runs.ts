/** What whole guard runs over 10,000 running tasks cost: calls, to those that AWS's pages and batches make unavoidable, and memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BudgetsClient, CreateBudgetCommand } from '@aws-sdk/client-budgets'
import { bareConfig, type Config, type Guard, type IdleRule } from '../shared/config/config.ts'
import type { GuardRun } from '../shared/guard/records.ts'
import { cluster, guarded, targetsOf, tasksIn } from './account-shape.ts'
import type { Figure } from './figure.ts'
import { bundleOf, type Invoked, invoked, listed, memory, toUnavoidable } from './invoked.ts'
import { type ManyTasks, manyTasks, oldOnes } from './many-tasks.ts'

/** As many points as one call gives of 500 metrics, a minute each. */
const idle: IdleRule = { cpuPercent: 3, networkBytesPerSecond: 1000, windowMs: 3 * 3_600_000, coverage: 0.9 }

const guard: Guard = {
  mode: 'observe',
  clusters: [cluster],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 30 * 60_000,
  graceMs: 0,
  allowUnrestorable: true,
  rules: [
    { for: { by: 'all' }, label: 'all', idle },
    { for: { by: 'standalone' }, label: 'standalone', maxLifetimeMs: 3 * 86_400_000, maxCostUsd: 5 },
  ],
}

/** All that runs is idle, so that each metric is asked for and each service's protection too: the most that a run can have to ask. */
const observing: Config = {
  ...bareConfig,
  targets: targetsOf(guarded),
  budgets: [
    {
      name: 'reported',
      limit: { from: 'aws', budget: 'bench' },
      covers: [{ by: 'all' }],
      steps: [{ label: '80% of actual', percent: 80, of: 'actual', do: 'warn' }],
    },
    {
      name: 'metered',
      limit: { from: 'own', usd: 100, per: 'month' },
      covers: [{ by: 'all' }],
      steps: [{ label: '100% of projected', percent: 100, of: 'projected', do: 'stop-to-fit' }],
    },
  ],
  guard,
}

/** Stops what is marked as old, and asks for no other metric. */
const enforcing: Config = {
  ...observing,
  budgets: [],
  guard: {
    ...guard,
    mode: 'enforce',
    rules: [{ for: { by: 'tag', key: 'env', value: 'old' }, label: 'tag:env=old', idle }],
  },
}

const look = { kind: 'look' }

/** Each run is the stack's bundle in a process of its own, through the SDK, over loopback. */
export async function measureRuns(): Promise<Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'farguard-bench-'))
  try {
    const sweep = await bundleOf('sweep', observing, join(outdir, 'sweep'))
    const account = await manyTasks(sweep, guarded, observing)
    try {
      await createBudget(account)
      const observe = await bundleOf('guard-costs', observing, join(outdir, 'observe'))
      const first = await guardedRun(observe, account)
      const next = await guardedRun(observe, account)
      const stopping = await guardedRun(await bundleOf('guard-costs', enforcing, join(outdir, 'enforce')), account)
      return [...figuresOfObserving(first, next), ...figuresOfStopping(stopping)]
    } finally {
      await account.close()
    }
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

async function createBudget({ environment }: ManyTasks): Promise<void> {
  const client = new BudgetsClient({
    endpoint: environment.AWS_ENDPOINT_URL ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  const Budget = {
    BudgetName: 'bench',
    BudgetType: 'COST',
    TimeUnit: 'MONTHLY',
    BudgetLimit: { Amount: '100000', Unit: 'USD' },
  } as const
  await client.send(new CreateBudgetCommand({ AccountId: '123456789012', Budget }))
}

async function guardedRun(bundle: string, account: ManyTasks): Promise<Invoked<GuardRun>> {
  const run = await invoked<GuardRun>(bundle, look, account)
  const { counts, failed, problems, left } = run.report
  if (counts.notJudged + failed.length + problems.length + left > 0)
    throw new Error(`The guard did not come to its end: ${JSON.stringify(run.report).slice(0, 2000)}`)
  return run
}

function figuresOfObserving(first: Invoked<GuardRun>, next: Invoked<GuardRun>): Figure[] {
  const running = tasksIn(guarded)
  const { counts } = next.report
  const details = [
    `${seconds(next.ms)} s, ${seconds(next.cpuMs)} s of CPU, on loopback; ${counts.workloads} workloads`,
    `the first one, which also asks for prices: ${awsCalls(first).length} calls, ${seconds(first.ms)} s`,
  ]
  const what = `a guard run over ${running} running tasks, to the calls that pages and batches make unavoidable`
  return [
    toUnavoidable(what, awsCalls(next), unavoidable(), details),
    { what: 'its table calls', value: tableCalls(next).length, unit: 'calls', details: listed(tableCalls(next)) },
    memory(Math.max(first.peakMegabytes, next.peakMegabytes)),
  ]
}

/** Throws where it did not stop what it was to. */
function figuresOfStopping(run: Invoked<GuardRun>): Figure[] {
  const { stopped } = run.report
  if (stopped.length !== 2 * oldOnes) throw new Error(`${stopped.length} were stopped, and not ${2 * oldOnes}`)
  const details = [`${seconds(run.ms)} s, ${seconds(run.cpuMs)} s of CPU, with the pauses between stops`]
  const what = `one that stops ${oldOnes} services and ${oldOnes} standalone tasks, likewise`
  return [
    toUnavoidable(what, awsCalls(run), unavoidableToStop(), details),
    { what: 'its table calls', value: tableCalls(run).length, unit: 'calls', details: listed(tableCalls(run)) },
  ]
}

const { services, copies, foreign } = guarded
const serviceCount = services.count + foreign.services.count
const standalone = copies.count * copies.tasksEach + foreign.tasks

/** AWS's own limits: names a page, services, tasks and metrics a call. */
const toLook = {
  'EC2ContainerService.DescribeClusters': 1,
  'EC2ContainerService.ListServices': pages(serviceCount, 100),
  'EC2ContainerService.DescribeServices': pages(serviceCount, 10),
  'EC2ContainerService.ListTasks': pages(tasksIn(guarded), 100),
  'EC2ContainerService.DescribeTasks': pages(tasksIn(guarded), 100),
}

function unavoidable(): Record<string, number> {
  return {
    ...toLook,
    // CPU of each, and of its network what was received and what was sent.
    'GraniteServiceVersion.GetMetricData': pages(3 * (serviceCount + standalone), 500),
    // Which metrics the cluster has of services' network, and of standalone tasks' CPU and network.
    'GraniteServiceVersion.ListMetrics': 3,
    'EC2ContainerService.GetTaskProtection': pages(tasksIn(guarded) - standalone, 100),
    'AWSBudgetServiceGateway.DescribeBudgets': 1,
  }
}

/** Each is looked at once more right before it is stopped, and each service after that. */
function unavoidableToStop(): Record<string, number> {
  return {
    ...toLook,
    'EC2ContainerService.DescribeServices': toLook['EC2ContainerService.DescribeServices'] + 2 * oldOnes,
    'EC2ContainerService.DescribeTasks': toLook['EC2ContainerService.DescribeTasks'] + oldOnes,
    'GraniteServiceVersion.GetMetricData': pages(3 * 2 * oldOnes, 500),
    'GraniteServiceVersion.ListMetrics': 3,
    'EC2ContainerService.GetTaskProtection': pages(oldOnes * foreign.services.tasksEach, 100) + oldOnes,
    'AnyScaleFrontendService.DescribeScalableTargets': pages(oldOnes, 50),
    'EC2ContainerService.UpdateService': oldOnes,
    'EC2ContainerService.StopTask': oldOnes,
  }
}

function pages(count: number, each: number): number {
  return Math.ceil(count / each)
}

const isOfTable = (name: string) => name.startsWith('DynamoDB.')
const tableCalls = ({ calls }: Invoked<unknown>) => calls.filter(isOfTable)
const awsCalls = ({ calls }: Invoked<unknown>) => calls.filter(name => !isOfTable(name))
const seconds = (ms: number) => (ms / 1000).toFixed(1)
