/** What a workload costs an hour, by the same prices and figures as the guard's plan. */
import { type Amount, sumOf } from '../../shared/cost/amount.ts'
import { readPrices } from '../../shared/cost/prices.ts'
import { costing } from '../../shared/guard/observe.ts'
import { configIfAny } from '../find.ts'
import type { Session } from '../session.ts'
import type { NamedWorkload } from './workload-named.ts'

/** Of what of it runs now. The Region is that of its tasks. */
export async function costPerHour({ tasks }: NamedWorkload, session: Session): Promise<Amount> {
  const region = /^arn:[^:]*:ecs:([^:]+):/.exec(tasks[0]?.arn ?? '')?.[1]
  const prices =
    region === undefined ? undefined : await readPrices(session.stack.table, region, configIfAny(session).cost)
  const costOf = costing(prices, await session.now())
  return sumOf(tasks.map(task => costOf(task).perHour))
}
