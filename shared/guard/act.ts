/** Carries a plan out: first what comes back, then what stops. What fails keeps nothing else from its turn, and is tried by the next run. */
import type { Config, Guard, Target } from '../config/config.ts'
import { asProblem } from '../deploy/problem.ts'
import type { GuardWorld } from '../ports.ts'
import type { Decided } from './facts.ts'
import { monthEnd } from './lines.ts'
import { isParked, joined, type Parking, parkCopies, parkService, stopReason } from './park.ts'
import type { PlanLine, Verdict } from './plan.ts'
import { recheck } from './recheck.ts'
import {
  type Action,
  findParked,
  type Parked,
  type ParkReason,
  type RunLine,
  savingOf,
  writeAction,
  writeParked,
  writeSaving,
} from './records.ts'
import { close, letCopiesRun, resumeScaling, wake } from './wake.ts'
import type { Workload } from './workload.ts'

export interface Acted {
  stopped: RunLine[]
  woken: RunLine[]
  failed: RunLine[]
  /** What came to be known on the way: what came back by itself, or did not need to be stopped. */
  said: string[]
  /** Not begun, for want of time. */
  left: number
}

export interface Means {
  /** False once nothing further is to be begun. */
  hasTime(): boolean
  /** Between calls that change something. */
  pause(ms: number): Promise<void>
}

/** UpdateService refills at 5 calls a second, StopTask at 40; each stop of a service makes up to two. */
const pauseMs = { service: 400, task: 50 }

type Stop = { line: PlanLine; workload: Workload; verdict: Extract<Verdict, { is: 'stop' }> }

export class Acting {
  readonly acted: Acted = { stopped: [], woken: [], failed: [], said: [], left: 0 }
  readonly #run: string
  readonly #config: Config
  readonly #guard: Guard
  readonly #world: GuardWorld
  readonly #means: Means
  /** As the plan was made of it. */
  #parked: ReadonlyMap<string, Parked> = new Map()

  constructor(run: string, config: Config, guard: Guard, world: GuardWorld, means: Means) {
    this.#run = run
    this.#config = config
    this.#guard = guard
    this.#world = world
    this.#means = means
  }

