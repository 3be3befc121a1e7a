/** What the plan stops, one by one: looked at again, on record, stopped. */
import type { Decided } from './facts.ts'
import { monthEnd } from './lines.ts'
import { type Parking, parkCopies, parkService, stopReason } from './park.ts'
import type { PlanLine, Verdict } from './plan.ts'
import { type Recheck, recheck } from './recheck.ts'
import {
  type Action,
  findParked,
  type Parked,
  type ParkReason,
  type Saving,
  writeAction,
  writeSaving,
} from './records.ts'
import { wakeOne } from './tend-parked.ts'
import { pauseMs, type Turn } from './turn.ts'
import type { Workload } from './workload.ts'

interface Stop {
  line: PlanLine
  workload: Workload
  verdict: Extract<Verdict, { is: 'stop' }>
  /** What was on record of it when it was planned. */
  seen: Parked | undefined
}

export async function stopPlanned(
  { plan }: Decided,
  workloads: readonly Workload[],
  parked: readonly Parked[],
  turn: Turn,
): Promise<void> {
  const byId = new Map(workloads.map(each => [each.id, each]))
  const onRecord = new Map(parked.map(each => [each.workload, each]))
  for (const line of plan.lines) {
    const workload = byId.get(line.workload)
    if (!workload || line.verdict.is !== 'stop') continue
    const planned = { line, workload, verdict: line.verdict, seen: onRecord.get(line.workload) }
    await turn.each(line, () => stop(planned, turn))
  }
}

async function stop(planned: Stop, turn: Turn): Promise<void> {
  const { workload, verdict, line } = planned
  const { acted, world, means } = turn
  // A run may take minutes: hours may have begun, or a period ended, since it was planned.
  if (verdict.until !== undefined && Date.parse(verdict.until) <= world.clock.now().getTime()) {
    acted.said.push(`${workload.name} was not stopped: ${verdict.reason} is over since ${verdict.until}`)
    return
  }
  const checked = await recheck(workload, turn.config, turn.guard, world)
  if (checked.is !== 'as-planned') {
    acted.said.push(`${workload.name} was not stopped: ${checked.detail}`)
    return
  }
  const reason = turn.reason(verdict)
  const action = actionOf(planned, reason, turn)
  await writeAction(world.table, action)
  const came = await carryOut(planned, checked, reason, turn)
  const isStopped = came === undefined
  const outcome = isStopped ? { state: 'done' as const } : { state: 'failed' as const, came }
  await writeAction(world.table, { ...action, ...outcome })
  const { name, costPerHour } = workload
  const said = { workload: workload.id, name, reason: verdict.reason, detail: verdict.detail, costPerHour }
  if (isStopped) acted.stopped.push(said)
  else acted.failed.push({ ...said, detail: came })
  const facts = { workload: line.workload, reason: verdict.reason, detail: came ?? verdict.detail }
  world.log.info(isStopped ? 'stopped' : 'not stopped', facts)
  await means.pause(workload.kind === 'service' ? pauseMs.service : pauseMs.task * workload.tasks.length)
}

/** Undefined once it is stopped; else what was found instead. */
async function carryOut(
  { workload, seen }: Stop,
  { service, tasks }: Extract<Recheck, { is: 'as-planned' }>,
  reason: ParkReason,
  turn: Turn,
): Promise<string | undefined> {
  const { world } = turn
  if (workload.kind === 'task') {
    for (const { arn } of tasks) await world.fleet.stopTask(workload.subject.cluster, arn, stopReason(reason))
    await writeSaving(world.table, savingToMonthEnd(workload, reason))
    return undefined
  }
  const target = turn.target(workload.subject.target)
  let parking: Parking
  if (service) parking = await parkService(workload, service, seen, reason, world)
  else if (target) parking = await parkCopies(workload, target, tasks, seen, reason, world)
  else throw new TypeError(`${workload.id} is neither a service nor of a target`)
  if (!('instead' in parking)) return undefined
  // Who undid it in the middle may have looked before it was stopped.
  const now = await findParked(world.table, workload.id)
  if (now?.state === 'waking') await wakeOne(workload.id, 'it was undone while it was being stopped', turn)
  return parking.instead
}

/** Nothing brings it back. */
function savingToMonthEnd({ id, name, subject, costPerHour }: Workload, { reason, at: from }: ParkReason): Saving {
  const to = monthEnd(new Date(from)).toISOString()
  const target = subject.target === undefined ? {} : { target: subject.target }
  return { workload: id, name, cluster: subject.cluster, ...target, reason, from, to, costPerHour }
}

function actionOf({ workload, verdict, line }: Stop, { at }: ParkReason, { run }: Turn): Action {
  const copies = workload.desiredCount ?? workload.tasks.length
  return {
    run,
    workload: workload.id,
    name: workload.name,
    at,
    what: 'stop',
    reason: verdict.reason,
    detail: verdict.detail,
    costPerHour: line.costPerHour,
    before: workload.kind === 'task' ? 'one task' : `${copies} ${copies === 1 ? 'copy' : 'copies'}`,
    state: 'planned',
  }
}
