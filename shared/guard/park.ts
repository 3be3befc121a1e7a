/** Stops a service, or the copies of a target, so that it can be put back as it was: what was there is on record first. */
import type { Target } from '../config/config.ts'
import { changeGate } from '../deploy/park.ts'
import type { GuardWorld, ScalingTarget, Service, Suspended, Task } from '../ports.ts'
import { findKeep, type Parked, type ParkReason, writeParked } from './records.ts'
import type { Workload } from './workload.ts'

/** What was found in place of the stop; absent: it is stopped. */
export type Parking = { parked: Parked } | { instead: string }

const allSuspended: Suspended = { in: true, out: true, scheduled: true }

/** Its autoscaling is suspended first: otherwise that starts it again. `seen`: what was on record of it when it was planned. */
export async function parkService(
  workload: Workload,
  service: Service,
  seen: Parked | undefined,
  reason: ParkReason,
  world: GuardWorld,
): Promise<Parking> {
  const { cluster } = workload.subject
  const scaling = (await world.scaling.targetsOf(cluster, [service.name])).get(service.name)
  const { desiredCount, revision } = service
  const was = { desiredCount, revision, ...(scaling && { scaling }) }
  const parking = await beginParking(workload, was, seen, reason, world)
  if ('instead' in parking) return parking
  if (scaling && !(await suspendAll(cluster, service.name, scaling, world)))
    return { instead: 'its autoscaling is not suspended yet, by what AWS says: the next run looks again' }
  await world.fleet.setDesiredCount(cluster, service.name, 0)
  const after = await world.fleet.describeService(cluster, service.name)
  if (after && after.desiredCount > 0)
    return { instead: `ECS still says ${after.desiredCount} copies: the next run looks again` }
  return isParked(parking, world)
}

/** Whether AWS says so afterwards: what scales it would start it again. */
async function suspendAll(cluster: string, service: string, target: ScalingTarget, { scaling }: GuardWorld) {
  if (isAllSuspended(target)) return true
  await scaling.suspend(cluster, service, allSuspended)
  const after = (await scaling.targetsOf(cluster, [service])).get(service)
  return !after || isAllSuspended(after)
}

function isAllSuspended({ suspended }: ScalingTarget): boolean {
  return suspended.in && suspended.out && suspended.scheduled
}

/** The target's gate says so before the first copy stops: otherwise the sweep starts them again. */
export async function parkCopies(
  workload: Workload,
  target: Target,
  tasks: readonly Task[],
  seen: Parked | undefined,
  reason: ParkReason,
  world: GuardWorld,
): Promise<Parking> {
  const was = { desiredCount: workload.desiredCount ?? tasks.length }
  const parking = await beginParking(workload, was, seen, reason, world)
  if ('instead' in parking) return parking
  await putToSleep(target, reason, world)
  for (const { arn } of tasks) await world.fleet.stopTask(target.cluster, arn, stopReason(reason))
  return isParked(parking, world)
}

function putToSleep({ name }: Target, { reason, detail, at }: ParkReason, world: GuardWorld): Promise<void> {
  return changeGate(name, world, gate =>
    gate.asleep ? gate : { ...gate, asleep: { because: `${reason}: ${detail}`, since: at } },
  )
}

/** What stands on record of what was there before is not written over: a run that died has written it, and acted perhaps. */
async function beginParking(
  workload: Workload,
  was: Parked['was'],
  seen: Parked | undefined,
  reason: ParkReason,
  world: GuardWorld,
): Promise<Parked | { instead: string }> {
  const now = world.clock.now()
  const { cluster, service, target } = workload.subject
  const isAgain = seen?.state === 'parked'
  const isBegun = isAgain || seen?.state === 'parking'
  const next: Omit<Parked, 'version'> = {
    workload: workload.id,
    name: workload.name,
    cluster,
    ...(service !== undefined && { service }),
    ...(target !== undefined && { target }),
    state: 'parking',
    // One that came back by itself is as whoever brought it back wants it.
    was: seen && seen.state !== 'over' ? withScalingOf(was, seen.was) : was,
    reasons: isBegun ? joined(seen.reasons, reason) : [reason],
    at: now.toISOString(),
    costPerHour: workload.costPerHour,
    stoppedAgain: isAgain ? seen.stoppedAgain + 1 : isBegun ? seen.stoppedAgain : 0,
  }
  const parking = await writeParked(world.table, next, seen, now)
  if (!parking) return { instead: 'somebody else is at it' }
  // Whoever keeps it from here on finds it on record; whoever did so just before is found here.
  const kept = await findKeep(world.table, workload.id, now)
  return kept ? { instead: `${kept.by} keeps it until ${kept.until}: ${kept.because}` } : parking
}

/** Suspended as a whole it is by us, as far as anybody can tell: then what counts is how it was before. Else it is as somebody wants it. */
function withScalingOf(now: Parked['was'], before: Parked['was']): Parked['was'] {
  if (!now.scaling || !before.scaling || !isAllSuspended(now.scaling)) return now
  return { ...now, scaling: { ...now.scaling, suspended: before.scaling.suspended } }
}

/** Each kind of reason once: the newest says why. */
export function joined(reasons: readonly ParkReason[], next: ParkReason): ParkReason[] {
  return [...reasons.filter(each => each.reason !== next.reason || each.budget !== next.budget), next]
}

/** On record as stopped. Undefined where somebody else has changed the record since: they know better. */
export async function isParked(parking: Parked, world: GuardWorld): Promise<Parking> {
  const now = world.clock.now()
  const next = { ...parking, state: 'parked' as const, stoppedAt: parking.stoppedAt ?? now.toISOString() }
  const parked = await writeParked(world.table, next, parking, now)
  return parked ? { parked } : { instead: 'somebody is putting it back' }
}

/** What the console shows. ECS takes 255 characters and more; the rule and the figures come first. */
export function stopReason({ reason, detail, run }: ParkReason): string {
  const text = `Farguard: ${reason}: ${detail}`
  const by = ` (run ${run})`
  return text.length + by.length <= 255 ? `${text}${by}` : `${text.slice(0, 254 - by.length)}…${by}`
}
