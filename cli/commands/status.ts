/** `farguard status`: what runs, and what is not as it should be. */
import type { Config } from '../../shared/config/config.ts'
import { RetryableError } from '../../shared/ports.ts'
import { targetName, upTo } from '../arguments.ts'
import { json as jsonOf, printable } from '../printable.ts'
import type { DefineCommand, Session } from '../session.ts'
import { observe } from '../status/observe.ts'
import { reportOn, type StatusReport } from '../status/report.ts'
import { show } from '../status/show.ts'
import { targetNamed } from '../targets.ts'

interface StatusOptions {
  json: boolean
  /** Seconds; true stands for the usual number. */
  watch?: number | true
}

const usualSeconds = 5

export const status: DefineCommand = (command, run) => {
  command
    .description(
      'What runs by target and cluster, what is under way, held or quarantined, and what is not as on record.',
    )
    .argument('[target]', 'its name in farguard.yml; without it, all of them', targetName)
    .option('--watch [seconds]', `look again every ${usualSeconds} seconds, until Ctrl-C`, upTo(3600))
    .option('--json', 'for programs; with --watch one object a line, for each change', false)
    .addHelpText('after', '\nExamples:\n  farguard status\n  farguard status web --watch')
    .action((target: string | undefined, options: StatusOptions) => run(session => runStatus(target, options, session)))
}

async function runStatus(target: string | undefined, options: StatusOptions, session: Session): Promise<number> {
  const { terminal, stack } = session
  const config = chosen(session.config(), target)
  const look = async () =>
    reportOn(await observe(config, session, { others: target === undefined }), stack.name, await session.now())
  if (options.watch === undefined) {
    const report = await look()
    if (options.json) terminal.print(jsonOf(report, 2))
    else for (const line of show(report, terminal.columns())) terminal.print(line)
  } else await watch(look, options.watch === true ? usualSeconds : options.watch, options.json, session)
  return 0
}

function chosen(config: Config, name: string | undefined): Config {
  if (name === undefined) return config
  return { ...config, targets: [targetNamed(name, config)] }
}

/** A screen is drawn anew each time; elsewhere, and for programs, only what has changed is printed. */
async function watch(look: () => Promise<StatusReport>, seconds: number, json: boolean, { terminal }: Session) {
  await terminal.untilInterrupted(async signal => {
    let before = ''
    for (; !signal.aborted; await terminal.sleep(seconds * 1000, signal)) {
      const report = await look().catch(error => {
        if (!(error instanceof RetryableError)) throw error
        terminal.say(printable(`Can't look just now, and goes on trying: ${error.message}`))
      })
      if (!report) continue
      const now = JSON.stringify({ ...report, at: '' })
      if (terminal.clear && !json) {
        terminal.clear()
        for (const line of show(report, terminal.columns())) terminal.print(line)
      } else if (now !== before) {
        if (json) terminal.print(jsonOf(report))
        else for (const line of [...show(report, terminal.columns()), '']) terminal.print(line)
      }
      before = now
    }
  })
}
