/** Looks once a minute at every service that has a policy, and scales it. */
import type { Timer } from '../clock.ts'
import type { AccountContext } from '../context.ts'
import type { Capacity } from './capacity.ts'
import type { ScalingPolicies, Utilization } from './policies.ts'
import { lowMinutes, type Movement, type Tracked, together, track } from './target-tracking.ts'
import type { ScalableTargets, TargetRecord } from './targets.ts'

export interface TrackerParts {
  context: Pick<AccountContext, 'clock'>
  targets: ScalableTargets
  policies: ScalingPolicies
  capacity: Capacity
  /** Average over a service's tasks in the latest whole minute, percent; undefined where nothing was measured. */
  utilization(cluster: string, service: string, metric: Utilization): number | undefined
}

interface History {
  minutes: Map<Utilization, (number | undefined)[]>
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
    const history: History = this.#histories.get(target.resourceId) ?? { minutes: new Map() }
    this.#histories.set(target.resourceId, history)
    this.#measure(target, new Set(policies.map(({ metric }) => metric)), history)
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
    const movements = policies.map(({ metric, tracking }) => ({
      movement: track(tracking, { ...tracked, minutes: history.minutes.get(metric) ?? [] }),
      isScaleInDisabled: tracking.isScaleInDisabled,
    }))
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

  #measure({ cluster, service }: TargetRecord, metrics: ReadonlySet<Utilization>, { minutes }: History): void {
    for (const metric of metrics) {
      const latest = [...(minutes.get(metric) ?? []), this.#parts.utilization(cluster, service, metric)]
      minutes.set(metric, latest.slice(-lowMinutes))
    }
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
