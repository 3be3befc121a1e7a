/**
 * The guard's bundles against an AWS emulator that is not ours, moved there by AWS_ENDPOINT_URL alone. Skipped where moto is not
 * installed. Where moto 5.2.1 is not as AWS, so that nothing is learnt of the one from the other:
 * - Its services start no tasks: an hour of one costs nothing, and no task of one is protected (GetTaskProtection it does not know).
 * - Its tasks tell neither times nor sizes: how old they are and what they cost is not known, so that none stands alone that may be stopped.
 * - It does not tell when a service was created, only when its deployment was.
 * - PutMetricData takes the namespace AWS/ECS, which on AWS is AWS's alone. GetMetricData looks for a metric with dimensions in all
 *   namespaces, and ListMetrics gives what was put, however old or far ahead.
 * - A budget's spend is what it was created with, and 0 without: on AWS, spend that is not known is absent.
 * - It has no Price List, and answers with a page of HTML.
 */
import { ListTasksCommand } from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { autoscaling } from '../../shared/aws/autoscaling.ts'
import type { Budget, Config, Guard } from '../../shared/config/config.ts'
import { readDays } from '../../shared/cost/ledger-records.ts'
import type { GuardRun } from '../../shared/guard/records.ts'
import type { Suspended } from '../../shared/ports.ts'
import { config, service, task } from '../deploy/targets.ts'
import { furnishGuarded, optionsFor } from './guarded-account.ts'
import { isInstalled } from './moto.ts'
import { pushed, type StackOnMoto, stackOnMoto } from './stack-on-moto.ts'

const [minute, hour] = [60_000, 3_600_000]

const guard: Guard = {
  mode: 'observe',
  clusters: ['demo'],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: hour,
  graceMs: 0,
  allowUnrestorable: true,
  rules: [
    { for: { by: 'all' }, label: 'all', idle: { cpuPercent: 3, windowMs: hour, coverage: 0.9 } },
    { for: { by: 'target', name: 'copies' }, label: 'target:copies', idle: 'none', maxLifetimeMs: 2 * hour },
    { for: { by: 'standalone' }, label: 'standalone', idle: 'none', maxLifetimeMs: 2 * hour },
    { for: { by: 'tag', key: 'env', value: 'prod' }, label: 'tag:env=prod', isProtected: true },
  ],
}

const budgets: Budget[] = [
  {
    name: 'team',
    limit: { from: 'aws', budget: 'team-monthly' },
    covers: [{ by: 'target', name: 'web' }],
    steps: [{ label: '90% of actual', percent: 90, of: 'actual', do: 'hold-deploys' }],
  },
  {
    name: 'gone',
    limit: { from: 'aws', budget: 'no-such-budget' },
    covers: [{ by: 'all' }],
    steps: [{ label: '1% of actual', percent: 1, of: 'actual', do: 'stop-all' }],
  },
]

/** Of a quarter vCPU and half a GB on x86 in eu-central-1, by the committed table. */
const perHour = 0.25 * 0.04656 + 0.5 * 0.00511

const asBefore = { web: 1, idle: 1, busy: 1, half: 1, untold: 1, prod: 1 }

const none: Suspended = { in: false, out: false, scheduled: false }

