/** One guard run: observe, decide, act or only say so, report. */
import type { BudgetStep, Config } from '../config/config.ts'
import { sumOf } from '../cost/amount.ts'
import type { GuardWorld } from '../ports.ts'
import { cut } from '../status/cut.ts'
import { writeActed } from './acted-steps.ts'
import { isCounted } from './decide.ts'
import type { BudgetFacts } from './facts.ts'
import { fingerprintOf } from './fingerprint.ts'
import { holdDeployments } from './holds.ts'
import { giveBack, takeLease } from './lease.ts'
import { writeMemory } from './memory.ts'
import { account } from './money.ts'
import { see } from './observe.ts'
import type { BudgetLine, PlanLine } from './plan.ts'
import { noGuard, type Planned, plan, remember } from './planning.ts'
import { type GuardRun, type RunLine, readLastRun, writeRun } from './records.ts'
import { isReportDue, setReportDue } from './report-due.ts'
import { stopPlanned } from './stop-planned.ts'
import { noteStops } from './stops.ts'
import { tendParked } from './tend-parked.ts'
import { type Acted, type Means, Turn } from './turn.ts'

export interface RunMeans extends Means {
  /** Longer than the run can live: as long it keeps others from running beside it, should it die. */
  leaseMs: number
}

/** `trigger`: a budget that notified says no more than that it is worth a look. */
export async function guard(
  trigger: GuardRun['trigger'],
  config: Config,
  world: GuardWorld,
  means: RunMeans,
): Promise<GuardRun | { skipped: string }> {
  const now = world.clock.now()
  const lease = await takeLease(world.table, means.leaseMs, now)
  if ('heldBy' in lease) {
    const skipped = `run ${lease.heldBy} is under way, at the longest until ${lease.until}`
    world.log.info('not guarded', { reason: skipped })
    if (trigger === 'report') await setReportDue(world.table, true, now)
    return { skipped }
  }
  try {
    const isOverdue = trigger !== 'report' && (await isReportDue(world.table))
    const report = await run(lease.run, isOverdue ? 'report' : trigger, config, world, means)
    if (isOverdue) await setReportDue(world.table, false, world.clock.now())
    return report
  } finally {
    // Where this fails the lease ends by itself.
    await giveBack(world.table, lease, world.clock.now()).catch(error =>
      world.log.warn('lease not given back', { error }),
    )
  }
}

async function run(
  id: string,
  trigger: GuardRun['trigger'],
  config: Config,
  world: GuardWorld,
  means: RunMeans,
): Promise<GuardRun> {
  const seen = await see(config, world)
  const remembered = await remember(world)
  const { prices, budgets, problems } = await account(seen, remembered.acted, trigger === 'report', config, world, () =>
    means.hasTime(),
  )
  const planned = await plan(seen, prices, budgets, remembered, config, world)
  const { mode } = config.guard ?? noGuard
  // First: a run that dies while it acts must not let every warning begin anew.
  await writeMemory(world.table, planned.decided.memory, planned.memory.chunks, world.clock.now())
  const acted = await act(id, planned, seen.targets, budgets, config, world, means)
  const report = { ...reportOf(id, trigger, planned, acted, problems), config: fingerprintOf(config) }
  const last = await readLastRun(world.table)
  await writeRun(world.table, report, isWorthKeeping(report, last))
  const { counts, stopped, failed, left } = report
  world.log.info('guarded', {
    run: id,
    mode,
    ...counts,
    acted: stopped.length,
    failed: failed.length,
    ...(left > 0 && { left }),
    ...(report.limit !== undefined && { limit: report.limit }),
  })
  return report
}

async function act(
  id: string,
  planned: Planned,
  targets: Awaited<ReturnType<typeof see>>['targets'],
  budgets: readonly BudgetFacts[],
  config: Config,
  world: GuardWorld,
  means: RunMeans,
): Promise<Acted> {
  const { decided, stops, workloads, parked } = planned
  const guarded = config.guard ?? noGuard
  const isEnforcing = guarded.mode === 'enforce'
  if (isEnforcing) await noteStops(world.table, stops, countedStops(planned), world.clock.now())
  const turn = new Turn(id, config, guarded, world, means)
  await tendParked(decided, parked, turn)
  if (isEnforcing) await stopPlanned(decided, workloads, parked, turn)
  const did = turn.acted
  did.said.push(...(await holdDeployments(isEnforcing ? decided.plan.holds : [], targets, config, world)))
  if (isEnforcing) await noteActed(planned, did, budgets, world)
  return did
}

