/** Brings on the rollouts that ECS's events are about. */
import type { Config, Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { attempt } from './attempt.ts'

/** Brings a target's rollout on as far as it goes. May be called at any time, and again. */
export type Advance = (target: Target, world: World) => Promise<Outcome>

/** What events are worked on with. */
export interface Means {
  config: Config
  world: World
  advance: Advance
  /** False once nothing further is to be begun. */
  hasTime: () => boolean
}

export const outOfTime: Outcome = {
  kind: 'retryable',
  reason: 'out-of-time',
  detail: 'Not begun: too little time was left',
}

/** Outcomes by the target's name. One target after the other: each makes calls of its own, which AWS throttles together. */
export async function advanceEach(targets: readonly Target[], means: Means): Promise<Map<string, Outcome>> {
  const { world, advance, hasTime } = means
  const outcomes = new Map<string, Outcome>()
  for (const target of targets) {
    const call = () => advance(target, world)
    const advanced = hasTime() ? await attempt(call, `Advancing ${target.name}`, world) : { failed: outOfTime }
    const outcome = 'failed' in advanced ? advanced.failed : advanced.value
    outcomes.set(target.name, isForLater(outcome) ? notAdvanced(target, outcome, world) : outcome)
  }
  return outcomes
}

type NotAdvanced = Outcome & { kind: 'permanent' | 'retryable' }

/** What may take an hour is asked for by the rollout's own looks: by then the event would be among the dead letters. */
const waitedFor = new Set(['no-capacity', 'cluster-provisioning'])

function isForLater(outcome: Outcome): outcome is NotAdvanced {
  return outcome.kind === 'permanent' || (outcome.kind === 'retryable' && waitedFor.has(outcome.reason))
}

/** The event was a hint, and what failed is the rollout's matter, which the sweep comes to again: no reason to set the event aside. */
function notAdvanced(target: Target, { reason, detail }: NotAdvanced, { log }: World): Outcome {
  log.error('not advanced', { target: target.name, reason, detail })
  return { kind: 'skipped', reason, detail }
}