  /** What was stopped before comes back in whatever mode; nothing further stops but where farguard.yml says `enforce`. */
  async carryOut(decided: Decided, workloads: readonly Workload[], parked: readonly Parked[]): Promise<Acted> {
    const isEnforcing = this.#guard.mode === 'enforce'
    this.#parked = new Map(parked.map(each => [each.workload, each]))
    const nameOf = (workload: string) => this.#parked.get(workload)?.name ?? workload
    for (const each of decided.cameBack)
      await this.#each(each.parked, () => this.#cameBack(each.parked, isEnforcing ? each.outcome : 'over'))
    for (const { workload } of decided.overs)
      await this.#with(workload, nameOf(workload), each => this.#cameBack(each, 'over'))
    for (const { workload } of decided.gone) await this.#with(workload, nameOf(workload), each => this.#gone(each))
    for (const { workload } of decided.finishes)
      await this.#with(workload, nameOf(workload), each => this.#finish(each))
    for (const { workload, left } of decided.ends)
      await this.#with(workload, nameOf(workload), each => this.#changeReasons(each, () => left))
    for (const { workload, ...reason } of isEnforcing ? decided.joins : [])
      await this.#with(workload, nameOf(workload), each =>
        this.#changeReasons(each, reasons => joined(reasons, this.#reason(reason))),
      )
    for (const { workload, because } of decided.plan.wakes)
      await this.#each({ workload, name: nameOf(workload) }, () => this.#wake(workload, because))
    if (isEnforcing) await this.#stops(decided, workloads)
    return this.acted
  }

  async #stops({ plan }: Decided, workloads: readonly Workload[]): Promise<void> {
    const byId = new Map(workloads.map(each => [each.id, each]))
    for (const line of plan.lines) {
      const workload = byId.get(line.workload)
      if (!workload || line.verdict.is !== 'stop') continue
      const stop = { line, workload, verdict: line.verdict }
      await this.#each(line, () => this.#stop(stop))
    }
  }

  /** A failure is said and noted; everything else goes on. */
  async #each(about: { workload: string; name: string }, work: () => Promise<void>): Promise<void> {
    if (!this.#means.hasTime()) {
      this.acted.left++
      return
    }
    try {
      await work()
    } catch (error) {
      const detail = asProblem(error, about.name)
      const said = detail instanceof Error ? detail.message : String(error)
      this.#world.log.error('not done', { workload: about.workload, error })
      this.acted.failed.push({ workload: about.workload, name: about.name, reason: 'failed', detail: said })
    }
  }

  /** As it is on record by now: an earlier step of this run may have changed it. */
  #with(workload: string, name: string, work: (parked: Parked) => Promise<void>): Promise<void> {
    return this.#each({ workload, name }, async () => {
      const found = await findParked(this.#world.table, workload)
      if (found) await work(found)
    })
  }

  async #stop(stop: Stop): Promise<void> {
    const { workload, verdict, line } = stop
    // A run may take minutes: hours may have begun, or a period ended, since it was planned.
    if (verdict.until !== undefined && Date.parse(verdict.until) <= this.#world.clock.now().getTime()) {
      this.acted.said.push(`${workload.name} was not stopped: ${verdict.reason} is over since ${verdict.until}`)
      return
    }
    const checked = await recheck(workload, this.#config, this.#guard, this.#world)
    if (checked.is !== 'as-planned') {
      this.acted.said.push(`${workload.name} was not stopped: ${checked.detail}`)
      return
    }
    const reason = this.#reason(verdict)
    const action = this.#action(stop, reason)
    await writeAction(this.#world.table, action)
    const came = await this.#carryOutStop(stop, checked, reason, action)
    const isStopped = came === undefined
    await writeAction(this.#world.table, {
      ...action,
      state: isStopped ? 'done' : 'failed',
      ...(came !== undefined && { came }),
    })
    const { name, costPerHour } = workload
    const said = { workload: workload.id, name, reason: verdict.reason, detail: verdict.detail, costPerHour }
    if (isStopped) this.acted.stopped.push(said)
    else this.acted.failed.push({ ...said, detail: came })
    this.#world.log.info(isStopped ? 'stopped' : 'not stopped', {
      workload: line.workload,
      reason: verdict.reason,
      detail: came ?? verdict.detail,
    })
    await this.#means.pause(workload.kind === 'service' ? pauseMs.service : pauseMs.task * workload.tasks.length)
  }

  /** Undefined once it is stopped; else what was found instead. */
  async #carryOutStop(
    { workload }: Stop,
    checked: Extract<Awaited<ReturnType<typeof recheck>>, { is: 'as-planned' }>,
    reason: ParkReason,
    action: Action,
  ): Promise<string | undefined> {
    if (workload.kind === 'task') {
      for (const { arn } of checked.tasks)
        await this.#world.fleet.stopTask(workload.subject.cluster, arn, stopReason(reason))
      await this.#save(workload, reason)
      return undefined
    }
    const target = this.#target(workload.subject.target)
    const seen = this.#parked.get(workload.id)
    let parking: Parking
    if (checked.service) parking = await parkService(workload, checked.service, seen, reason, this.#world)
    else if (target) parking = await parkCopies(workload, target, checked.tasks, seen, reason, this.#world)
    else throw new TypeError(`${action.workload} is neither a service nor of a target`)
    if (!('instead' in parking)) return undefined
    // Who undid it in the middle may have looked before it was stopped.
    const now = await findParked(this.#world.table, workload.id)
    if (now?.state === 'waking') await this.#wake(workload.id, 'it was undone while it was being stopped')
    return parking.instead
  }

  /** Nothing brings it back: counted to the month's end. */
  async #save({ id: workload, name, subject, costPerHour }: Workload, { reason, at: from }: ParkReason): Promise<void> {
    const to = monthEnd(new Date(from)).toISOString()
    const target = subject.target === undefined ? {} : { target: subject.target }
    await writeSaving(this.#world.table, {
      workload,
      name,
      cluster: subject.cluster,
      ...target,
      reason,
      from,
      to,
      costPerHour,
    })
  }

  async #wake(workload: string, because: string): Promise<void> {
    const woken = await wake(workload, 'woken', because, this.#config, this.#world)
    if (!woken) return
    const detail = [because, ...woken.changed].join('; ')
    this.acted.woken.push({ workload, name: woken.name, reason: 'woken', detail })
    this.#world.log.info('woken', { workload, detail })
    await this.#means.pause(pauseMs.service)
  }

  /** It runs, and nobody of ours brought it back. */
  async #cameBack(parked: Parked, outcome: 'stopped-again' | 'left' | 'over'): Promise<void> {
    const { workload, name } = parked
    if (outcome === 'stopped-again') {
      await this.#savedUntilNow(parked)
      this.acted.said.push(`${name} came back by itself: it is stopped once more, and not a third time`)
      return
    }
    // What was left alone was given back then: how it is by now is how somebody wants it.
    const changed = parked.state === 'left' ? [] : await this.#giveBack(parked)
    if (outcome === 'over')
      return close(parked, 'came-back', ['it runs again, by somebody else', ...changed].join('; '), this.#world)
    const now = this.#world.clock.now()
    const detail = 'it came back by itself, twice: it is left alone'
    const ended = { at: now.toISOString(), how: 'came-back' as const, detail }
    await this.#savedUntilNow(parked)
    const { stoppedAt: _over, ...left } = parked
    await writeParked(this.#world.table, { ...left, state: 'left', ended }, parked, now)
    this.acted.said.push(`${workload}: ${detail}`)
  }

  /** What starts and scales it. */
  async #giveBack(parked: Parked): Promise<string[]> {
    if (parked.service !== undefined) return resumeScaling(parked, this.#world)
    const target = this.#target(parked.target)
    if (target) await letCopiesRun(target, this.#world)
    return []
  }

  async #savedUntilNow(parked: Parked): Promise<void> {
    const saving = savingOf(parked)
    if (saving) await writeSaving(this.#world.table, { ...saving, to: this.#world.clock.now().toISOString() })
  }

  /** A service that is none of Fargate's any more, or in a cluster that farguard.yml names no more, is there still. */
  async #gone(parked: Parked): Promise<void> {
    const { cluster, service } = parked
    const found = service === undefined ? undefined : await this.#world.fleet.describeService(cluster, service)
    if (found?.status === 'ACTIVE') return
    const woken = await wake(parked.workload, 'woken', 'nothing is left of it', this.#config, this.#world)
    if (woken) this.acted.said.push(`${woken.name}: ${woken.changed.join('; ')}`)
  }

  /** A run died right after the stop. */
  async #finish(parked: Parked): Promise<void> {
    if (parked.service !== undefined) {
      const service = await this.#world.fleet.describeService(parked.cluster, parked.service)
      if (service && service.desiredCount > 0) return
    }
    const done = await isParked(parked, this.#world)
    const [reason] = parked.reasons
    if ('instead' in done || !reason) return
    const { workload, name, costPerHour } = parked
    this.acted.stopped.push({ workload, name, reason: reason.reason, detail: reason.detail, costPerHour })
  }

  async #changeReasons(parked: Parked, change: (reasons: Parked['reasons']) => Parked['reasons']): Promise<void> {
    await writeParked(
      this.#world.table,
      { ...parked, reasons: change(parked.reasons) },
      parked,
      this.#world.clock.now(),
    )
  }

  #reason({
    reason,
    detail,
    until,
    budget,
  }: Pick<Extract<Verdict, { is: 'stop' }>, 'reason' | 'detail' | 'until' | 'budget'>): ParkReason {
    return {
      reason,
      detail,
      at: this.#world.clock.now().toISOString(),
      run: this.#run,
      ...(until !== undefined && { until }),
      ...(budget !== undefined && { budget }),
    }
  }

  #action({ workload, verdict, line }: Stop, { at }: ParkReason): Action {
    const copies = workload.desiredCount ?? workload.tasks.length
    return {
      run: this.#run,
      workload: workload.id,
      name: workload.name,
      at,
      what: 'stop',
      reason: verdict.reason,
      detail: verdict.detail,
      costPerHour: line.costPerHour,
      before: workload.kind === 'task' ? 'one task' : `${copies} copies`,
      state: 'planned',
    }
  }

  #target(name: string | undefined): Target | undefined {
    return this.#config.targets.find(each => each.name === name)
  }
}
