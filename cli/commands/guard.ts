/** `farguard guard`: what the guard would do now, and what its runs did. */
import { InvalidArgumentError } from 'commander'
import { fingerprintOf } from '../../shared/guard/fingerprint.ts'
import type { PlanLine } from '../../shared/guard/plan.ts'
import { planOnly } from '../../shared/guard/plan-only.ts'
import { readLastRun } from '../../shared/guard/records.ts'
import { upTo } from '../arguments.ts'
import { readingWorld } from '../guard/reading-world.ts'
import { showLastRuns, showOneRun } from '../guard/runs.ts'
import { showPlan } from '../guard/show-plan.ts'
import { isMeant } from '../guard/workload-names.ts'
import { json } from '../printable.ts'
import { CommandError, type DefineCommand, type Session, UsageError } from '../session.ts'

interface GuardOptions {
  plan: boolean
  all: boolean
  run?: string
  limit: number
  json: boolean
}

export const guard: DefineCommand = (command, run) => {
  command
    .description('What the guard found and did last; with --plan, what it would do now, and why.')
    .argument('[workload]', 'with --plan: this one only; a target, cluster/service or task')
    .option('--plan', 'the plan of a run that would begin now; nothing is written or stopped', false)
    .option('--all', 'with --plan: also what is kept', false)
    .option('--run <id>', 'one run, with everything that it did', runId)
    .option('--limit <n>', 'at most this many runs', upTo(1000), 5)
    .option('--json', 'for programs', false)
    .addHelpText('after', '\nExamples:\n  farguard guard --plan\n  farguard guard --plan demo/web\n  farguard guard')
    .action((workload: string | undefined, options: GuardOptions) =>
      run(session => runGuard(workload, options, session)),
    )
}

function runId(text: string): string {
  if (/^\d{8}-\d{6}$/.test(text)) return text
  throw new InvalidArgumentError('It takes the id of a run, such as 20260301-221500; farguard guard lists them.')
}

async function runGuard(workload: string | undefined, options: GuardOptions, session: Session): Promise<number> {
  if (options.plan && options.run !== undefined)
    throw new UsageError('--plan is about now, --run about then: name one.')
  if (options.plan) return showThePlan(workload, options, session)
  if (workload !== undefined) throw new UsageError(`What becomes of ${workload} is in the plan: add --plan.`)
  return options.run === undefined
    ? showLastRuns(options.limit, options.json, session)
    : showOneRun(options.run, options.json, session)
}

async function showThePlan(name: string | undefined, { all, json: isJson }: GuardOptions, session: Session) {
  const { terminal, stack } = session
  const config = session.config()
  const plan = await planOnly(config, await readingWorld(session))
  const last = await readLastRun(stack.table)
  if (last?.config !== undefined && last.config !== fingerprintOf(config)) {
    const other = `Its runs go by another farguard.yml than this one, in mode ${last.mode}`
    terminal.say(`${other}: this is what a run would do with yours. FARGUARD_CONFIG names another file.`)
  }
  const isPart = name !== undefined
  const chosen = isPart ? plan.lines.filter(line => isMeant(name, line)) : plan.lines
  if (isPart && chosen.length === 0)
    throw new CommandError(
      [`Nothing that is judged is named ${name}. farguard guard --plan --all lists what is.`, ...plan.problems].join(
        '\n',
      ),
    )
  if (isJson) {
    terminal.print(json({ ...plan, lines: chosen }, 2))
    return 0
  }
  const lines = isPart || all ? chosen : chosen.filter(isWorthShowing)
  for (const line of showPlan(plan, { stack: stack.name, lines, isPart }, terminal.columns())) terminal.print(line)
  return 0
}

/** What is kept because a budget's step, a limit or a comeback has the last word is no everyday thing. */
function isWorthShowing({ verdict }: PlanLine): boolean {
  return verdict.is !== 'keep' || unusual.has(verdict.reason)
}

const unusual = new Set<string>(['above-limit', 'would-not-fit', 'came-back', 'unrestorable', 'kept'])
