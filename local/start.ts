/** `npm start`: an AWS account in one process with the control plane wired to it, until Ctrl-C. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { localPort } from '../cli/local-address.ts'
import type { Target } from '../shared/config/config.ts'
import { ConfigMistake, stackConfig } from '../stack/config.ts'
import { SimulatedClock } from './account/clock.ts'
import { printer } from './console.ts'
import { type Opening, openAccount } from './open-account.ts'
import { pace } from './pace.ts'
import { tour } from './tour.ts'
import { tourMonth } from './tour-guard.ts'
import { openMonth } from './tour-month.ts'

interface Options {
  port: number
  speed?: number
  once: boolean
  config?: string
  region: string
}

/** A month in a minute, where the machine keeps up. */
const fastest = 43_200

const program = new Command('npm start --')
  .description(
    'An AWS account in one process, on 127.0.0.1, with the control plane wired to it. It simulates the lives of containers; it does not run them.',
  )
  .option('--port <n>', 'where to listen; 0 takes a free port', wholeNumber, localPort)
  .option('--speed <n>', `times as fast as the wall clock, 0.1 to ${fastest}, or as fast as it can`, speed)
  .addOption(
    new Option('--once', 'a short tour, as fast as the machine can, then end').conflicts('speed').default(false),
  )
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

async function run({ port, speed = 1, once, config: file, region }: Options): Promise<void> {
  const configFile = file ?? (process.env.FARGUARD_CONFIG || 'farguard.yml')
  const config = stackConfig(configFile)
  const { signal } = ending
  const print = (text: string) => console.log(text)
  const show = printer(print, process.stdout.isTTY && !process.env.NO_COLOR)
  console.log('Packaging the stack and bundling its functions …')
  const clock = new SimulatedClock(Date.now())
  const account = { config, configFile, region, clock, signal, show }
  if (once) {
    await wholeTour({ ...account, seed: 1, port: port === localPort ? 0 : port }, print)
    return
  }
  const { address, close } = await openAccount({ ...account, seed: Date.now() % 2 ** 32, port })
  const stopTime = pace(clock, speed, error => console.error(error))
  try {
    for (const line of welcome(address, config.targets, speed)) print(line)
    await ended()
  } finally {
    await stopTime()
    await close()
  }
}

/** The second part's stack is packaged meanwhile. */
async function wholeTour(opening: Opening, print: (text: string) => void): Promise<void> {
  const { config, clock, signal, show } = opening
  const month = openMonth({ signal, show })
  // Said once it is waited for: the first part goes before.
  month.catch(() => undefined)
  try {
    const { local, address, close } = await openAccount(opening)
    try {
      await tour({ local, clock, config, address, signal, print })
    } finally {
      await close()
    }
    await tourMonth(await month, { signal, print })
  } finally {
    await month.then(({ close }) => close()).catch(() => undefined)
  }
  print('That was the tour. npm start leaves the account running, to push to it.')
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
  const command = `npx farguard --local${isUsual ? '' : ` ${address}`}`
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
    `  ${command} why ${image}`,
    `  export AWS_ENDPOINT_URL=http://${address} AWS_DEFAULT_REGION=eu-central-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
    `  aws ecs list-tasks --cluster ${first?.cluster ?? 'default'}`,
    'What the guard would do, and what runs costs; images with --label local.activity=idle use next to nothing:',
    `  ${command} guard --plan`,
    `  ${command} costs`,
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
  if (number >= 0.1 && number <= fastest) return number
  throw new InvalidArgumentError(`It takes a number from 0.1 to ${fastest}.`)
}
