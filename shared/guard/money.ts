/** What a guard run does about money before it judges: prices, the ledger, budgets. */
import { clustersOf } from '../config/clusters.ts'
import type { Config } from '../config/config.ts'
import { readBudgets } from '../cost/budgets.ts'
import { type ClusterNow, keepLedger, type LedgerMeans, ledgerNow } from '../cost/ledger.ts'
import type { CostDay } from '../cost/ledger-records.ts'
import type { Metered } from '../cost/meter.ts'
import { type Prices, readPrices, refreshPrices } from '../cost/prices.ts'
import { silentTasks } from '../cost/silent-tasks.ts'
import { reachedSteps } from '../cost/steps.ts'
import { subjectsOfTasks, tagKeysOf } from '../cost/task-subject.ts'
import { asProblem } from '../deploy/problem.ts'
import type { GuardWorld } from '../ports.ts'
import type { BudgetFacts } from './facts.ts'
import { addressesOf, costing, type Seen, subjectsOfTargets } from './observe.ts'
import { priceDeployments } from './price-deployments.ts'

export interface Accounts {
  /** Absent where the Region is not known. */
  prices?: Prices
  budgets: BudgetFacts[]
  /** What could not be brought up to date; one line each. */
  problems: string[]
}

/** Brings prices and the ledger up to date, then reads the budgets. `recount`: also the hours that are summed up already. */
export async function account(
  seen: Seen,
  acted: Acted,
  recount: boolean,
  config: Config,
  world: GuardWorld,
  hasTime: () => boolean,
): Promise<Accounts> {
  const { place } = seen
  const still = atOneMoment(world)
  const prices = place && (await refreshPrices(world, place.region, config.cost))
  const problems = prices?.problem === undefined ? [] : [prices.problem]
  if (prices) {
    const keep: Metering = async ({ cluster, running }, means) => {
      const silent = recount ? await silentTasks(world.table, cluster, running, config) : []
      return keepLedger({ cluster, running, silent }, means, recount)
    }
    problems.push(...(await meterEach(keep, seen, prices, config, still, hasTime)))
    problems.push(...(await priceDeployments(seen, prices, config, world)))
  }
  return { ...(prices && { prices }), budgets: await budgetsOf(seen, prices, [], acted, config, still), problems }
}

/**
 * As `account`, of what is on record and what runs: nothing is written, and nobody is asked for prices. `fresh`: days of the ledger that are
 * newer than on record.
 */
export async function readAccounts(
  seen: Seen,
  acted: Acted,
  config: Config,
  world: GuardWorld,
): Promise<Accounts & { fresh: CostDay[] }> {
  const { place } = seen
  const prices = place && (await readPrices(world.table, place.region, config.cost))
  const fresh: CostDay[] = []
  const look: Metering = async (clusterNow, means) => {
    const days = await ledgerNow(clusterNow, means)
    fresh.push(...(days ?? []))
    return days !== undefined
  }
  const still = atOneMoment(world)
  const problems = prices ? await meterEach(look, seen, prices, config, still, () => true) : []
  const unwritten = { ...still, table: { ...world.table, put: async () => true } }
  return {
    ...(prices && { prices }),
    budgets: await budgetsOf(seen, prices, fresh, acted, config, unwritten),
    problems,
    fresh,
  }
}

/** A midnight between the two would begin a day that is not metered: what is held by a month's budget would be let go. */
function atOneMoment(world: GuardWorld): GuardWorld {
  const now = world.clock.now()
  return { ...world, clock: { now: () => now } }
}

type Acted = ReadonlyMap<string, ReadonlySet<string>>

/** Of one cluster; false when time ran out. */
type Metering = (clusterNow: ClusterNow, means: LedgerMeans) => Promise<boolean>

/** A ledger that can't be brought up to date makes what it says unknown, and is no reason not to judge. */
async function meterEach(
  meter: Metering,
  seen: Seen,
  prices: Prices,
  config: Config,
  world: GuardWorld,
  hasTime: () => boolean,
): Promise<string[]> {
  const problems: string[] = []
  const targets = subjectsOfTargets(seen, config)
  const subjectOf = subjectsOfTasks({ services: seen.services, targets }, config)
  for (const [cluster, running] of seen.tasks) {
    const publicIpOf = addressesOf(cluster, seen.services.get(cluster) ?? [], config)
    const now = world.clock.now()
    const means = { table: world.table, prices, now, subjectOf, publicIpOf, tagKeys: tagKeysOf(config), hasTime }
    try {
      const isDone = await meter({ cluster, running }, means)
      if (!isDone) problems.push(`what ${cluster} costs is not up to date: the next run goes on with it`)
    } catch (error) {
      const said = asProblem(error, `Metering cluster ${cluster}`)
      world.log.error('not metered', { cluster, error })
      problems.push(`what ${cluster} costs is not up to date: ${said instanceof Error ? said.message : String(error)}`)
    }
  }
  return problems
}

async function budgetsOf(
  seen: Seen,
  prices: Prices | undefined,
  fresh: readonly CostDay[],
  acted: Acted,
  config: Config,
  world: GuardWorld,
): Promise<BudgetFacts[]> {
  const now = world.clock.now()
  const subjectOf = subjectsOfTasks({ services: seen.services, targets: subjectsOfTargets(seen, config) }, config)
  const costOf = costing(prices, now)
  const tasks: Metered[] = [...seen.tasks.values()].flat()
  const running = tasks.map(task => ({ subject: subjectOf(task), costPerHour: costOf(task).perHour }))
  const unseen = clustersOf(config).filter(cluster => !seen.tasks.has(cluster))
  const place = { world, running, unseen, fresh, now, ...(seen.place && { accountId: seen.place.accountId }) }
  const states = await readBudgets(config, place)
  return states.map(state => {
    const { reached, unknown } = reachedSteps(state.budget, state.spend, acted.get(state.budget.name) ?? new Set())
    return { ...state, reached, unknown: unknown.map(({ step, why }) => `${step.label}: ${why}`) }
  })
}
