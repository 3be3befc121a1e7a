/** Which capacity each copy gets, and capacity that Fargate does not have for a while. */
import type { CapacityProviderStrategyItem } from '@aws-sdk/client-ecs'
import type { SimulatedClock } from '../clock.ts'

export type FargateCapacity = 'FARGATE' | 'FARGATE_SPOT'

/** For so many copies, or until a moment, Fargate has no room of this kind. */
export type Refusal = { capacityProvider: FargateCapacity } & ({ times: number } | { until: Date })

/** ECS's words, in RunTask's `failures` as in a service's events. */
export const capacityUnavailable =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone'

export class Capacity {
  readonly #clock: SimulatedClock
  #refusals: Refusal[] = []

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  refuse(refusal: Refusal): void {
    this.#refusals.push({ ...refusal })
  }

  /** Whether one more copy finds room; a refusal counted in copies is used up by asking. */
  takes(wanted: FargateCapacity): boolean {
    this.#refusals = this.#refusals.filter(one => ('times' in one ? one.times > 0 : one.until > this.#clock.now()))
    const refusal = this.#refusals.find(one => one.capacityProvider === wanted)
    if (refusal && 'times' in refusal) refusal.times -= 1
    return !refusal
  }
}

/**
 * The provider for each of `count` further copies: the base first, then by weight, always to the provider that is
 * furthest behind its share. `placed` tells how many copies each has already.
 */
export function spread(
  strategy: readonly CapacityProviderStrategyItem[],
  count: number,
  placed: ReadonlyMap<string, number> = new Map(),
): FargateCapacity[] {
  const has = new Map(placed)
  const chosen: FargateCapacity[] = []
  while (chosen.length < count) {
    const next = nextProvider(strategy, has)
    chosen.push(next)
    has.set(next, (has.get(next) ?? 0) + 1)
  }
  return chosen
}

function nextProvider(strategy: readonly CapacityProviderStrategyItem[], has: ReadonlyMap<string, number>) {
  const behindBase = strategy.find(item => (has.get(item.capacityProvider ?? '') ?? 0) < (item.base ?? 0))
  if (behindBase) return behindBase.capacityProvider as FargateCapacity
  const weighted = strategy.filter(item => (item.weight ?? 0) > 0)
  const fill = (item: CapacityProviderStrategyItem) => {
    const beyondBase = (has.get(item.capacityProvider ?? '') ?? 0) - (item.base ?? 0)
    return (beyondBase + 1) / (item.weight ?? 1)
  }
  const next = weighted.reduce((best, item) => (fill(item) < fill(best) ? item : best))
  return next.capacityProvider as FargateCapacity
}
