/** The example of farguard.yml with other budgets and another guard, for tests. */
import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import type { Config } from '../../shared/config/config.ts'
import { loadConfig } from '../../shared/config/load.ts'

/** `written`: budgets and guard, as farguard.yml has them; the targets and the prices are the example's. */
export function writtenConfig(written: string): Config {
  const { targets, cost } = parse(readFileSync('farguard.yml', 'utf8'))
  const loaded = loadConfig(stringify({ targets, cost, ...parse(written) }))
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}
