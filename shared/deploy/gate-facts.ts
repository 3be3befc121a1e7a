/** Whether a target's gates are open for an image: what deciding that needs is looked up here. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { type Gate, type GateFacts, gate } from './gates.ts'
import type { DeployedImage, TargetGate } from './records.ts'

/** A scan is asked for only when every other gate is open. */
export async function gateOf(
  image: DeployedImage,
  known: TargetGate | undefined,
  target: Target,
  world: World,
): Promise<Exclude<Gate, { isOpen: 'ask-scan' }>> {
  const now = world.clock.now()
  const parked = known?.parked?.image.digest === image.digest ? known.parked : undefined
  const facts: GateFacts = {
    image,
    ...(known?.hold && { hold: known.hold }),
    ...(known?.budgetHold && { budgetHold: known.budgetHold }),
    ...(known?.asleep && { asleep: known.asleep }),
    isApproved: known?.approvals.some(({ digest }) => digest === image.digest) ?? false,
    scan: 'not-asked',
    ...(parked && { heldSince: parked.since }),
  }
  const first = gate(target.gates, facts, now)
  if (first.isOpen !== 'ask-scan') return first
  const scan = await world.registry.scanOf(image.repository, image.digest)
  const second = gate(target.gates, { ...facts, scan }, now)
  if (second.isOpen === 'ask-scan') throw new TypeError('The scan gate asks for a scan that it was given')
  return second
}
