/** `farguard stop`: stops a task, or puts a service to zero, once somebody has seen what that means. */
import { words } from '../arguments.ts'
import { columnsOf } from '../layout.ts'
import { json, printable } from '../printable.ts'
import { type DefineCommand, type Session, UsageError } from '../session.ts'
import { type Stopping, whatToStop } from '../stop-what.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

type StopOptions = WishOptions & { yes: boolean; because?: string }

export const stop: DefineCommand = (command, run) => {
  command
    .description('Stops a task, or all tasks of a service, after showing what it is and what depends on it.')
    .argument('<name>', "a target, cluster/service, a task's id (or its first 6 digits), or an ARN")
    .option('--yes', 'without asking, for scripts', false)
    .option('--because <text>', 'why, for the record', words)
    .addHelpText(
      'after',
      '\nExamples:\n  farguard stop 3f9a1c2e\n  farguard stop demo/web --yes --because "costs too much"',
    )
  withWishOptions(command).action((name: string, options: StopOptions) =>
    run(session => runStop(name, options, session)),
  )
}

async function runStop(name: string, options: StopOptions, session: Session): Promise<number> {
  const { terminal } = session
  const stopping = await whatToStop(name, options.because, session)
  if (!stopping) {
    if (options.json) terminal.print(json({ how: 'stopped-already' }))
    else terminal.print(`${name} is stopped already.`)
    return 0
  }
  for (const line of tell(stopping, terminal.columns())) terminal.say(line)
  if (!options.yes) {
    if (!terminal.confirm) throw new UsageError('Nobody can be asked here, so nothing was stopped. Add --yes to do it.')
    const said = await terminal.confirm('Stop it?')
    if (said !== 'yes') {
      terminal.say('Nothing was stopped.')
      // 128 + SIGINT, as a shell counts it.
      return said === 'interrupted' ? 130 : 1
    }
  }
  return askFor(stopping.wish, 'farguard status', options, session)
}

function tell({ title, facts, follows }: Stopping, columns: number | undefined): string[] {
  const lines = columnsOf(
    ['', '', ''],
    facts.map(([what, value]) => ['', what, value]),
    columns,
  )
  return [printable(title), ...lines.slice(1), ...follows.map(printable)]
}
