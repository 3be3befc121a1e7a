/** Takes back what the guard did: one workload, a whole run, or all that is parked. */
import type { Config } from '../config/config.ts'
import { asProblem, Problem } from '../deploy/problem.ts'
import { readDeployment, readTarget } from '../deploy/records.ts'
import type { ScalingWorld } from '../ports.ts'
import {
  type Action,
  findKeep,
  findParked,
  type Parked,
  readActions,
  readParked,
  writeKeep,
  writeParked,
} from './records.ts'
import { type Woken, wake } from './wake.ts'

export interface Undone {
  woken: Woken[]
  /** What stays as it is, and why; one line each. */
  said: string[]
}

/** What was undone is not stopped again at once: somebody has just said that it is wanted. */
const keptForMs = 24 * 3_600_000

export interface Who {
  by: string
  because: string
}

/** One workload, whatever it was stopped for. */
export async function undoWorkload(workload: string, who: Who, config: Config, world: ScalingWorld): Promise<Undone> {
  const parked = await findParked(world.table, workload)
  if (!parked) return { woken: [], said: [await neverParked(workload, config, world)] }
  if (parked.state === 'over') {
    const { ended } = parked
    return {
      woken: [],
      said: [`${parked.name} is not stopped: ${ended ? `since ${ended.at}, ${ended.detail}` : 'it runs again'}`],
    }
  }
  // First: a guard run that comes in between must not stop it again.
  await keepFor(workload, who, parked, world)
  const woken = await wake(workload, 'undone', `undone by ${who.by}`, config, world)
  return { woken: woken ? [woken] : [], said: [] }
}

async function neverParked(workload: string, config: Config, world: ScalingWorld): Promise<string> {
  const [, cluster, id = ''] = /^task:([^/]+)\/(.+)$/.exec(workload) ?? []
  if (cluster === undefined) return `${workload} is not stopped by the guard`
  const [task] = await world.fleet.describeTasks(cluster, [id])
  if (task && task.desiredStatus !== 'STOPPED' && task.lastStatus !== 'STOPPED')
    return `${workload} runs: nothing has stopped it`
  return `${workload} was one task: a task that was stopped can not be started again${await again(id, config, world)}`
}

/** How a job of ours runs anew. */
async function again(id: string, { targets }: Config, { table }: ScalingWorld): Promise<string> {
  for (const { name, run, repository } of targets) {
    if (run.kind !== 'job') continue
    const { head } = await readTarget(table, name)
    const deployment = head && (await readDeployment(table, name, head.current.number))
    const isIts = deployment?.attempts.some(({ outcome }) => outcome?.tasks?.some(arn => arn.endsWith(`/${id}`)))
    if (isIts)
      return `. It was a job: farguard deploy ${repository}:${deployment?.image.tag} runs it anew, from its beginning`
  }
  return ', as it does not tell the network that it ran in. What started it can start another one'
}

/** What a run stopped. A reason that another run had, or that holds by itself, keeps it parked: that is said. */
export async function undoRun(run: string, who: Who, config: Config, world: ScalingWorld): Promise<Undone | undefined> {
  const actions = await readActions(world.table, run)
  if (actions.length === 0) return undefined
  const undone: Undone = { woken: [], said: [] }
  await eachByItself(actions, undone, action => undoAction(action, who, undone, config, world))
  return undone
}

/** What can't be put back keeps nothing else from it, and is said; what may be later is tried again, once all the others are back. */
async function eachByItself<One extends { name: string }>(
  all: readonly One[],
  undone: Undone,
  work: (one: One) => Promise<void>,
): Promise<void> {
  let toRetry: Problem | undefined
  for (const one of all)
    try {
      await work(one)
    } catch (error) {
      const problem = asProblem(error, `Putting ${one.name} back`)
      if (!(problem instanceof Problem)) throw problem
      if (problem.kind === 'refuse') undone.said.push(problem.message)
      else toRetry ??= problem
    }
  if (toRetry) throw toRetry
}

async function undoAction(
  action: Action,
  who: Who,
  undone: Undone,
  config: Config,
  world: ScalingWorld,
): Promise<void> {
  const { workload, name, run } = action
  const parked = await findParked(world.table, workload)
  const isStopped = parked && parked.state !== 'over'
  if (!isStopped) {
    undone.said.push(...(await undoWorkload(workload, who, config, world)).said)
    return
  }
  const others = parked.reasons.filter(reason => reason.run !== run)
  if (others.length === 0 || parked.state === 'waking') {
    const { woken, said } = await undoWorkload(workload, who, config, world)
    undone.woken.push(...woken)
    undone.said.push(...said)
    return
  }
  await writeParked(world.table, { ...parked, reasons: others }, parked, world.clock.now())
  const why = others.map(({ reason, detail }) => `${reason}: ${detail}`).join('; ')
  undone.said.push(`${name} stays stopped: ${why}. farguard undo ${workload} puts it back all the same`)
}

/** All that is parked, whatever for. */
export async function wakeAll(who: Who, config: Config, world: ScalingWorld): Promise<Undone> {
  const undone: Undone = { woken: [], said: [] }
  const asleep = (await readParked(world.table)).filter(({ state }) => state !== 'over' && state !== 'left')
  await eachByItself(asleep, undone, async ({ workload }) => {
    const { woken, said } = await undoWorkload(workload, who, config, world)
    undone.woken.push(...woken)
    undone.said.push(...said)
  })
  return undone
}

/** A day; what was just off hours: until its hours begin, where that is sooner. As long as somebody keeps it anyway, at the least. */
async function keepFor(
  workload: string,
  { by, because }: Who,
  { reasons }: Parked,
  world: ScalingWorld,
): Promise<void> {
  const now = world.clock.now()
  const isJustHours = reasons.length > 0 && reasons.every(({ reason }) => reason === 'off-hours')
  const begin = isJustHours ? Date.parse(reasons[0]?.until ?? '') : Number.NaN
  // One that is past says that farguard.yml has other hours by now.
  const end = begin > now.getTime() ? begin : Number.POSITIVE_INFINITY
  const until = new Date(Math.min(now.getTime() + keptForMs, end)).toISOString()
  const kept = await findKeep(world.table, workload, now)
  if (kept && kept.until >= until) return
  await writeKeep(world.table, { workload, until, by, because, at: now.toISOString() })
}
