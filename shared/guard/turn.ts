/** One run's turn at acting: what it acts with, and what came of it. */
import type { Config, Guard, Target } from '../config/config.ts'
import { asProblem } from '../deploy/problem.ts'
import type { GuardWorld } from '../ports.ts'
import type { Verdict } from './plan.ts'
import { findParked, type Parked, type ParkReason, type RunLine } from './records.ts'

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
export const pauseMs = { service: 400, task: 50 }

/** A workload, as far as it is to be named. */
interface Named {
  workload: string
  name: string
}

export class Turn {
  readonly acted: Acted = { stopped: [], woken: [], failed: [], said: [], left: 0 }
  readonly run: string
  readonly config: Config
  readonly guard: Guard
  readonly world: GuardWorld
  readonly means: Means

  constructor(run: string, config: Config, guard: Guard, world: GuardWorld, means: Means) {
    this.run = run
    this.config = config
    this.guard = guard
    this.world = world
    this.means = means
  }

  /** A failure is said and noted, and everything else goes on; what there is no time for is the next run's. */
  async each({ workload, name }: Named, work: () => Promise<void>): Promise<void> {
    if (!this.means.hasTime()) {
      this.acted.left++
      return
    }
    try {
      await work()
    } catch (error) {
      const problem = asProblem(error, name)
      const detail = problem instanceof Error ? problem.message : String(error)
      this.world.log.error('not done', { workload, error })
      this.acted.failed.push({ workload, name, reason: 'failed', detail })
    }
  }

  /** As it is on record by now: an earlier step of this run may have changed it. */
  onRecord(named: Named, work: (parked: Parked) => Promise<void>): Promise<void> {
    return this.each(named, async () => {
      const found = await findParked(this.world.table, named.workload)
      if (found) await work(found)
    })
  }

  now(): string {
    return this.world.clock.now().toISOString()
  }

  reason({
    reason,
    detail,
    until,
    budget,
  }: Pick<Extract<Verdict, { is: 'stop' }>, 'reason' | 'detail' | 'until' | 'budget'>): ParkReason {
    return {
      reason,
      detail,
      at: this.now(),
      run: this.run,
      ...(until !== undefined && { until }),
      ...(budget !== undefined && { budget }),
    }
  }

  target(name: string | undefined): Target | undefined {
    return this.config.targets.find(each => each.name === name)
  }
}
