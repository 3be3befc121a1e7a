/** What a guard run has at hand once it has asked everybody: of an account of any shape, without one. */
import { type Budget, bareConfig, type Config, type Guard } from '../shared/config/config.ts'
import { sumOf } from '../shared/cost/amount.ts'
import { hoursLeft } from '../shared/cost/periods.ts'
import { priceTable } from '../shared/cost/price-table.ts'
import type { Prices } from '../shared/cost/prices.ts'
import type { Spend } from '../shared/cost/spend.ts'
import { reachedSteps } from '../shared/cost/steps.ts'
import { isCovered } from '../shared/cost/subject.ts'
import type { KnownTarget } from '../shared/deploy/records.ts'
import type { Activity, SignalEvidence } from '../shared/guard/activity.ts'
import type { BudgetFacts, Facts } from '../shared/guard/facts.ts'
import type { Remembered } from '../shared/guard/memory.ts'
import { costing, subjectsOfTargets } from '../shared/guard/observe.ts'
import type { Workload } from '../shared/guard/workload.ts'
import { type Seen, workloadsOf } from '../shared/guard/workloads.ts'
import type { Service, Task } from '../shared/ports.ts'
import { type AccountShape, cluster, targetsOf } from './account-shape.ts'

const region = 'eu-central-1'
const arn = (what: string) => `arn:aws:ecs:${region}:123456789012:${what}`

export const now = new Date('2026-03-10T22:00:00Z')
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString()

/** One of each kind of rule. */
const guard: Guard = {
  mode: 'enforce',
  clusters: [cluster],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 3_600_000,
  graceMs: 24 * 3_600_000,
  allowUnrestorable: true,
  limits: { stops: 2000, share: 0.5 },
  rules: [
    {
      for: { by: 'all' },
      label: 'all',
      idle: { cpuPercent: 3, networkBytesPerSecond: 1000, windowMs: 6 * 3_600_000, coverage: 0.9 },
    },
    { for: { by: 'standalone' }, label: 'standalone', maxLifetimeMs: 3 * 86_400_000, maxCostUsd: 5 },
    {
      for: { by: 'tag', key: 'env', value: 'dev' },
      label: 'tag:env=dev',
      importance: 'expendable',
      hours: [
        {
          label: 'Mon 07:00 - Sun 20:00 Europe/Berlin',
          timeZone: 'Europe/Berlin',
          kind: 'weekly',
          from: { day: 1, minute: 420 },
          to: { day: 7, minute: 1200 },
        },
      ],
    },
    { for: { by: 'family', name: 'family-7' }, label: 'family:family-7', idle: 'none' },
    { for: { by: 'tag', key: 'env', value: 'prod' }, label: 'tag:env=prod', isProtected: true },
  ],
}

const budgets: Budget[] = [
  {
    name: 'all',
    limit: { from: 'own', usd: 100_000, per: 'month' },
    covers: [{ by: 'all' }],
    steps: [{ label: '80% of projected', percent: 80, of: 'projected', do: 'warn' }],
  },
  {
    name: 'dev',
    limit: { from: 'own', usd: 1_000, per: 'month' },
    covers: [{ by: 'standalone' }, { by: 'tag', key: 'env', value: 'dev' }],
    steps: [{ label: '100% of projected', percent: 100, of: 'projected', do: 'stop-to-fit' }],
  },
]

export interface AtHand {
  config: Config & { guard: Guard }
  seen: Seen
  facts: Facts
}

/** One workload in three is idle, one busy, and of the third there is no data. */
export function atHand(shape: AccountShape): AtHand {
  const config: AtHand['config'] = { ...bareConfig, targets: targetsOf(shape), budgets, guard }
  const tasks = tasksOf(shape)
  const services = new Map([[cluster, servicesOf(shape)]])
  const prices: Prices = {
    region,
    list: priceTable[region] ?? {},
    asOf: ago(1),
    source: 'table',
    settings: config.cost,
  }
  const targets = new Map(config.targets.map(({ name }): [string, KnownTarget] => [name, {}]))
  const seen = { tasks, services, targets, costOf: costing(prices, now) }
  const whole = { tasks: new Map([[cluster, tasks]]), services, targets, families: new Map(), problems: [] }
  const workloads = workloadsOf(seen, config)
  const facts: Facts = {
    workloads,
    clusters: new Set([cluster]),
    parked: [],
    subjects: { targets: subjectsOfTargets(whole, config), parked: new Map() },
    activities: new Map(workloads.map(({ id }, nth) => [id, activity(nth)])),
    memory: new Map(workloads.map(({ id }, nth) => [id, remembered(nth)])),
    keeps: [],
    protected: new Map(),
    recentStops: [],
    budgets: budgets.map(budget => budgetFacts(budget, workloads)),
    holding: [],
    problems: [],
  }
  return { config, seen, facts }
}

