/** One message of the control queue: a look that is due, or an operator's intent. */
import type { ControlMessage } from '../../events/control-message.ts'
import type { Config, Target } from '../config/config.ts'
import { carryOn } from '../deploy/advance.ts'
import { sendLook } from '../deploy/look.ts'
import { nextLook } from '../deploy/park.ts'
import { isOpen, type KnownTarget, readTarget } from '../deploy/records.ts'
import { deployWanted } from '../deploy/sweep-images.ts'
import { combine, type Outcome } from '../outcome.ts'
import type { ScalingWorld, World } from '../ports.ts'
import { keepCopies } from '../sweep/copies.ts'
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
  const known = await readTarget(world.table, target.name)
  const before = known.gate?.parked
  if (!before) return startCopies(target, known, world)
  const outcomes = await deployWanted(target.repository, [target], world)
  const { parked } = (await readTarget(world.table, target.name)).gate ?? {}
  const isSame = parked?.image.digest === before.image.digest && parked.until === before.until
  if (isSame) await sendLook(target.name, undefined, nextLook(parked, world.clock.now()), world)
  return combine([...outcomes.values()])
}

/** Copies that the guard let sleep until now: the sweep would start them, minutes later. */
async function startCopies(target: Target, known: KnownTarget, world: World): Promise<Outcome> {
  const { newest } = known
  const isUnderWay = newest !== undefined && (isOpen(newest) || newest.todo !== undefined)
  const started = isUnderWay ? [] : await keepCopies(target, known, undefined, world)
  return started.length === 0
    ? { kind: 'skipped', reason: 'nothing-waits' }
    : { kind: 'done', what: started.join('; ') }
}
