/** Runs the command in this process, on the simulated account and its clock, and keeps what it said. */
import type { Connection, Where } from '../../cli/connection.ts'
import { farguard } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Logs, Table } from '../../shared/ports.ts'
import type { SimulatedWorld } from '../simulated-world.ts'

export interface Shell {
  /** What happens while the command sleeps, one a sleep. */
  meanwhile?: (() => void | Promise<void>)[]
  /** The sleep (1 is the first) in which somebody presses Ctrl-C. */
  interruptedAt?: number
  columns?: number
  /** What somebody at the screen answers. */
  answers?: 'yes' | 'no' | 'interrupted'
  /** Ports in place of the world's. */
  ports?: Partial<Connection>
  environment?: NodeJS.ProcessEnv
  /** Hears where the stack is to be. */
  onConnect?: (where: Where) => void
}

export interface Said {
  code: number
  out: string
  err: string
  /** Lines that were rewritten in place. */
  rewritten: string[]
  questions: string[]
}

const nothingToSay: Logs = { lastLines: async () => undefined, linesAfter: async () => undefined }

export async function type(line: string | string[], simulated: SimulatedWorld, shell: Shell = {}): Promise<Said> {
  const out: string[] = []
  const err: string[] = []
  const rewritten: string[] = []
  const questions: string[] = []
  const { clock, world } = simulated
  const interrupted = new AbortController()
  let sleeps = 0
  const terminal: Terminal = {
    print: text => void out.push(text),
    say: text => void err.push(text),
    columns: () => shell.columns,
    now: () => clock.now(),
    async sleep(ms) {
      sleeps++
      if (sleeps > 5_000) throw new Error('It waits for ever')
      await shell.meanwhile?.[sleeps - 1]?.()
      if (sleeps === shell.interruptedAt) interrupted.abort()
      else await clock.advance(ms)
    },
    untilInterrupted: work => work(interrupted.signal),
    user: () => 'ana@laptop',
    timeZone: () => 'Europe/Berlin',
  }
  if (shell.columns !== undefined) {
    terminal.clear = () => void out.splice(0)
    terminal.rewrite = text => void rewritten.push(text)
  }
  if (shell.answers !== undefined)
    terminal.confirm = async question => {
      questions.push(question)
      return shell.answers ?? 'no'
    }
  const stack: Connection = {
    name: 'the test stack',
    isLocal: true,
    ...world,
    annotations: { annotationsOf: async () => undefined },
    logs: nothingToSay,
    ...shell.ports,
  }
  const code = await farguard(typeof line === 'string' ? line.split(' ') : line, {
    terminal,
    environment: { FARGUARD_CONFIG: 'tests/cli/farguard.yml', ...shell.environment },
    connect: where => {
      shell.onConnect?.(where)
      return stack
    },
  })
  return { code, out: out.join('\n'), err: err.join('\n'), rewritten, questions }
}

/** A table that fails its next `times` reads, and then works again. */
export function failing(table: Table, times: number, error: Error): Table {
  let left = times
  return { ...table, get: (pk, sk) => (left-- > 0 ? Promise.reject(error) : table.get(pk, sk)) }
}