function tasksOf({ services, copies, foreign }: AccountShape): Task[] {
  const tasks: Task[] = []
  const add = (family: string, of: Partial<Task>) => tasks.push(taskOf(tasks.length, family, of))
  for (let nth = 1; nth <= services.count; nth++)
    for (let task = 0; task < services.tasksEach; task++) add(`service-${nth}`, { group: `service:service-${nth}` })
  for (let nth = 1; nth <= foreign.services.count; nth++)
    for (let task = 0; task < foreign.services.tasksEach; task++) add('other', { group: `service:other-${nth}` })
  for (let nth = 1; nth <= copies.count; nth++)
    for (let task = 0; task < copies.tasksEach; task++) add('worker', { startedBy: `fg/worker-${nth}/k3v9qa01` })
  for (let nth = 0; nth < foreign.tasks; nth++) add(`family-${nth % 100}`, { startedBy: 'somebody' })
  return tasks
}

/** As ECS tells of it. */
function taskOf(nth: number, family: string, of: Partial<Task>): Task {
  return {
    arn: arn(`task/${cluster}/${nth.toString(16).padStart(32, '0')}`),
    cluster,
    version: 4,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    group: `family:${family}`,
    revision: arn(`task-definition/${family}:7`),
    launchType: 'FARGATE',
    cpu: 256 * (1 + (nth % 4)),
    memoryMib: 2048,
    ephemeralStorageGib: 20,
    architecture: 'arm64',
    platformFamily: 'Linux',
    createdAt: ago(30 + (nth % 60)),
    pullStartedAt: ago(30 + (nth % 60)),
    startedAt: ago(30 + (nth % 60)),
    containers: [],
    tags: tagsOf(nth),
    ...of,
  }
}

function tagsOf(nth: number): Record<string, string> {
  return { env: ['dev', 'test', 'prod', 'dev'][nth % 4] ?? 'dev', team: `team-${nth % 20}` }
}

function servicesOf({ services, foreign }: AccountShape): Service[] {
  const of = (prefix: string, { count, tasksEach }: AccountShape['services']) =>
    Array.from({ length: count }, (_, nth) => serviceOf(`${prefix}-${nth + 1}`, nth, tasksEach))
  return [...of('service', services), ...of('other', foreign.services)]
}

function serviceOf(name: string, nth: number, copies: number): Service {
  const revision = arn(`task-definition/${name}:7`)
  return {
    name,
    arn: arn(`service/${cluster}/${name}`),
    status: 'ACTIVE',
    launchType: 'FARGATE',
    capacityProviders: [],
    controller: 'ECS',
    revision,
    desiredCount: copies,
    runningCount: copies,
    pendingCount: 0,
    createdAt: new Date(ago(1000)),
    tags: tagsOf(nth),
    deployments: [{ id: 'ecs-svc/1', status: 'PRIMARY', revision, rolloutState: 'COMPLETED', failedTasks: 0 }],
  }
}

const states = ['quiet', 'busy', 'no-data'] as const

function activity(nth: number): Activity {
  const state = states[nth % 3] ?? 'quiet'
  const points = state === 'no-data' ? 0 : 180
  const evidence = (signal: 'cpu' | 'network', threshold: number): SignalEvidence => ({
    signal,
    tier: 'task',
    state,
    threshold,
    ...(points > 0 && { highest: state === 'busy' ? threshold * 9 : threshold / 3 }),
    points,
    expected: 180,
  })
  const signals = [evidence('cpu', 3), evidence('network', 1000)]
  return { signals, ...(state === 'busy' && { busyAt: ago(2) }) }
}

function remembered(nth: number): Remembered {
  return nth % 2 === 0 ? { warned: { idle: ago(nth % 48) } } : { busyAt: ago(7) }
}

/** Half of what the rest of the month would cost is too much. */
function budgetFacts(budget: Budget, workloads: readonly Workload[]): BudgetFacts {
  const covered = workloads.filter(({ subject }) => isCovered(budget.covers, subject) === true)
  const period = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' }
  const perHour = sumOf(covered.map(({ costPerHour }) => costPerHour))
  const usd = 'usd' in perHour ? perHour.usd : Number.NaN
  const left = usd * hoursLeft(period, now)
  const metered = usd * 200
  const spend: Spend = {
    period,
    limit: { usd: metered + left / 2 },
    metered: { usd: metered },
    perHour,
    projected: { usd: metered + left },
  }
  const { reached, unknown } = reachedSteps(budget, spend, new Set())
  return { budget, spend, reached, unknown: unknown.map(({ why }) => why) }
}
