/** The `farguard` command line: its commands, and what becomes of their errors. */
import { Command, CommanderError } from 'commander'
import { ConfigMistake, stackConfig } from '../stack/config.ts'
import { approve } from './commands/approve.ts'
import { deploy } from './commands/deploy.ts'
import { deployments } from './commands/deployments.ts'
import { hold } from './commands/hold.ts'
import { logs } from './commands/logs.ts'
import { release } from './commands/release.ts'
import { rollback } from './commands/rollback.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { why } from './commands/why.ts'
import { type Connection, explain, type Where } from './connection.ts'
import { localAddress } from './local-address.ts'
import { printable } from './printable.ts'
import { CommandError, type DefineCommand, type Run, UsageError } from './session.ts'
import type { Terminal } from './terminal.ts'

/** In the order of the help: what looks, then what changes. */
export const commands: Readonly<Record<string, DefineCommand>> = {
  status,
  deployments,
  why,
  logs,
  deploy,
  rollback,
  hold,
  release,
  approve,
  stop,
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
  const program = new Command('farguard')
    .description('Push-to-deploy and a cost guard for AWS Fargate, in your own account.')
    .option('--stage <name>', 'which stack: the one of this stage', 'dev')
    .option('--local [host:port]', `the local account of npm start, at ${localAddress} (or FARGUARD_LOCAL)`)
    .showHelpAfterError('Try farguard --help.')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.print(text.trimEnd()),
      writeErr: text => terminal.say(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns() ?? 100,
      getErrHelpWidth: () => terminal.columns() ?? 100,
    })
  const run: Run = async work => {
    const stack = surroundings.connect(program.opts<Where>(), environment)
    const config = () => stackConfig(environment.FARGUARD_CONFIG || 'farguard.yml')
    try {
      const now = async () => (await stack.now?.()) ?? terminal.now()
      exitCode = await work({ stack, terminal, config, now })
    } catch (error) {
      exitCode = error instanceof UsageError ? 2 : 1
      // A list goes over several lines; nothing else in a message may.
      for (const line of messageOf(error, stack).split('\n')) terminal.say(printable(line))
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
 * `--local` may stand alone before a command, whose name must not be taken for its address: an address is a loopback one with
 * a port, which no command or image is.
 */
function withLocalAddress(args: readonly string[]): string[] {
  const isAddress = (text: string | undefined) => /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(text ?? '')
  return args.flatMap((argument, index) => {
    if (argument === '--local') return isAddress(args[index + 1]) ? [] : [`--local=${localAddress}`]
    return args[index - 1] === '--local' && isAddress(argument) ? [`--local=${argument}`] : [argument]
  })
}
