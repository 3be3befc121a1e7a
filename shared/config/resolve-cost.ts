/** From `cost:` as it is written to what it means. */
import { bareConfig, type CostSettings } from './config.ts'
import type { CostInput } from './cost-schema.ts'
import { readPercent, sound } from './quantities.ts'

/** List prices, refreshed daily, where nothing else is said. */
export function resolveCost({ multiplier, spot, refresh }: CostInput = {}): CostSettings {
  return {
    multiplier: multiplier ?? bareConfig.cost.multiplier,
    ...(spot && { spot: resolveSpot(spot) }),
    refresh: refresh === undefined ? bareConfig.cost.refresh : refresh === 'daily',
  }
}

function resolveSpot({ discount, rates }: NonNullable<CostInput['spot']>): NonNullable<CostSettings['spot']> {
  if (discount !== undefined) return { discount: sound(readPercent, discount) / 100 }
  const regions = Object.entries(rates ?? {}).map(([region, { vcpu, gb }]) => [region, { perVcpu: vcpu, perGb: gb }])
  return { rates: Object.fromEntries(regions) }
}
