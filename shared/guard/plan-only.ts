/** What a guard run would find and do now: made by the very same code, and nothing is written. */
import { clustersOf } from '../config/clusters.ts'
import type { Config } from '../config/config.ts'
import { type Amount, sumOf } from '../cost/amount.ts'
import type { CostDay } from '../cost/ledger-records.ts'
import type { GuardWorld } from '../ports.ts'
import type { BudgetFacts } from './facts.ts'
import { readAccounts } from './money.ts'
import { costing, see } from './observe.ts'
import type { Plan } from './plan.ts'
import { plan, remember } from './planning.ts'

/** Prices are taken as the last run left them. */
export async function planOnly(config: Config, world: GuardWorld): Promise<Plan> {
  const seen = await see(config, world)
  const remembered = await remember(world)
  const { prices, budgets, problems } = await readAccounts(seen, remembered.acted, config, world)
  const { decided } = await plan(seen, prices, budgets, remembered, config, world)
  return { ...decided.plan, problems: [...decided.plan.problems, ...problems] }
}

export interface MoneyNow {
  /** All that runs on Fargate in the clusters of farguard.yml. */
  perHour: Amount
  budgets: BudgetFacts[]
  /** Days of the ledger that are newer than on record. */
  fresh: CostDay[]
  problems: string[]
}

/** What runs costs an hour, what it has cost, and how the budgets stand. No workload is judged. */
export async function moneyNow(config: Config, world: GuardWorld): Promise<MoneyNow> {
  const seen = await see(config, world)
  const { prices, budgets, fresh, problems } = await readAccounts(seen, new Map(), config, world)
  const costOf = costing(prices, world.clock.now())
  const unseen = clustersOf(config).find(cluster => !seen.tasks.has(cluster))
  const running = [...seen.tasks.values()].flat()
  const perHour =
    unseen === undefined
      ? sumOf(running.map(task => costOf(task).perHour))
      : { unknown: `what runs in cluster ${unseen} could not be looked at` }
  return { perHour, budgets, fresh, problems: [...seen.problems, ...problems] }
}
