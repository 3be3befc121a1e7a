/** The plan that a guard run would take now: made by the very same code, and nothing is written. */
import type { Config } from '../config/config.ts'
import type { GuardWorld } from '../ports.ts'
import { readAccounts } from './money.ts'
import { see } from './observe.ts'
import type { Plan } from './plan.ts'
import { plan, remember } from './planning.ts'

/** Prices and the ledger are taken as the last run left them. */
export async function planOnly(config: Config, world: GuardWorld): Promise<Plan> {
  const seen = await see(config, world)
  const remembered = await remember(world)
  const { prices, budgets, problems } = await readAccounts(seen, remembered.acted, config, world)
  const { decided } = await plan(seen, prices, budgets, remembered, config, world)
  return { ...decided.plan, problems: [...decided.plan.problems, ...problems] }
}
