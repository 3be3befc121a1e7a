/** The `farguard` command line: its commands, and what becomes of their errors. */
import { Command, CommanderError } from 'commander'
import { ConfigMistake, stackConfig } from '../stack/config.ts'
import { loopback } from './arguments.ts'
import { approve } from './commands/approve.ts'
import { costs } from './commands/costs.ts'
import { deploy } from './commands/deploy.ts'
import { deployments } from './commands/deployments.ts'
import { guard } from './commands/guard.ts'
import { hold } from './commands/hold.ts'
import { keep } from './commands/keep.ts'
import { logs } from './commands/logs.ts'
import { release } from './commands/release.ts'
import { rollback } from './commands/rollback.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { undo } from './commands/undo.ts'
import { wake } from './commands/wake.ts'
import { why } from './commands/why.ts'
import { type Connection, explain, type Where } from './connection.ts'
import { localAddress } from './local-address.ts'
import { json, printable } from './printable.ts'
import { CommandError, type DefineCommand, type Run, UsageError } from './session.ts'
import type { Terminal } from './terminal.ts'

/** In the order of the help: what looks, then what changes. */
export const commands: Readonly<Record<string, DefineCommand>> = {
  status,
  deployments,
  why,
  logs,
  costs,
  guard,
  deploy,
  rollback,
  hold,
  release,
  approve,
  stop,
  keep,
  undo,
  wake,
}

export interface Surroundings {
  terminal: Terminal
  environment: NodeJS.ProcessEnv
  connect(where: Where, environment: NodeJS.ProcessEnv): Connection
}

/** Runs what the arguments (without the program's own name) say; gives the exit code. */
export async function farguard(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal, environment } = surroundings
  let exitCode = 0
  let isForPrograms = false
  const program = new Command('farguard')
    .description('Push-to-deploy and a cost guard for AWS Fargate, in your own account.')
    .option('--stage <name>', 'which stack: the one of this stage', 'dev')
    .option('--local [host:port]', `the local account of npm start, at ${localAddress} (or FARGUARD_LOCAL)`, loopback)
    .showHelpAfterError('Try farguard --help.')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.print(text.trimEnd()),
      writeErr: text => terminal.say(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns() ?? 100,
      getErrHelpWidth: () => terminal.columns() ?? 100,
    })
  program.hook('preAction', (_, command) => {
    isForPrograms = command.opts<{ json?: boolean }>().json === true
  })
  const run: Run = async work => {
    const stack = surroundings.connect(program.opts<Where>(), environment)
    const config = () => stackConfig(environment.FARGUARD_CONFIG || 'farguard.yml')
    try {
      const now = async () => (await stack.now?.()) ?? terminal.now()
      exitCode = await work({ stack, terminal, config, now })
    } catch (error) {
      exitCode = error instanceof UsageError ? 2 : 1
      const message = messageOf(error, stack)
      if (isForPrograms) terminal.print(json({ error: message }))
      // A list goes over several lines; nothing else in a message may.
      else for (const line of message.split('\n')) terminal.say(printable(line))
    }
  }
  for (const [name, define] of Object.entries(commands)) define(program.command(name), run)
  try {
    await program.parseAsync(withLocalAddress(args), { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help that was asked for ends with 0.
    return error.exitCode === 0 ? 0 : 2
  }
}

function messageOf(error: unknown, stack: Connection): string {
  if (error instanceof ConfigMistake) return error.message
  const isOwn = error instanceof UsageError || error instanceof CommandError
  return isOwn ? error.message : explain(error, stack).replaceAll('\n', ' ')
}

/**
 * `--local` may stand alone, before a command or what that is given, and neither must be taken for its address. Right before
 * the command anything is an address that has a dot, a colon or digits only; behind it only what looks like no name or image.
 */
function withLocalAddress(args: readonly string[]): string[] {
  let mayBeAddress = beforeCommand
  const given: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (Object.hasOwn(commands, argument)) mayBeAddress = behindCommand
    if (argument !== '--local') given.push(argument)
    else if (mayBeAddress.test(args[index + 1] ?? '')) given.push(`--local=${args[++index]}`)
    else given.push(`--local=${localAddress}`)
  }
  return given
}

const beforeCommand = /^\d+$|^[^-].*[.:]|^localhost$/
const behindCommand = /^(\d{4,5}|(127(\.\d+){3}|localhost|\[::1\])(:\d*)?)$/
