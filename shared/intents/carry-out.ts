/** One message of the control queue: a look that is due, or an operator's intent. */
import type { ControlMessage } from '../../events/control-message.ts'
import type { Config, Target } from '../config/config.ts'
import { carryOn } from '../deploy/advance.ts'
import { sendLook } from '../deploy/look.ts'
import { nextLook } from '../deploy/park.ts'
import { readTarget } from '../deploy/records.ts'
import { deployWanted } from '../deploy/sweep-images.ts'
import { combine, type Outcome } from '../outcome.ts'
import type { ScalingWorld, World } from '../ports.ts'
import { carryOutIntent } from './intents.ts'

export async function carryOut(message: ControlMessage, config: Config, world: ScalingWorld): Promise<Outcome> {
  if (message.kind === 'intent') return carryOutIntent(message, config, world)
  const target = config.targets.find(({ name }) => name === message.target)
  if (!target) return { kind: 'skipped', reason: 'no-such-target', detail: message.target }
  return message.deployment === undefined ? lookAtGate(target, world) : lookAtRollout(message.deployment, target, world)
}

/** One look leads to the next, as long as it is about the rollout that is under way: several of them at once do no harm, and end with it. */
async function lookAtRollout(deployment: number, target: Target, world: World): Promise<Outcome> {
  const { outcome, open } = await carryOn(target, world)
  if (!open || open.deployment !== deployment) return outcome
  await sendLook(target.name, deployment, new Date(world.clock.now().getTime() + open.lookInMs).toISOString(), world)
  // The next look tries again: the queue need not.
  return outcome.kind === 'retryable' ? { kind: 'skipped', reason: outcome.reason, detail: outcome.detail } : outcome
}

/** What waits goes if its gate has opened: the newest, whatever that is by now. */
async function lookAtGate(target: Target, world: World): Promise<Outcome> {
  const before = (await readTarget(world.table, target.name)).gate?.parked
  if (!before) return { kind: 'skipped', reason: 'nothing-waits' }
  const outcomes = await deployWanted(target.repository, [target], world)
  const { parked } = (await readTarget(world.table, target.name)).gate ?? {}
  const isSame = parked?.image.digest === before.image.digest && parked.until === before.until
  if (isSame) await sendLook(target.name, undefined, nextLook(parked, world.clock.now()), world)
  return combine([...outcomes.values()])
}