function countedStops({ decided }: Planned): string[] {
  return decided.plan.lines.flatMap(line => (isCounted(line.verdict, line) ? [line.workload] : []))
}

async function noteActed(
  { decided, acted }: Planned,
  did: Acted,
  budgets: readonly BudgetFacts[],
  world: GuardWorld,
): Promise<void> {
  const { lines } = decided.plan
  const failed = new Set(did.failed.map(({ workload }) => workload))
  // A step whose stops are still to come, after a warning or in the next run, has not acted yet; a warning may be for two budgets.
  const isToCome = (budget: string) =>
    lines.some(
      ({ workload, verdict }) =>
        (verdict.is === 'warn' && verdict.reason === 'over-budget') ||
        (failed.has(workload) && 'budget' in verdict && verdict.budget === budget),
    )
  const isHeldUp =
    did.left > 0 || lines.some(({ verdict }) => verdict.is === 'keep' && verdict.reason === 'above-limit')
  for (const each of budgets) {
    const keys = each.reached.flatMap(({ step, hasActed, key }) => (!hasActed && hasJudged(step, each) ? [key] : []))
    const { name } = each.budget
    if (keys.length > 0 && !isHeldUp && !isToCome(name))
      await writeActed(world.table, name, acted.get(name) ?? new Set(), keys, world.clock.now())
  }
}

/** Whether what it is to stop could be told: a step that could not act is not used up. */
function hasJudged({ do: what }: BudgetStep, { problem, spend }: BudgetFacts): boolean {
  if (problem !== undefined) return false
  return what === 'stop-all' || (what === 'stop-to-fit' && 'usd' in spend.projected)
}

/** Names may have 500 characters, and a record has 400 KB. */
const mostLines = 50
const mostDetailBytes = 300

function reportOf(
  id: string,
  trigger: GuardRun['trigger'],
  { decided: { plan: its }, workloads }: Planned,
  acted: Acted,
  problems: readonly string[],
): GuardRun {
  const of = (is: PlanLine['verdict']['is']) => its.lines.filter(({ verdict }) => verdict.is === is)
  return {
    id,
    at: its.at,
    trigger,
    mode: its.mode,
    counts: {
      workloads: workloads.length,
      keep: of('keep').length,
      notJudged: of('not-judged').length,
      warn: of('warn').length,
      stop: of('stop').length,
      parked: of('parked').length,
    },
    costPerHour: sumOf(workloads.map(({ costPerHour }) => costPerHour)),
    warned: shown(of('warn').map(asRunLine)),
    stopped: shown(its.mode === 'enforce' ? acted.stopped : of('stop').map(asRunLine)),
    woken: shown(acted.woken),
    failed: shown(acted.failed),
    problems: [...its.problems, ...problems, ...acted.said].slice(0, mostLines).map(each => cut(each, mostDetailBytes)),
    budgets: its.budgets.map(budgetLine).slice(0, mostLines),
    ...(its.limit && { limit: its.limit.detail }),
    left: acted.left,
  }
}

function asRunLine({ workload, name, verdict, costPerHour }: PlanLine): RunLine {
  return { workload, name, reason: verdict.reason, detail: verdict.detail, costPerHour }
}

function budgetLine({ budget, reached, problem }: BudgetLine): GuardRun['budgets'][number] {
  const steps = reached.map(
    ({ step, do: what, detail, hasActed }) => `${step}, ${what}: ${detail}${hasActed ? '; it has acted on this' : ''}`,
  )
  return { budget, reached: steps, ...(problem !== undefined && { problem: cut(problem, mostDetailBytes) }) }
}

function shown(lines: readonly RunLine[]): RunLine[] {
  return lines.slice(0, mostLines).map(line => ({ ...line, detail: cut(line.detail, mostDetailBytes) }))
}

/** One that found and did the same as the last one is not kept by itself. */
function isWorthKeeping(run: GuardRun, last: GuardRun | undefined): boolean {
  const stopped = run.mode === 'enforce' ? run.stopped.length : 0
  const hasActed = stopped + run.woken.length + run.failed.length > 0
  if (hasActed || run.trigger === 'report') return true
  // A figure that rises from run to run is no news, a step that is reached is.
  const found = ({ warned, stopped, problems, budgets = [], limit }: GuardRun) =>
    JSON.stringify([
      warned.map(nameOf),
      stopped.map(nameOf),
      problems,
      budgets.map(({ reached, problem }) => [reached.length, problem !== undefined]),
      limit !== undefined,
    ])
  return !last || found(run) !== found(last)
}

const nameOf = ({ workload, reason }: RunLine) => `${workload} ${reason}`
