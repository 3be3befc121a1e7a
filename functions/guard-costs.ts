/** On a schedule, and when a budget notifies: meters what runs, judges it, and stops what must stop. */
import { autoscaling } from '../shared/aws/autoscaling.ts'
import { awsBudgets } from '../shared/aws/budgets.ts'
import { cloudWatchMetrics } from '../shared/aws/cloudwatch-metrics.ts'
import { priceList } from '../shared/aws/price-list.ts'
import { guard } from '../shared/guard/guard.ts'
import { guardHandler } from './guard-handler.ts'
import { surroundings } from './world.ts'

export const handler = guardHandler(guard, () => {
  const found = surroundings()
  const world = {
    ...found.world,
    scaling: autoscaling(),
    metrics: cloudWatchMetrics(),
    budgets: awsBudgets(),
    priceList: priceList(),
  }
  return { ...found, world }
})
