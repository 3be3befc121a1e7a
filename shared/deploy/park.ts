/** What waits for a gate: on record for people, and for the look that comes when it opens. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { isNewer } from './decide.ts'
import { scanLookMs } from './gates.ts'
import { type DeployedImage, readTarget, type TargetGate, writeGate } from './records.ts'

type Parked = NonNullable<TargetGate['parked']>

/** An empty one: nothing is held, approved or parked. */
function emptyGate(target: string): TargetGate {
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
  const { until, ...what } = next
  // When a scan is asked for again is no news, time after time: until when it is waited for is in the detail.
  const opens = next.reason === 'scan-pending' ? undefined : until
  if (before && isSameImage && before.reason === next.reason && before.until === opens) return 'same'
  if (before && !isSameImage && isAfter(before.image, next.image, target)) return 'same'
  const parked = {
    ...what,
    ...(opens !== undefined && { until: opens }),
    since: before && isSameImage ? before.since : at,
  }
  return (await writeGate(world.table, { ...(seen ?? emptyGate(target.name)), parked }, seen, at)) ? 'written' : 'lost'
}

/** When it is worth looking again whether it may go, ISO 8601; undefined when only a person, or another image, opens the gate. */
export function nextLook({ reason, until }: Parked, now: Date): string | undefined {
  return reason === 'scan-pending' ? new Date(now.getTime() + scanLookMs).toISOString() : until
}

/** Nothing waits any more, unless it comes after `image`, which goes. */
export async function unpark(target: Target, world: World, image: DeployedImage): Promise<void> {
  await changeGate(target.name, world, gate => {
    const { parked, ...rest } = gate
    return parked && isAfter(parked.image, image, target) ? gate : rest
  })
}

/** What waited is not wanted any more: it was deleted, or something else took its place. What waits since then is left alone. */
export async function drop(waited: Parked, target: Target, world: World): Promise<void> {
  await changeGate(target.name, world, gate => {
    const { parked, ...rest } = gate
    return parked?.image.digest === waited.image.digest ? rest : gate
  })
}

/** A tag that is meant exactly has one image at a time: whatever waited before is not it. */
function isAfter(parked: DeployedImage, image: DeployedImage, { tags }: Target): boolean {
  return tags.kind !== 'exact' && isNewer(tags, parked, image)
}

/** Changes the gate as it is now, however many others do; the very same one is not written. */
export async function changeGate(
  target: string,
  world: World,
  change: (gate: TargetGate) => Omit<TargetGate, 'version'>,
): Promise<void> {
  for (;;) {
    const { gate } = await readTarget(world.table, target)
    const at = world.clock.now().toISOString()
    const next = change(gate ?? emptyGate(target))
    if (next === gate || (await writeGate(world.table, next, gate, at))) return
  }
}
