/** `farguard undo`: puts back what the guard stopped. */
import { type GuardRun, type Parked, readRuns } from '../../shared/guard/records.ts'
import { parkedNow, showParked } from '../guard/parked-list.ts'
import { workloadNamed } from '../guard/workload-named.ts'
import { isMeant, shortName, workloadId } from '../guard/workload-names.ts'
import { columnsOf } from '../layout.ts'
import { json } from '../printable.ts'
import { CommandError, type DefineCommand, type Session, UsageError } from '../session.ts'
import { utc } from '../times.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

const runId = /^\d{8}-\d{6}$/

export const undo: DefineCommand = (command, run) => {
  command
    .description('Puts back what the guard stopped: one workload, or all that a run stopped. Waits until it runs.')
    .argument('[what]', "a run's id, or a workload; without it, lists what can be undone")
    .addHelpText('after', '\nExamples:\n  farguard undo demo/web\n  farguard undo 20260301-221500\n  farguard undo')
  withWishOptions(command).action((what: string | undefined, options: WishOptions) =>
    run(session => runUndo(what, options, session)),
  )
}

async function runUndo(what: string | undefined, options: WishOptions, session: Session): Promise<number> {
  const parked = await parkedNow(session.stack.table)
  if (what === undefined) return list(parked, options.json, session)
  const id = runId.test(what) ? what : await workloadMeant(what, parked, session)
  if (id !== undefined) return askFor({ do: 'undo', what: id }, 'farguard undo', options, session)
  session.terminal.print(options.json ? json({ how: 'runs' }) : `${what} runs: there is nothing to undo.`)
  return 0
}

/** What is stopped comes first: its service, or its target, may be gone by now. Undefined for one task that runs. */
async function workloadMeant(name: string, parked: readonly Parked[], session: Session): Promise<string | undefined> {
  const [only, ...others] = parked.filter(each => isMeant(name, each))
  if (only && others.length === 0) return only.workload
  if (only)
    throw new UsageError(
      [
        `${name} may be any of these; name one:`,
        ...[only, ...others].map(each => `  ${shortName(each.workload)}`),
      ].join('\n'),
    )
  try {
    const { id, tasks } = await workloadNamed(name, session)
    return id.startsWith('task:') && tasks.length > 0 ? undefined : id
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    // The stack can say more of a task that ECS has forgotten.
    if (name.startsWith('task:') && workloadId.test(name)) return name
    throw new CommandError(`The guard has stopped nothing of the name ${name}. farguard undo lists what it has.`)
  }
}

const mostRuns = 50

async function list(parked: readonly Parked[], isJson: boolean, session: Session): Promise<number> {
  const { stack, terminal } = session
  const runs = (await readRuns(stack.table, mostRuns)).filter(
    ({ mode, stopped }) => mode === 'enforce' && stopped.length > 0,
  )
  if (isJson) {
    terminal.print(json({ parked, runs }, 2))
    return 0
  }
  const columns = terminal.columns()
  const lines = [
    ...(parked.length === 0 ? ['Nothing is stopped by the guard.'] : showParked(parked, await session.now(), columns)),
    ...(runs.length === 0 ? [] : ['', ...columnsOf(['run', 'at', 'stopped'], runs.map(row), columns)]),
  ]
  for (const line of lines) terminal.print(line)
  return 0
}

function row({ id, at, stopped }: GuardRun): string[] {
  return [id, utc(at), stopped.map(({ workload }) => shortName(workload)).join(', ')]
}
