/** `npm start -- --once`: one push, a newer one, an older one, and why each did what it did. */
import { createHash } from 'node:crypto'
import { minVersion } from 'semver'
import { runWhy } from '../cli/commands/why.ts'
import { connect } from '../cli/connection.ts'
import type { Config, Target } from '../shared/config/config.ts'
import { readTarget } from '../shared/deploy/records.ts'
import { matches } from '../shared/deploy/tag-policy.ts'
import type { LocalAccount } from './local-account.ts'
import { pushImage, tinyImage } from './tiny-image.ts'

/** Account time that a push may take to run: a service starts new copies before it stops the old ones. */
const patienceMs = 10 * 60_000

interface Stop {
  /** What is about to happen. */
  title: string
  tag: string
  /** Images of the same content have the same digest. */
  content: string
  /** Whether the target then runs this very image. */
  runs: boolean
}

export interface TourOptions {
  local: LocalAccount
  config: Config
  /** host:port */
  address: string
  /** Ends it early. */
  signal: AbortSignal
  print(line: string): void
}

/** Throws Error when something did not happen that should have. */
export async function tour({ local, config, address, signal, print }: TourOptions): Promise<void> {
  const [target, stops] = route(config)
  const { table } = connect({ stage: 'dev', local: address }, {})
  for (const { title, tag, content, runs } of stops) {
    print('')
    print(title)
    const labels = { 'org.opencontainers.image.version': tag, 'org.opencontainers.image.revision': commitOf(content) }
    const image = tinyImage(labels, new Date(0))
    const digest = await pushImage(`http://${address}`, target.repository, tag, image)
    await until(local, signal, `${target.name} decided on ${target.repository}:${tag}`, async () => {
      const page = await table.query({ by: 'digestKey', equals: `${target.repository}@${digest}` })
      return page.records.some(record => record.target === target.name && record.state !== 'starting')
    })
    if (!runs) continue
    const { newest } = await readTarget(table, target.name)
    if (newest?.image.digest !== digest) throw new Error(`${target.name} is on ${newest?.image.tag}, not on ${tag}`)
    await until(local, signal, `${target.name} runs ${tag}`, async () => isRunning(local, target, digest))
  }
  for (const { tag } of stops) {
    print('')
    print(`What npx farguard why ${target.repository}:${tag} tells:`)
    const stack = connect({ stage: 'dev', local: address }, {})
    await runWhy(`${target.repository}:${tag}`, { json: false, limit: 5 }, { stack, terminal: { print } })
  }
  print('')
  print('That was the tour. npm start leaves the account running, to push to it.')
}

/** A target of farguard.yml, and pushes that show its order. Throws Error when no target has a policy that tags can be made up for. */
function route(config: Config): [Target, Stop[]] {
  for (const target of config.targets) {
    const tags = tagsFor(target)
    if (!tags) continue
    const [first, newer, older] = tags
    const name = `${target.repository}:`
    return [
      target,
      [
        { title: `Push ${name}${first}: ${target.name} is to run it.`, tag: first, content: 'first', runs: true },
        { title: `Push ${name}${newer}, which is newer: it takes over.`, tag: newer, content: 'second', runs: true },
        { title: `Push ${name}${older}, which is older: nothing changes.`, tag: older, content: 'third', runs: false },
      ],
    ]
  }
  throw new Error(
    'The tour needs a target with semver: tags, to push a newer and an older version. Add one, or leave --once out.',
  )
}

function tagsFor(target: Target): [string, string, string] | undefined {
  if (target.tags.kind !== 'semver') return undefined
  const lowest = minVersion(target.tags.range)
  if (!lowest) return undefined
  const { major, minor, patch } = lowest
  const [first, older, newer] = [1, 2, 3].map(step => `${major}.${minor}.${patch + step}`)
  if (!first || !older || !newer) return undefined
  return [first, newer, older].every(tag => matches(target.tags, tag)) ? [first, newer, older] : undefined
}

/** Shaped as a git commit's hash. */
function commitOf(content: string): string {
  return createHash('sha1').update(content).digest('hex')
}

function isRunning({ ecs }: LocalAccount, target: Target, digest: string): boolean {
  const running = ecs.tasks().filter(task => task.lastStatus === 'RUNNING')
  const isOurs = (task: (typeof running)[number]) =>
    task.containers?.some(({ image }) => image?.includes(`${target.repository}@${digest}`))
  return running.some(isOurs)
}

async function until(
  { context }: LocalAccount,
  signal: AbortSignal,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadline = context.clock.now().getTime() + patienceMs
  while (!(await holds())) {
    if (context.clock.now().getTime() > deadline)
      throw new Error(`In ten minutes of the account's time it did not come about that ${what}.`)
    await new Promise(resolve => setTimeout(resolve, 50))
    signal.throwIfAborted()
  }
}
