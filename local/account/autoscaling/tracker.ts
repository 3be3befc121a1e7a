/** Looks once a minute at every service that has a policy, and scales it. */
import type { Timer } from '../clock.ts'
import type { AccountContext } from '../context.ts'
import type { Capacity } from './capacity.ts'
import type { ScalingPolicies, Utilization } from './policies.ts'
import { type Movement, minutesLookedAt, type Tracked, together, track } from './target-tracking.ts'
import type { ScalableTargets, TargetRecord } from './targets.ts'

export interface TrackerParts {
  context: Pick<AccountContext, 'clock'>
  targets: ScalableTargets
  policies: ScalingPolicies
  capacity: Capacity
  measured: Measured
}

/** Average over a service's tasks in each of the latest `count` whole minutes, percent, the newest last. */
export type Measured = (
  cluster: string,
  service: string,
  metric: Utilization,
  count: number,
) => Promise<readonly (number | undefined)[]>

interface History {
  lastOut?: { at: number; from: number }
  lastIn?: { at: number }
}

const minuteMs = 60_000

export class Tracker {
  readonly #parts: TrackerParts
  readonly #histories = new Map<string, History>()
  #timer: Timer | undefined

  constructor(parts: TrackerParts) {
    this.#parts = parts
  }

  /** To be told when a policy came: without any it leaves the clock alone. */
  start(): void {
    if (this.#timer || this.#parts.policies.isEmpty) return
    const { clock } = this.#parts.context
    this.#timer = clock.after(minuteMs - (clock.now().getTime() % minuteMs), async () => {
      this.#timer = undefined
      // Looks go on, whatever comes of this one.
      this.start()
      for (const target of this.#parts.targets.all()) await this.#look(target)
    })
  }

  forget(resourceId: string): void {
    this.#histories.delete(resourceId)
  }

  async #look(target: TargetRecord): Promise<void> {
    const policies = this.#parts.policies.of(target.resourceId)
    if (policies.length === 0) return
    const history: History = this.#histories.get(target.resourceId) ?? {}
    this.#histories.set(target.resourceId, history)
    const service = await this.#parts.capacity.read(target)
    if (!service) return
    const tracked: Omit<Tracked, 'minutes'> = {
      desired: service.desired,
      min: target.min,
      max: target.max,
      now: this.#parts.context.clock.now().getTime(),
      ...(history.lastOut && { lastOut: history.lastOut }),
      ...(history.lastIn && { lastIn: history.lastIn }),
    }
    const movements: Parameters<typeof together>[0][number][] = []
    for (const { metric, tracking } of policies) {
      const minutes = await this.#parts.measured(target.cluster, target.service, metric, minutesLookedAt)
      const movement = track(tracking, { ...tracked, minutes })
      movements.push({ movement, isScaleInDisabled: tracking.isScaleInDisabled })
    }
    const movement = together(movements)
    if (!isAllowed(movement, target, service.isDeploying)) return
    if (movement.kind === 'out') {
      history.lastOut = { at: tracked.now, from: service.desired }
      // Scaling out ends the wait for the next scaling in.
      delete history.lastIn
    } else history.lastIn = { at: tracked.now }
    const by = policies.find((_, nth) => movements[nth]?.movement.kind === movement.kind)
    const alarm = `TargetTracking-${target.resourceId}-Alarm${movement.kind === 'out' ? 'High' : 'Low'}`
    await this.#parts.capacity.set(
      target,
      movement.to,
      `monitor alarm ${alarm} in state ALARM triggered policy ${by?.name}`,
    )
  }
}

/** While ECS deploys, a service is scaled out but not in. */
function isAllowed(
  movement: Movement,
  { suspended }: TargetRecord,
  isDeploying: boolean,
): movement is Exclude<Movement, { kind: 'stay' }> {
  if (movement.kind === 'stay') return false
  return movement.kind === 'out' ? !suspended.out : !suspended.in && !isDeploying
}
