/** From what was seen to the plan: the same for a guard run and for `farguard guard --plan`. Reads only. */
import { clustersOf } from '../config/clusters.ts'
import type { Config, Guard } from '../config/config.ts'
import type { Prices } from '../cost/prices.ts'
import type { GuardWorld } from '../ports.ts'
import { readTasks } from '../status/task-record.ts'
import { readActed } from './acted-steps.ts'
import type { Activity } from './activity.ts'
import { decide } from './decide.ts'
import type { BudgetFacts, Decided, Facts } from './facts.ts'
import { isWorthAsking } from './idle-window.ts'
import { type Memory, readMemory } from './memory.ts'
import { costing, type Seen, subjectsOfParked, subjectsOfTargets } from './observe.ts'
import { observeActivity } from './observe-activity.ts'
import type { DeployHold } from './plan.ts'
import { whyEcsProtects } from './recheck.ts'
import { type Parked, readKeeps, readParked } from './records.ts'
import { settingsBy } from './settings.ts'
import { readStops, type Stop } from './stops.ts'
import type { Workload } from './workload.ts'
import { workloadsOf } from './workloads.ts'

/** What is on record, read once. */
export interface Remembrance {
  memory: Awaited<ReturnType<typeof readMemory>>
  parked: Parked[]
  stops: Stop[]
  acted: Awaited<ReturnType<typeof readActed>>
}

export interface Planned extends Remembrance {
  decided: Decided
  workloads: readonly Workload[]
}

/** Nothing is judged where farguard.yml has no `guard`: then there are only budgets, which can do no more than warn. */
export const noGuard: Guard = {
  mode: 'observe',
  clusters: [],
  everyMinutes: 15,
  report: { hour: 2, minute: 0, timeZone: 'UTC' },
  minimumAgeMs: 0,
  graceMs: 0,
  allowUnrestorable: false,
  rules: [],
}

export async function remember({ table, clock }: GuardWorld): Promise<Remembrance> {
  return {
    memory: await readMemory(table),
    parked: await readParked(table),
    stops: await readStops(table, clock.now()),
    acted: await readActed(table),
  }
}

export async function plan(
  seen: Seen,
  prices: Prices | undefined,
  budgets: readonly BudgetFacts[],
  remembered: Remembrance,
  config: Config,
  world: GuardWorld,
): Promise<Planned> {
  const now = world.clock.now()
  const guard = config.guard ?? noGuard
  const { memory, parked, stops } = remembered
  const found = await withFirstHeard(judged(seen, prices, guard, config, now), world)
  const workloads = withWakes(found, parked)
  const targets = subjectsOfTargets(seen, config)
  const facts: Facts = {
    workloads,
    clusters: new Set([...seen.services.keys(), ...unnamed(parked, config)]),
    parked,
    subjects: { targets, parked: subjectsOfParked(parked, seen, targets) },
    activities: await activitiesOf(workloads, seen, memory.memory, guard, world, now),
    memory: memory.memory,
    keeps: await readKeeps(world.table, now),
    protected: new Map(),
    recentStops: stops.map(({ workload }) => workload),
    budgets,
    holding: holdingOf(seen, now),
    problems: seen.problems,
  }
  return { ...remembered, decided: await withProtections(facts, guard, world, now), workloads }
}

/** A hold ends with its period by itself. */
function holdingOf({ targets }: Seen, now: Date): DeployHold[] {
  return [...targets].flatMap(([target, { gate }]) => {
    const hold = gate?.budgetHold
    return hold && Date.parse(hold.until) > now.getTime()
      ? [{ target, budget: hold.budget, detail: hold.detail, until: hold.until }]
      : []
  })
}

function judged(seen: Seen, prices: Prices | undefined, { clusters }: Guard, config: Config, now: Date): Workload[] {
  const ours = <T>(of: ReadonlyMap<string, T>) => new Map([...of].filter(([cluster]) => clusters.includes(cluster)))
  return workloadsOf(
    {
      tasks: [...ours(seen.tasks).values()].flat(),
      services: ours(seen.services),
      targets: seen.targets,
      costOf: costing(prices, now),
    },
    config,
  )
}

/** Clusters that farguard.yml names no more: nobody looks at them, and what is parked there comes back all the same. */
function unnamed(parked: readonly Parked[], config: Config): string[] {
  const named = new Set(clustersOf(config))
  return parked.flatMap(({ cluster }) => (named.has(cluster) ? [] : [cluster]))
}

