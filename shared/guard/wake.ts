/** Puts back what the guard has stopped: the count first, then what scales it, as they were. */
import type { Config, Target } from '../config/config.ts'
import { changeGate } from '../deploy/park.ts'
import type { ScalingWorld } from '../ports.ts'
import { findParked, type Parked, savingOf, writeParked, writeSaving } from './records.ts'

export interface Woken {
  workload: string
  name: string
  cluster: string
  service?: string
  target?: string
  /** How many copies it is to have. */
  desiredCount: number
  /** What is not as it was before the stop, and was not changed by us; one line each. */
  changed: string[]
  /** Nothing was to be done: it is gone, or runs already. */
  isNothing?: true
}

/**
 * One that is on record as parked. Goes on where another run, or another undo, has died. `how`: as it goes on record. Undefined
 * where there is nothing parked.
 */
export async function wake(
  workload: string,
  how: 'undone' | 'woken',
  because: string,
  config: Config,
  world: ScalingWorld,
): Promise<Woken | undefined> {
  const seen = await findParked(world.table, workload)
  if (!seen || seen.state === 'over') return undefined
  const now = world.clock.now()
  const waking =
    seen.state === 'waking' ? seen : await writeParked(world.table, { ...seen, state: 'waking' }, seen, now)
  // Somebody else has changed it since it was read: what they want is looked at anew.
  if (!waking) return wake(workload, how, because, config, world)
  const wasLeft = seen.state === 'left'
  const woken =
    waking.service === undefined ? await wakeCopies(waking, config, world) : await wakeService(waking, wasLeft, world)
  const { isGone, ...answer } = woken
  // A run may be stopping it at this very moment: that it is back only the next one can tell, which has the lease.
  const isPerhapsStopping = how === 'undone' && waking.stoppedAt === undefined
  if (!isPerhapsStopping) await close(waking, isGone ? 'gone' : how, [because, ...woken.changed].join('; '), world)
  return answer
}

type Waking = Woken & { isGone?: true }

async function wakeService(parked: Parked, wasLeft: boolean, world: ScalingWorld): Promise<Waking> {
  const { cluster, service: name = '', was } = parked
  const about = aboutOf(parked)
  const service = await world.fleet.describeService(cluster, name)
  if (service?.status !== 'ACTIVE')
    return { ...about, desiredCount: 0, changed: ['the service is gone'], isNothing: true, isGone: true }
  const changed: string[] = []
  const isBack = service.desiredCount > 0
  if (isBack && parked.stoppedAt === undefined) changed.push('it runs: it was not stopped yet')
  else if (isBack && service.desiredCount !== was.desiredCount)
    changed.push(`somebody has put it to ${service.desiredCount} copies already; it had ${was.desiredCount}`)
  else if (isBack) changed.push('somebody has put it back already')
  if (was.revision !== undefined && service.revision !== was.revision)
    changed.push(`it is on ${revisionName(service.revision)} by now; it was on ${revisionName(was.revision)}`)
  if (!isBack && !wasLeft) await world.fleet.setDesiredCount(cluster, name, was.desiredCount)
  changed.push(...(await resumeScaling(parked, world)))
  const desiredCount = isBack ? service.desiredCount : was.desiredCount
  return { ...about, desiredCount, changed, ...(isBack && { isNothing: true as const }) }
}

/** The flags as they were; what somebody else has resumed since is theirs. */
export async function resumeScaling({ cluster, service = '', was }: Parked, world: ScalingWorld): Promise<string[]> {
  if (!was.scaling) return []
  const now = (await world.scaling.targetsOf(cluster, [service])).get(service)
  if (!now) return ['nothing scales it any more']
  const changed =
    now.min !== was.scaling.min || now.max !== was.scaling.max
      ? [
          `its autoscaling goes from ${now.min} to ${now.max} by now; it went from ${was.scaling.min} to ${was.scaling.max}`,
        ]
      : []
  const { suspended } = now
  if (!suspended.in || !suspended.out || !suspended.scheduled) {
    const isAsBefore = (['in', 'out', 'scheduled'] as const).every(
      kind => suspended[kind] === was.scaling?.suspended[kind],
    )
    return isAsBefore ? changed : [...changed, 'somebody has resumed its autoscaling in part: it stays as they want it']
  }
  await world.scaling.suspend(cluster, service, was.scaling.suspended)
  return changed
}

async function wakeCopies(parked: Parked, config: Config, world: ScalingWorld): Promise<Waking> {
  const about = aboutOf(parked)
  const target = config.targets.find(({ name }) => name === parked.target)
  if (target?.run.kind !== 'task') {
    // Whatever is deployed under this name from here on is not to wait for them.
    await wakeGate(parked.target ?? '', world)
    const changed = [`farguard.yml keeps no copies of ${parked.target} any more`]
    return { ...about, desiredCount: 0, changed, isNothing: true, isGone: true }
  }
  const { count } = target.run
  const changed =
    count === parked.was.desiredCount
      ? []
      : [`farguard.yml asks for ${count} by now; it had ${parked.was.desiredCount}`]
  await letCopiesRun(target, world)
  return { ...about, desiredCount: count, changed }
}

/** Nothing keeps them from being started any more: the look that is sent starts them, or what was pushed meanwhile. */
export async function letCopiesRun({ name }: Target, world: ScalingWorld): Promise<void> {
  await wakeGate(name, world)
  await world.control.send({ kind: 'look', target: name })
}

function wakeGate(target: string, world: ScalingWorld): Promise<void> {
  return changeGate(target, world, gate => {
    const { asleep, ...rest } = gate
    return asleep ? rest : gate
  })
}

function aboutOf({
  workload,
  name,
  cluster,
  service,
  target,
}: Parked): Pick<Woken, 'workload' | 'name' | 'cluster' | 'service' | 'target'> {
  return {
    workload,
    name,
    cluster,
    ...(service !== undefined && { service }),
    ...(target !== undefined && { target }),
  }
}

/** On record as over; what it saved is counted to here. */
export async function close(
  parked: Parked,
  how: NonNullable<Parked['ended']>['how'],
  detail: string,
  world: ScalingWorld,
): Promise<void> {
  const now = world.clock.now()
  const at = now.toISOString()
  const saving = savingOf(parked)
  if (saving) await writeSaving(world.table, { ...saving, to: at })
  await writeParked(world.table, { ...parked, state: 'over', ended: { at, how, detail } }, parked, now)
}

function revisionName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
