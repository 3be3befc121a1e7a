/** Which deployments a budget holds back, on the gates of their targets: pushes find it there without asking anybody. */
import type { Config } from '../config/config.ts'
import { changeGate } from '../deploy/park.ts'
import type { KnownTarget, TargetGate } from '../deploy/records.ts'
import type { World } from '../ports.ts'
import type { DeployHold } from './plan.ts'

type Hold = NonNullable<TargetGate['budgetHold']>

/** Only gates that change are written. What waits at one that opens goes: its look is sent. Gives what changed, one line each. */
export async function holdDeployments(
  holds: readonly DeployHold[],
  known: ReadonlyMap<string, KnownTarget>,
  { targets }: Config,
  world: World,
): Promise<string[]> {
  const at = world.clock.now().toISOString()
  const changed: string[] = []
  for (const { name } of targets) {
    const hold = holds.find(each => each.target === name)
    const before = known.get(name)?.gate?.budgetHold
    if (hold && isSame(before, hold)) continue
    if (!hold && !before) continue
    const { target: _target, ...what } = hold ?? { target: name }
    const budgetHold = hold && ({ ...what, at } as Hold)
    await changeGate(name, world, gate => {
      const { budgetHold: _before, ...rest } = gate
      return budgetHold ? { ...rest, budgetHold } : rest
    })
    changed.push(hold ? `${name}: deployments wait: ${hold.detail}` : `${name}: deployments go on`)
    if (!hold && known.get(name)?.gate?.parked) await world.control.send({ kind: 'look', target: name })
  }
  return changed
}

/** A figure that rises is no other hold. */
function isSame(before: Hold | undefined, { budget, until }: DeployHold): boolean {
  return before?.budget === budget && before.until === until
}
