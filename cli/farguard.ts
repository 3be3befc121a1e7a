#!/usr/bin/env node
/** The `farguard` command. */
import { Command, InvalidArgumentError } from 'commander'
import { connect, explain } from './connection.ts'
import { localAddress } from './local-address.ts'
import { runWhy, UsageError } from './why.ts'

const program = new Command('farguard')
  .description('Push-to-deploy and a cost guard for AWS Fargate, in your own account.')
  .option('--stage <name>', 'which stack: the one of this stage', 'dev')
  .option('--local [host:port]', `the local account of npm start, at ${localAddress} (or FARGUARD_LOCAL)`)
  .showHelpAfterError('Try farguard --help.')

program
  .command('why')
  .description('Why an image runs where it runs, or does not: every decision on it, newest first.')
  .argument('<image>', 'acme/web:1.4.2 or acme/web@sha256:…')
  .option('--limit <n>', 'at most this many decisions', positive, 20)
  .option('--json', 'for programs', false)
  .action(async (image: string, options: { limit: number; json: boolean }) => {
    const connection = connect(program.opts(), process.env)
    try {
      process.exitCode = await runWhy(image, options, connection, line => console.log(line))
    } catch (error) {
      process.exitCode = error instanceof UsageError ? 2 : 1
      console.error(error instanceof UsageError ? error.message : explain(error, connection))
    }
  })

await program.parseAsync(withLocalAddress(process.argv))

/**
 * `--local` may stand alone before a command, whose name must not be taken for its address: an address is a loopback one with
 * a port, which no command or image is.
 */
function withLocalAddress(argv: readonly string[]): string[] {
  const isAddress = (text: string | undefined) => /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(text ?? '')
  return argv.flatMap((argument, index) => {
    if (argument === '--local') return isAddress(argv[index + 1]) ? [] : [`--local=${localAddress}`]
    return argv[index - 1] === '--local' && isAddress(argument) ? [`--local=${argument}`] : [argument]
  })
}

function positive(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0 && number <= 1000) return number
  throw new InvalidArgumentError('It takes a whole number from 1 to 1000.')
}