/** AWS always tells since when a task runs; an endpoint that does not, not even when it was created, leaves us with when we first heard of it. */
async function withFirstHeard(workloads: readonly Workload[], { table }: GuardWorld): Promise<Workload[]> {
  const ageless = workloads.filter(({ since, kind }) => since === undefined && kind !== 'service')
  const records = await readTasks(
    table,
    ageless.flatMap(({ tasks }) => tasks.map(({ arn }) => arn)),
  )
  const heardAt = new Map(records.map(({ arn, at }) => [arn, at]))
  return workloads.map(workload => {
    if (workload.since !== undefined || workload.kind === 'service') return workload
    const heard = workload.tasks.map(({ arn }) => heardAt.get(arn))
    const known = heard.filter(at => at !== undefined).sort()
    // As old as the youngest: of one that nothing is known of, nothing is.
    const since = known.length === heard.length ? known.at(-1) : undefined
    return since === undefined ? workload : { ...workload, since }
  })
}

/** What was woken begins anew: it has lived since then. */
function withWakes(workloads: readonly Workload[], parked: readonly Parked[]): Workload[] {
  const wokenAt = new Map(
    parked.flatMap(({ workload, state, ended }) => (state === 'over' && ended ? [[workload, ended.at] as const] : [])),
  )
  return workloads.map(workload => {
    const woken = wokenAt.get(workload.id)
    return woken !== undefined && woken > (workload.since ?? '') ? { ...workload, since: woken } : workload
  })
}

/** Only what a rule wants to be idle, and what could be idle by now: each metric costs money. */
async function activitiesOf(
  workloads: readonly Workload[],
  { families }: Seen,
  memory: Memory,
  guard: Guard,
  world: GuardWorld,
  now: Date,
): Promise<Map<string, Activity>> {
  const settingsOf = settingsBy(guard.rules)
  const asked = workloads.flatMap(workload => {
    const { idle: rule, isProtected, unreadable } = settingsOf(workload)
    if (!rule || isProtected || unreadable.length > 0 || workload.untouchable) return []
    return isWorthAsking(memory.get(workload.id)?.busyAt, rule, now) ? [{ workload, rule }] : []
  })
  return observeActivity(asked, families, world, now)
}

/**
 * Protection is asked for only of what would stop; without it a budget may choose others, which are then asked about in turn, and with
 * them as many more as were asked about before: thousands that are protected do not take a round each.
 */
async function withProtections(facts: Facts, guard: Guard, world: GuardWorld, now: Date): Promise<Decided> {
  const found = new Map<string, string>()
  const asked = new Set<string>()
  for (;;) {
    const decided = decide({ ...facts, protected: found }, guard, now)
    const stops = new Set(decided.plan.lines.flatMap(({ workload, verdict }) => (isStop(verdict) ? [workload] : [])))
    const open = facts.workloads.filter(({ id, kind }) => kind === 'service' && !asked.has(id))
    const chosen = open.filter(({ id }) => stops.has(id))
    if (chosen.length === 0) return decided
    const next = [...chosen, ...open.filter(({ id }) => !stops.has(id)).slice(0, asked.size)]
    for (const [cluster, some] of Map.groupBy(next, ({ subject }) => subject.cluster))
      for (const [workload, why] of await protectionsOf(cluster, some, world)) found.set(workload, why)
    for (const { id } of next) asked.add(id)
  }
}

const isStop = ({ is, reason }: { is: string; reason: string }) =>
  is === 'stop' || is === 'warn' || reason === 'above-limit'

/** Of all their tasks together, in as few calls as there can be. What ECS does not answer protects. */
async function protectionsOf(
  cluster: string,
  workloads: readonly Workload[],
  world: GuardWorld,
): Promise<[string, string][]> {
  try {
    const until = await world.fleet.taskProtection(
      cluster,
      workloads.flatMap(({ tasks }) => tasks.map(({ arn }) => arn)),
    )
    return workloads.flatMap(({ id, tasks }): [string, string][] => {
      const why = whyEcsProtects(tasks, until)
      return why === undefined ? [] : [[id, why]]
    })
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    world.log.warn('task protection not known', { cluster, error })
    return workloads.map(({ id }) => [id, `whether ECS protects its tasks could not be read: ${said}`])
  }
}
