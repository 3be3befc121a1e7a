/** Where a command runs: what it prints to, who can be asked, its clock, and Ctrl-C. */
import { hostname, userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { setTimeout as passed } from 'node:timers/promises'

export interface Terminal {
  /** A line of the answer. */
  print(line: string): void
  /** A line beside the answer: progress, warnings, errors. */
  say(line: string): void
  /** Columns of the screen that the answer goes to; undefined where that is none. */
  columns(): number | undefined
  /** Clears the screen that the answer goes to; absent where it is none. */
  clear?: () => void
  /** Puts a line in place of the one before it; absent where nobody looks. An empty line takes it away. */
  rewrite?: (line: string) => void
  /** What somebody said; absent where nobody can be asked. */
  confirm?: (question: string) => Promise<'yes' | 'no' | 'interrupted'>
  now(): Date
  /** Ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Does what Ctrl-C is to end in an orderly way: it aborts the signal. A second Ctrl-C ends the process. */
  untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Who asks, for people: `ana@laptop`. */
  user(): string
  /** Whose hours somebody here means by 18:00: an IANA name. */
  timeZone(): string
}

/** The terminal, pipe or log that this process was started in. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  return {
    print: line => void stdout.write(`${line}\n`),
    say: line => void stderr.write(`${line}\n`),
    columns: () => (stdout.isTTY ? stdout.columns : undefined),
    ...(stdout.isTTY && { clear: () => void stdout.write('\u001b[H\u001b[2J\u001b[3J') }),
    ...(stderr.isTTY && { rewrite: line => void stderr.write(`\r\u001b[2K${line.slice(0, stderr.columns - 1)}`) }),
    ...(stdin.isTTY && stderr.isTTY && { confirm }),
    now: () => new Date(),
    sleep: (ms, signal) => passed(ms, undefined, { signal }).catch(() => undefined),
    untilInterrupted,
    user,
    timeZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}

async function confirm(question: string): Promise<'yes' | 'no' | 'interrupted'> {
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  // A question is left open by the end of its input (Ctrl-D), and Ctrl-C would end it with an error.
  const left = new Promise<'no' | 'interrupted'>(resolve => {
    asking.once('SIGINT', () => resolve('interrupted'))
    asking.once('close', () => resolve('no'))
  })
  const asked = asking.question(`${question} [y/N] `).then(said => (/^y(es)?$/i.test(said.trim()) ? 'yes' : 'no'))
  try {
    const said = await Promise.race([asked, left])
    if (said === 'interrupted') process.stderr.write('\n')
    return said
  } finally {
    asked.catch(() => undefined)
    asking.close()
  }
}

async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController()
  const stop = () => interrupted.abort()
  process.once('SIGINT', stop)
  try {
    return await work(interrupted.signal)
  } finally {
    process.removeListener('SIGINT', stop)
  }
}

function user(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    // A container's user id may have no name.
    return `${process.env.USER ?? 'somebody'}@${hostname()}`
  }
}
