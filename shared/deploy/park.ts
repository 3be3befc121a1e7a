/** What waits for a gate: on record for people, and for the look that comes when it opens. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { isNewer } from './decide.ts'
import { readTarget, type TargetGate, writeGate } from './records.ts'

type Parked = NonNullable<TargetGate['parked']>

/** An empty one: nothing is held, approved or parked. */
export function emptyGate(target: string): TargetGate {
  return { target, version: 0, approvals: [], gone: [] }
}

/** `same`: it is on record already, or something newer waits. `lost`: somebody else has changed the gate since it was read. */
export async function park(
  next: Omit<Parked, 'since'>,
  seen: TargetGate | undefined,
  target: Target,
  world: World,
): Promise<'written' | 'same' | 'lost'> {
  const before = seen?.parked
  const at = world.clock.now().toISOString()
  const isSameImage = before?.image.digest === next.image.digest
  if (before && isSameImage && before.reason === next.reason && before.until === next.until) return 'same'
  if (before && !isSameImage && target.tags.kind !== 'exact' && isNewer(target.tags, before.image, next.image))
    return 'same'
  const parked = { ...next, since: before && isSameImage ? before.since : at }
  return (await writeGate(world.table, { ...(seen ?? emptyGate(target.name)), parked }, seen, at)) ? 'written' : 'lost'
}

/** Nothing waits any more. */
export async function unpark(target: Target, world: World): Promise<void> {
  await changeGate(target.name, world, ({ parked: _parked, ...gate }) => gate)
}

/** Changes the gate as it is now, however many others do. */
export async function changeGate(
  target: string,
  world: World,
  change: (gate: TargetGate) => Omit<TargetGate, 'version'>,
): Promise<void> {
  for (;;) {
    const { gate } = await readTarget(world.table, target)
    const at = world.clock.now().toISOString()
    if (await writeGate(world.table, change(gate ?? emptyGate(target)), gate, at)) return
  }
}
