/** What an operator wants: one message on the control queue, and then the wait for what comes of it. */
import { randomUUID } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Intent, Wish } from '../events/control-message.ts'
import type { Config } from '../shared/config/config.ts'
import type { Deployment } from '../shared/deploy/records.ts'
import type { IntentOutcome } from '../shared/intents/intent-record.ts'
import { configIfAny } from './find.ts'
import { type Ended, followWish } from './follow-wish.ts'
import { tellWaking } from './guard/waking.ts'
import { tagOf } from './image-name.ts'
import { json, printable } from './printable.ts'
import type { Session } from './session.ts'
import { readSpan, span } from './times.ts'

export interface WishOptions {
  wait: boolean
  /** Milliseconds. */
  timeout: number
  json: boolean
}

/** Gives a command that changes something the options that all of these have. */
export function withWishOptions(command: Command): Command {
  return command
    .option('--no-wait', 'send the request and end')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for the outcome, such as 90s, 20m or 2h')
        .argParser(timeout)
        .default(20 * 60_000, '20m'),
    )
    .option('--json', 'for programs', false)
}

function timeout(text: string): number {
  const ms = readSpan(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('It takes a time such as 90s, 20m or 2h.')
}

/** Sends the wish and shows its outcome. `look`: the command that shows later what became of it. Gives the exit code. */
export async function askFor(wish: Wish, look: string, options: WishOptions, session: Session): Promise<number> {
  const { stack, terminal } = session
  const intent: Intent = {
    kind: 'intent',
    id: randomUUID(),
    at: (await session.now()).toISOString(),
    by: terminal.user(),
    wish,
  }
  await stack.control.send(intent)
  const ended: Ended = options.wait
    ? await terminal.untilInterrupted(signal => followWish(intent, options.timeout, session, signal))
    : { how: 'not-waited', deployments: [] }
  if (options.json) terminal.print(json({ id: intent.id, by: intent.by, wish, ...ended }, 2))
  else for (const line of tell(ended, configIfAny(session))) terminal.print(printable(line))
  for (const line of later(ended, look, options.timeout)) terminal.say(printable(line))
  return exitCode(ended)
}

function tell({ outcome, deployments, waking = [] }: Ended, config: Config): string[] {
  if (!outcome) return []
  const said = outcome.state === 'done' ? outcome.detail : `Refused, ${outcome.reason}: ${outcome.detail}`
  return [said, ...deployments.map(deployment => tellDeployment(deployment, config)), ...waking.map(tellWaking)]
}

/** `web #5 failed: application-exit: … Undone: …` */
function tellDeployment(deployment: Deployment, config: Config): string {
  const { target, number, state, image, isParked, ended, undone } = deployment
  const name = `${target} #${number} ${state}: ${image.repository}:${tagOf(image, target, config)}`
  if (state === 'started' && isParked)
    return `${name}; its service is at zero copies, and it is verified when that wakes`
  const why = ended ? `; ${ended.reason}: ${ended.detail}` : ''
  return `${name}${why}${undone ? `; ${undone.what}` : ''}`
}

function later({ how, outcome }: Ended, look: string, timeoutMs: number): string[] {
  const going = outcome ? 'What it began goes on' : 'The request stays in the queue'
  switch (how) {
    case 'settled':
      return []
    case 'not-waited':
      return [`Asked. To see what became of it: ${look}`]
    case 'interrupted':
      return [`No longer waiting. ${going}. To see what became of it: ${look}`]
    case 'timeout':
      return [`Not settled after ${span(timeoutMs)}. ${going}. To see what became of it: ${look}`]
  }
}

function exitCode({ how, outcome, deployments }: Ended): number {
  if (how === 'not-waited') return 0
  // 128 + SIGINT, as a shell counts it.
  if (how === 'interrupted') return 130
  if (how === 'timeout' || !isGranted(outcome)) return 1
  return deployments.every(({ state, isParked }) => state === 'succeeded' || (state === 'started' && isParked)) ? 0 : 1
}

function isGranted(outcome: IntentOutcome | undefined): boolean {
  return outcome?.state === 'done'
}
