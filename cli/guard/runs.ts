/** What runs of the guard came to. */
import { spoken } from '../../shared/cost/money.ts'
import {
  type Action,
  findRun,
  type GuardRun,
  type RunLine,
  readActions,
  readLastRun,
  readRuns,
} from '../../shared/guard/records.ts'
import { columnsOf, wrapped } from '../layout.ts'
import { json, printable } from '../printable.ts'
import { CommandError, type Session } from '../session.ts'
import { span, utc } from '../times.ts'
import { shortName } from './workload-names.ts'

/** The last run as a whole, and the last ones that found or did something. Gives the exit code. */
export async function showLastRuns(limit: number, isJson: boolean, session: Session): Promise<number> {
  const { stack, terminal } = session
  const last = await readLastRun(stack.table)
  const runs = await readRuns(stack.table, limit)
  if (isJson) {
    terminal.print(json({ ...(last && { last }), runs }, 2))
    return 0
  }
  if (!last) {
    terminal.print(
      `The guard has not run in ${stack.name} yet. It does by itself; farguard guard --plan shows what it would find.`,
    )
    return 0
  }
  const now = await session.now()
  const columns = terminal.columns()
  const rows = runs.map(run => row(run, now))
  const head = ['run', 'ago', 'for', 'mode', 'stop', 'woken', 'failed', 'warned']
  const lines = [
    ...tellRun(last, now).flatMap(text => wrapped(printable(text), columns)),
    ...(rows.length > 0 ? ['', ...columnsOf(head, rows, columns)] : []),
  ]
  for (const line of lines) terminal.print(line)
  return 0
}

/** One run and its actions; throws CommandError where there is none of this id. */
export async function showOneRun(id: string, isJson: boolean, { stack, terminal, now }: Session): Promise<number> {
  const run = await findRun(stack.table, id)
  const actions = await readActions(stack.table, id)
  if (!run && actions.length === 0)
    throw new CommandError(`No run ${id} is on record. One that found the same as the run before it is not kept.`)
  if (isJson) {
    terminal.print(json({ ...(run && { run }), actions }, 2))
    return 0
  }
  const columns = terminal.columns()
  const told = run ? tellRun(run, await now()) : [`Run ${id} did not come to its end.`]
  for (const text of told) for (const line of wrapped(printable(text), columns)) terminal.print(line)
  const head = ['did', 'workload', 'before', '$ an hour', 'why']
  if (actions.length === 0) terminal.print('It did nothing.')
  else for (const line of ['', ...columnsOf(head, actions.map(actionRow), columns)]) terminal.print(line)
  if (actions.some(({ state }) => state !== 'failed'))
    for (const line of ['', `To take it back: farguard undo ${id}`]) terminal.print(line)
  return 0
}

/** Also in `mode: observe`, where STOP counts what would have been. */
function row({ id, at, trigger, mode, stopped, woken, failed, warned }: GuardRun, now: Date): string[] {
  const counts = [stopped, woken, failed, warned].map(({ length }) => String(length))
  return [id, span(now.getTime() - Date.parse(at)), trigger, mode, ...counts]
}

function tellRun(run: GuardRun, now: Date): string[] {
  const {
    id,
    at,
    trigger,
    mode,
    counts,
    costPerHour,
    stopped,
    woken,
    failed,
    warned,
    problems,
    limit,
    left,
    budgets = [],
  } = run
  const { workloads, keep, notJudged, warn, stop, parked } = counts
  const isEnforced = mode === 'enforce'
  return [
    `Run ${id}, ${utc(at)} (${span(now.getTime() - Date.parse(at))} ago), for ${trigger}, mode ${mode}`,
    `${workloads} ${workloads === 1 ? 'workload' : 'workloads'} at ${spoken(costPerHour)} an hour: ${stop} to stop, ${warn} warned of, ${parked} parked, ${notJudged} not judged, ${keep} kept.`,
    ...stopped.map(line => tell(isEnforced ? 'Stopped' : 'Would have stopped', line)),
    ...woken.map(line => tell('Woke', line)),
    ...failed.map(line => tell('Failed', line)),
    ...warned.map(line => tell('Warned of', line)),
    ...budgets.flatMap(({ budget, reached, problem }) => [
      ...reached.map(step => `Budget ${budget}: ${step}`),
      ...(problem === undefined ? [] : [`Budget ${budget}: ${problem}`]),
    ]),
    ...(limit === undefined ? [] : [`Limit: ${limit}`]),
    ...problems.map(problem => `Note: ${problem}`),
    ...(left > 0 ? [`${left} more were left to the next run, for want of time.`] : []),
  ]
}

function tell(what: string, { workload, reason, detail, costPerHour }: RunLine): string {
  const cost = costPerHour ? `, ${spoken(costPerHour)} an hour` : ''
  const why = reason === 'woken' || reason === 'failed' ? '' : `${reason}: `
  return `${what}: ${shortName(workload)}${cost}: ${why}${detail}`
}

function actionRow({ what, state, workload, before, costPerHour, reason, detail, came }: Action): string[] {
  const how = { planned: 'perhaps', done: '', failed: 'failed:', 'not-needed': 'not needed:' }[state]
  return [
    [how, what].filter(Boolean).join(' '),
    shortName(workload),
    before,
    spoken(costPerHour),
    `${reason}: ${detail}${came === undefined ? '' : `. ${came}`}`,
  ]
}
