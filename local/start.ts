/** `npm start`: an AWS account in one process with the control plane wired to it, until Ctrl-C. */
import { Command, InvalidArgumentError } from 'commander'
import { localPort } from '../cli/local-address.ts'
import type { Target } from '../shared/config/config.ts'
import { ConfigMistake, stackConfig } from '../stack/config.ts'
import { packageStack } from '../stack/package.ts'
import { SimulatedClock } from './account/clock.ts'
import { formatLine, type Line, lineOfBatch, lineOfEvent, lineOfFailedAttempt, lineOfLog } from './console.ts'
import { behaviourIn, furnish } from './furnish.ts'
import { createLocalAccount } from './local-account.ts'
import { pace } from './pace.ts'
import { runStack } from './run-stack.ts'
import { tour } from './tour.ts'
import { listen } from './wire/listen.ts'

interface Options {
  port: number
  speed?: number
  once: boolean
  config?: string
  region: string
}

/** The tour lets a minute of ECS's pace pass in a second or two. */
const tourSpeed = 30

const program = new Command('npm start --')
  .description(
    'An AWS account in one process, on 127.0.0.1, with the control plane wired to it. It simulates the lives of containers; it does not run them.',
  )
  .option('--port <n>', 'where to listen; 0 takes a free port', wholeNumber, localPort)
  .option('--speed <n>', 'times as fast as the wall clock, 0.1 to 1000', speed)
  .option('--once', 'a short tour, then end', false)
  .option('--config <file>', 'another farguard.yml (or FARGUARD_CONFIG)')
  .option('--region <name>', 'the Region that the account says it is in', process.env.AWS_REGION ?? 'eu-central-1')
  .showHelpAfterError()
  .parse()

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
try {
  await run(program.opts<Options>())
} catch (error) {
  // 128 + SIGINT, as a shell counts it.
  process.exitCode = ending.signal.aborted ? 130 : 1
  if (!ending.signal.aborted) console.error(explain(error))
}

async function run({ port, speed, once, config: file, region }: Options): Promise<void> {
  const configFile = file ?? (process.env.FARGUARD_CONFIG || 'farguard.yml')
  const config = stackConfig(configFile)
  const pacedAt = speed ?? (once ? tourSpeed : 1)
  const isColoured = process.stdout.isTTY && !process.env.NO_COLOR
  const show = (line: Line | undefined) => line && console.log(formatLine(line, isColoured))

  let address = ''
  const clock = new SimulatedClock(Date.now())
  const behaviour = behaviourIn(config)
  const local = createLocalAccount({ clock, region, seed: Date.now() % 2 ** 32, host: () => address, behaviour })
  await furnish(local, config)
  const server = await listen(local.wire, { port: once && port === localPort ? 0 : port })
  address = new URL(server.url).host
  try {
    console.log('Packaging the stack and bundling its functions …')
    const template = await packageStack(configFile, region, ending.signal)
    const stop = await runStack(local, {
      config,
      template,
      endpoint: server.url,
      onLine: line => show(lineOfLog(line)),
      onBatch: batch => show(lineOfBatch(batch, clock.now())),
      onFailedAttempt: failed => show(lineOfFailedAttempt(failed, clock.now())),
    })
    const stopTime = pace(clock, pacedAt, error => console.error(error))
    try {
      for (const line of once ? [] : welcome(address, config.targets, pacedAt)) console.log(line)
      local.bus.onEvent(event => show(lineOfEvent(event)))
      if (once) await tour({ local, config, address, signal: ending.signal, print: line => console.log(line) })
      else await ended()
    } finally {
      await stopTime()
      await stop()
    }
  } finally {
    await server.close()
  }
}

function ended(): Promise<void> {
  if (ending.signal.aborted) return Promise.resolve()
  // The server alone keeps the process alive until then.
  return new Promise(resolve => ending.signal.addEventListener('abort', () => resolve(), { once: true }))
}

function welcome(address: string, targets: readonly Target[], pacedAt: number): string[] {
  const [first] = targets
  const image = `${first?.repository ?? 'acme/web'}:${first?.tags.kind === 'exact' ? first.tags.tag : '1.0.1'}`
  const isUsual = address === `127.0.0.1:${localPort}`
  return [
    '',
    `Farguard on a local AWS account at http://${address}${pacedAt === 1 ? '' : `, ${pacedAt} times as fast as the wall clock`}.`,
    'It simulates the lives of containers; it does not run them.',
    '',
    ...targets.map(({ name, repository, run }) => `  ${repository}  →  ${run.kind} ${name}`),
    '',
    'Push an image, from another terminal:',
    `  npm run push -- ${image}${isUsual ? '' : ` --to ${address}`}`,
    `  skopeo copy --dest-tls-verify=false oci:some/layout:latest docker://${address}/${image}`,
    'Then ask why it runs, or look:',
    `  npx farguard --local${isUsual ? '' : ` ${address}`} why ${image}`,
    `  export AWS_ENDPOINT_URL=http://${address} AWS_DEFAULT_REGION=eu-central-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
    `  aws ecs list-tasks --cluster ${first?.cluster ?? 'default'}`,
    'Ctrl-C ends it.',
    '',
  ]
}

function explain(error: unknown): string {
  if (error instanceof ConfigMistake) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `Port ${program.opts<Options>().port} is in use. Try --port 0 for a free one.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= 65535) return number
  throw new InvalidArgumentError('It takes a whole number from 0 to 65535.')
}

function speed(text: string): number {
  const number = Number(text)
  if (number >= 0.1 && number <= 1000) return number
  throw new InvalidArgumentError('It takes a number from 0.1 to 1000.')
}