describe.skipIf(!isInstalled)('the guard on moto', () => {
  let stack: StackOnMoto
  let its: Config & { guard: Guard }
  /** The one that stopped something. */
  let run: GuardRun

  beforeAll(async () => {
    let subnet = ''
    stack = await stackOnMoto(found => {
      subnet = found
      const network = { subnets: [subnet], securityGroups: [], publicIp: true }
      const verify = { withinMs: 15 * minute, settleMs: 0 }
      const copies = task({ name: 'copies', repository: 'acme/copies' }, { count: 2, network, verify })
      its = { ...config(service(), copies), budgets, guard }
      return its
    })
    await furnishGuarded(stack, subnet)
  }, 60_000)

  afterAll(() => stack?.close())

  const scaling = async (name: string) => (await autoscaling(optionsFor(stack)).targetsOf('demo', [name])).get(name)

  const counts = async () => {
    const of = async (name: string) => [name, await stack.desiredCountOf('demo', name)] as const
    return Object.fromEntries(await Promise.all(Object.keys(asBefore).map(of)))
  }

  const costOf = async (family: string) => {
    const today = stack.now().toISOString().slice(0, 10)
    const days = await readDays(stack.table, today, today)
    return days.flatMap(({ lines }) => lines).find(line => line.family === family)
  }

  const foreignTasks = async () => {
    const { taskArns = [] } = await stack.clients.ecs.send(
      new ListTasksCommand({ cluster: 'demo', desiredStatus: 'RUNNING' }),
    )
    return taskArns
  }

  test('in mode observe it says what it would stop, and why it does not judge the rest, and stops nothing', async () => {
    const run = await stack.guard()
    expect(run).toMatchObject({
      mode: 'observe',
      counts: { workloads: 8, keep: 2, notJudged: 4, stop: 2 },
      failed: [],
      left: 0,
    })
    expect(run.stopped).toMatchObject([
      {
        workload: 'service:demo/idle',
        reason: 'idle',
        detail: "CPU at most 0.4 % of 3 %, for 1 h, by its service's metrics",
      },
      { workload: 'target:copies', reason: 'lived-too-long' },
    ])
    expect(await counts()).toEqual(asBefore)
    expect(await stack.tasksOf('demo', 'copies')).toHaveLength(2)
    expect((await stack.known('web')).gate?.budgetHold).toBeUndefined()
  })

  test('where there is no Price List it says so in one line, and takes the figures that it has', async () => {
    const { problems } = await stack.guard()
    expect(problems).toEqual([expect.stringMatching(/^Prices of eu-central-1 were not refreshed at .*GetProducts/)])
    expect(problems.join()).not.toContain('\n')
    expect(await costOf('ended')).toMatchObject({ seconds: 1800, usd: expect.closeTo(0.5 * perHour, 9) })
  })

  test('what runs and does not tell its size has no known cost: not zero', async () => {
    expect((await stack.guard()).costPerHour).toEqual({ unknown: 'ECS does not tell its CPU and memory' })
    expect(await costOf('worker')).toMatchObject({ usd: 0, unknown: { why: expect.stringContaining('does not tell') } })
  })

  test('in mode enforce it stops just that, with its autoscaling suspended', async () => {
    await stack.configure({ ...its, guard: { ...guard, mode: 'enforce' } })
    run = await stack.guard()
    expect(run).toMatchObject({ mode: 'enforce', failed: [], left: 0 })
    expect(run.stopped.map(({ workload }) => workload)).toEqual(['service:demo/idle', 'target:copies'])
    expect(await counts()).toEqual({ ...asBefore, idle: 0 })
    expect(await scaling('idle')).toEqual({ min: 1, max: 4, suspended: { in: true, out: true, scheduled: true } })
    expect(await stack.tasksOf('demo', 'copies')).toEqual([])
    expect(await foreignTasks()).toHaveLength(1)
  })

  test('a budget that is reached holds deployments back; one that is missing stops nothing', async () => {
    expect((await stack.known('web')).gate?.budgetHold).toMatchObject({
      budget: 'team',
      detail: 'budget team: AWS reports $95.00 of $100.00 (95 %)',
    })
    await stack.invoke('deploy-image', pushed('acme/web', '1.1.0', await stack.push('acme/web', '1.1.0')))
    expect((await stack.known('web')).gate?.parked).toMatchObject({ reason: 'over-budget', image: { tag: '1.1.0' } })
  })

  test('the sweep does not start what is stopped, and the next run finds nothing further to do', async () => {
    stack.pass(11 * minute)
    expect((await stack.sweep()).failed).toEqual([])
    expect(await stack.tasksOf('demo', 'copies')).toEqual([])
    expect(await stack.guard()).toMatchObject({ counts: { parked: 2, stop: 0 }, stopped: [], woken: [], failed: [] })
  })

  test('undone, the service runs as it did, and undoing that again does no harm', async () => {
    const wish = { do: 'undo', what: 'service:demo/idle' } as const
    expect(await stack.intend(wish)).toMatchObject({ state: 'done', reason: 'undone' })
    expect(await counts()).toEqual(asBefore)
    expect(await scaling('idle')).toEqual({ min: 1, max: 4, suspended: none })
    expect(await stack.intend(wish)).toMatchObject({ state: 'done', woken: [] })
    expect(await counts()).toEqual(asBefore)
  })

  test('the whole run undone, its copies run again as well', async () => {
    expect(await stack.intend({ do: 'undo', what: run.id })).toMatchObject({ state: 'done', reason: 'undone' })
    expect((await stack.known('copies')).gate?.asleep).toBeUndefined()
    await stack.sweep()
    expect(await stack.tasksOf('demo', 'copies')).toHaveLength(2)
    expect(await counts()).toEqual(asBefore)
    // What is woken begins anew.
    expect(await stack.guard()).toMatchObject({ stopped: [], failed: [] })
  })
})
