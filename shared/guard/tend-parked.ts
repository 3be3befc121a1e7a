/** What is parked already: brought back, given up or noted, as the plan has it. */
import type { Decided } from './facts.ts'
import { isParked, joined } from './park.ts'
import { type Parked, savingOf, writeParked, writeSaving } from './records.ts'
import { pauseMs, type Turn } from './turn.ts'
import { close, letCopiesRun, resumeScaling, wake } from './wake.ts'

/** In whatever mode: what was stopped before comes back. Where nothing is enforced, nothing is held asleep for a further reason. */
export async function tendParked(decided: Decided, parked: readonly Parked[], turn: Turn): Promise<void> {
  const isEnforcing = turn.guard.mode === 'enforce'
  const names = new Map(parked.map(({ workload, name }) => [workload, name]))
  const named = (workload: string) => ({ workload, name: names.get(workload) ?? workload })
  for (const each of decided.cameBack)
    await turn.each(each.parked, () => cameBack(each.parked, isEnforcing ? each.outcome : 'over', turn))
  for (const { workload } of decided.overs) await turn.onRecord(named(workload), each => cameBack(each, 'over', turn))
  for (const { workload } of decided.gone) await turn.onRecord(named(workload), each => gone(each, turn))
  for (const { workload } of decided.finishes) await turn.onRecord(named(workload), each => finish(each, turn))
  for (const { workload, left } of decided.ends)
    await turn.onRecord(named(workload), each => changeReasons(each, left, turn))
  for (const { workload, ...reason } of isEnforcing ? decided.joins : [])
    await turn.onRecord(named(workload), each => changeReasons(each, joined(each.reasons, turn.reason(reason)), turn))
  for (const { workload, because } of decided.plan.wakes)
    await turn.each(named(workload), () => wakeOne(workload, because, turn))
}

export async function wakeOne(workload: string, because: string, turn: Turn): Promise<void> {
  const { acted, config, world, means } = turn
  const woken = await wake(workload, 'woken', because, config, world)
  if (!woken) return
  const detail = [because, ...woken.changed].join('; ')
  acted.woken.push({ workload, name: woken.name, reason: 'woken', detail })
  world.log.info('woken', { workload, detail })
  await means.pause(pauseMs.service)
}

/** It runs, and nobody of ours brought it back. */
async function cameBack(parked: Parked, outcome: 'stopped-again' | 'left' | 'over', turn: Turn): Promise<void> {
  const { workload, name } = parked
  const { acted, world } = turn
  if (outcome === 'stopped-again') {
    await savedUntilNow(parked, turn)
    acted.said.push(`${name} came back by itself: it is stopped once more, and not a third time`)
    return
  }
  // What was left alone was given back then: how it is by now is how somebody wants it.
  const changed = parked.state === 'left' ? [] : await giveBack(parked, turn)
  if (outcome === 'over')
    return close(parked, 'came-back', ['it runs again, by somebody else', ...changed].join('; '), world)
  const detail = 'it came back by itself, twice: it is left alone'
  const ended = { at: turn.now(), how: 'came-back' as const, detail }
  await savedUntilNow(parked, turn)
  const { stoppedAt: _over, ...left } = parked
  await writeParked(world.table, { ...left, state: 'left', ended }, parked, world.clock.now())
  acted.said.push(`${workload}: ${detail}`)
}

/** What starts and scales it. */
async function giveBack(parked: Parked, turn: Turn): Promise<string[]> {
  if (parked.service !== undefined) return resumeScaling(parked, turn.world)
  const target = turn.target(parked.target)
  if (target) await letCopiesRun(target, turn.world)
  return []
}

async function savedUntilNow(parked: Parked, turn: Turn): Promise<void> {
  const saving = savingOf(parked)
  if (saving) await writeSaving(turn.world.table, { ...saving, to: turn.now() })
}

/** A service that is none of Fargate's any more, or in a cluster that farguard.yml names no more, is there still. */
async function gone({ workload, cluster, service }: Parked, { acted, config, world }: Turn): Promise<void> {
  const found = service === undefined ? undefined : await world.fleet.describeService(cluster, service)
  if (found?.status === 'ACTIVE') return
  const woken = await wake(workload, 'woken', 'nothing is left of it', config, world)
  if (woken) acted.said.push(`${woken.name}: ${woken.changed.join('; ')}`)
}

/** A run died right after the stop. */
async function finish(parked: Parked, { acted, world }: Turn): Promise<void> {
  const { workload, name, cluster, service: its, costPerHour, reasons } = parked
  const service = its === undefined ? undefined : await world.fleet.describeService(cluster, its)
  if (service && service.desiredCount > 0) return
  const done = await isParked(parked, world)
  const [reason] = reasons
  if ('instead' in done || !reason) return
  acted.stopped.push({ workload, name, reason: reason.reason, detail: reason.detail, costPerHour })
}

async function changeReasons(parked: Parked, reasons: Parked['reasons'], { world }: Turn): Promise<void> {
  await writeParked(world.table, { ...parked, reasons }, parked, world.clock.now())
}
