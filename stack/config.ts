/** The configuration that the stack is made from: farguard.yml, or the file that FARGUARD_CONFIG names. */
import type { Config } from '../shared/config/config.ts'
import { readConfig } from '../shared/config/load.ts'
import { formatProblems } from '../shared/config/problems.ts'

/** The user's mistake, worded for the user: show the message, no stack. */
export class ConfigMistake extends Error {
  override name = 'ConfigMistake'
}

/** Throws ConfigMistake, whose message has every problem with its place. */
export function stackConfig(file = process.env.FARGUARD_CONFIG || 'farguard.yml'): Config {
  const read = readConfig(file)
  if ('problems' in read) throw new ConfigMistake(formatProblems(file, read.problems))
  return read.config
}
