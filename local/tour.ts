/** The tour's first part: one push, a newer one that is bad and rolled back, an older one, and why each did what it did. */
import { createHash } from 'node:crypto'
import { minVersion } from 'semver'
import { runWhy } from '../cli/commands/why.ts'
import { connect } from '../cli/connection.ts'
import type { Config, Target } from '../shared/config/config.ts'
import { matches } from '../shared/deploy/tag-policy.ts'
import type { StoredRecord, Table } from '../shared/ports.ts'
import type { SimulatedClock } from './account/clock.ts'
import type { LocalAccount } from './local-account.ts'
import { pushImage, tinyImage } from './tiny-image.ts'

/** Account time that a rollout may take to its end: its own deadline, and what undoing it takes. */
const patienceMs = 30 * 60_000

/** How much of the account's time passes before it is looked at again. */
const stepMs = 2_000

interface Stop {
  /** What is about to happen. */
  title: string
  tag: string
  /** Images of the same content have the same digest. */
  content: string
  /** What the image's containers do, where it is not to run until they are stopped. */
  behaviour?: string
  /** What the push comes to. */
  ends: 'succeeded' | 'rolled-back' | 'skipped'
}

export interface TourOptions {
  local: LocalAccount
  /** The account's: the tour lets its time pass, from one thing that it waits for to the next. */
  clock: SimulatedClock
  config: Config
  /** host:port */
  address: string
  /** Ends it early. */
  signal: AbortSignal
  print(line: string): void
}

/** Throws Error when something did not happen that should have. */
export async function tour({ local, clock, config, address, signal, print }: TourOptions): Promise<void> {
  const [target, stops] = route(config)
  const stack = connect({ stage: 'dev', local: address }, {})
  let good: string | undefined
  for (const stop of stops) {
    print('')
    print(stop.title)
    const digest = await push(stop, target, address)
    await until(clock, signal, `${target.name} is done with ${target.repository}:${stop.tag}`, async () =>
      isOver(await recordsOf(stack.table, target, digest)),
    )
    const came = outcomeOf(await recordsOf(stack.table, target, digest))
    if (came !== stop.ends) throw new Error(`${target.repository}:${stop.tag} came to be ${came}, not ${stop.ends}`)
    if (stop.ends === 'succeeded') good = digest
    const runs = good
    if (runs !== undefined)
      await until(clock, signal, `${target.name} runs the good image`, async () => isRunning(local, target, runs))
  }
  for (const { tag } of stops) {
    print('')
    print(`What npx farguard why ${target.repository}:${tag} tells:`)
    await runWhy(`${target.repository}:${tag}`, { json: false, limit: 5 }, { stack, terminal: { print } })
  }
}

async function push({ tag, content, behaviour }: Stop, target: Target, address: string): Promise<string> {
  const labels = {
    'org.opencontainers.image.version': tag,
    'org.opencontainers.image.revision': commitOf(content),
    ...(behaviour !== undefined && { 'local.behaviour': behaviour }),
  }
  return pushImage(`http://${address}`, target.repository, tag, tinyImage(labels, new Date(0)))
}

/** The deployment of an image, or the decision that there is none. */
async function recordsOf(table: Table, target: Target, digest: string): Promise<StoredRecord[]> {
  const { records } = await table.query({ by: 'digestKey', equals: `${target.repository}@${digest}` })
  return records.filter(record => record.target === target.name)
}

function isOver(records: readonly StoredRecord[]): boolean {
  const underWay = new Set<unknown>(['starting', 'started', 'failed'])
  return records.length > 0 && records.every(({ state, todo }) => !underWay.has(state) && todo === undefined)
}

/** A target of farguard.yml, and pushes that show its order. Throws Error when no target has a policy that tags can be made up for. */
function route(config: Config): [Target, Stop[]] {
  for (const target of config.targets) {
    const tags = tagsFor(target)
    if (!tags) continue
    const [first, older, newer, newest] = tags
    const name = `${target.repository}:`
    return [
      target,
      [
        { title: `Push ${name}${first}: ${target.name} is to run it.`, tag: first, content: '1', ends: 'succeeded' },
        { title: `Push ${name}${newer}, which is newer: it takes over.`, tag: newer, content: '2', ends: 'succeeded' },
        { title: `Push ${name}${older}, which is older: nothing changes.`, tag: older, content: '3', ends: 'skipped' },
        {
          title: `Push ${name}${newest}, which crashes: it is rolled back and quarantined, and ${newer} runs on.`,
          tag: newest,
          content: '4',
          behaviour: 'exits 1 after 5s',
          ends: 'rolled-back',
        },
      ],
    ]
  }
  throw new Error(
    'The tour needs a target with semver: tags, to push a newer and an older version. Add one, or leave --once out.',
  )
}

/** Four versions, each newer than the one before. */
function tagsFor(target: Target): [string, string, string, string] | undefined {
  if (target.tags.kind !== 'semver') return undefined
  const lowest = minVersion(target.tags.range)
  if (!lowest) return undefined
  const { major, minor, patch } = lowest
  const tag = (step: number) => `${major}.${minor}.${patch + step}`
  const tags: [string, string, string, string] = [tag(1), tag(2), tag(3), tag(4)]
  return tags.every(each => matches(target.tags, each)) ? tags : undefined
}

/** Shaped as a git commit's hash. */
function commitOf(content: string): string {
  return createHash('sha1').update(content).digest('hex')
}

/** Where a sweep came first and has begun the deployment, the push itself is a decision that it runs already. */
function outcomeOf(records: readonly StoredRecord[]): unknown {
  return records.map(({ state }) => state).find(state => state !== undefined) ?? 'skipped'
}

function isRunning({ ecs }: LocalAccount, target: Target, digest: string): boolean {
  const running = ecs.tasks().filter(task => task.lastStatus === 'RUNNING')
  const isOurs = (task: (typeof running)[number]) =>
    task.containers?.some(({ image }) => image?.includes(`${target.repository}@${digest}`))
  return running.some(isOurs)
}

async function until(
  clock: SimulatedClock,
  signal: AbortSignal,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadline = clock.now().getTime() + patienceMs
  while (!(await holds())) {
    if (clock.now().getTime() > deadline)
      throw new Error(`In half an hour of the account's time it did not come about that ${what}.`)
    signal.throwIfAborted()
    await clock.advance(stepMs)
  }
}
