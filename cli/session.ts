/** What every command is given: the stack, the terminal, and farguard.yml as the checkout has it. */
import type { Command } from 'commander'
import type { Config } from '../shared/config/config.ts'
import type { Connection } from './connection.ts'
import type { Terminal } from './terminal.ts'

export interface Session {
  stack: Connection
  terminal: Terminal
  /** farguard.yml, or the file that FARGUARD_CONFIG names. Throws ConfigMistake, whose message has every problem. */
  config(): Config
  /** The stack's time, for what is compared with its records; how long somebody waits here is the terminal's to say. */
  now(): Promise<Date>
}

/** Runs a command; what it gives is the exit code: 0 done, 1 refused, failed or not found. */
export type Run = (work: (session: Session) => Promise<number>) => Promise<void>

/** Says what a command takes and does, and hands its work to `run`. */
export type DefineCommand = (command: Command, run: Run) => void

/** The command was called wrongly: exit code 2, and nothing was asked or changed. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** What was asked can't be done, for a reason that the user can read: exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError'
}
