/** `npm run bench`: the project's figures, measured in one run, beside what they are to be. */
import { availableParallelism } from 'node:os'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { ConfigMistake } from '../stack/config.ts'
import { measureClock } from './clock.ts'
import { measureColdStart } from './cold-start.ts'
import { type BenchOptions, formatFigures, isMet, type Part } from './figure.ts'
import { measureGuard } from './guard.ts'
import { measurePushCalls } from './push-calls.ts'
import { measureRecording } from './recording.ts'
import { measureStartOnce } from './start-once.ts'
import { measureSweep } from './sweep.ts'

const parts: Record<string, Part> = {
  'cold-start': { about: 'the functions, import to ready, to a bare handler', measure: measureColdStart },
  'push-calls': { about: 'calls of one push to a service', measure: measurePushCalls },
  recording: { about: 'a task event, to a bare conditional put', measure: measureRecording },
  sweep: { about: 'a sweep over 10,000 running tasks', measure: measureSweep },
  guard: { about: 'a guard run over 10,000 running tasks', measure: measureGuard },
  clock: { about: 'how the simulated clock bears many timers', measure: measureClock },
  'start-once': { about: 'npm start -- --once and npm test', measure: measureStartOnce },
}

const program = new Command('npm run bench --')
  .description('Measures the figures, and says which targets are met. A target missed is no failure of the command.')
  .addArgument(new Argument('[parts...]', 'which; all of them when none is named').choices(Object.keys(parts)))
  .option('--pairs <n>', 'processes of each kind that cold-start compares', pairs, 25)
  .option('--install', 'start-once also times npm ci in a fresh clone', false)
  .option('--json', 'for programs', false)
  .addHelpText(
    'after',
    `\nParts:\n${Object.entries(parts)
      .map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`)
      .join('\n')}`,
  )
  .showHelpAfterError()
  .parse()

try {
  await run(program.args.length > 0 ? program.args : Object.keys(parts), program.opts())
} catch (error) {
  process.exitCode = 1
  console.error(error instanceof ConfigMistake ? error.message : error)
}

async function run(names: readonly string[], { json, ...options }: BenchOptions & { json: boolean }): Promise<void> {
  const machine = {
    node: process.version,
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
  }
  if (!json) console.log(`Node ${machine.node}, ${machine.cores} cores, ${machine.platform}`)
  const measured = []
  for (const name of names) {
    const figures = (await parts[name]?.measure(options)) ?? []
    if (!json) console.log(`\n${name}\n${formatFigures(figures)}`)
    for (const figure of figures) measured.push({ part: name, ...figure, isMet: isMet(figure) })
  }
  if (json) console.log(JSON.stringify({ machine, figures: measured }, null, 2))
}

function pairs(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 1_000) return number
  throw new InvalidArgumentError('It takes a whole number from 1 to 1000.')
}
