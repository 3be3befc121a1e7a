/** Reads farguard.yml: either what it means, or everything that is wrong with it, each with its place. */
import { readFileSync } from 'node:fs'
import { checkBudgets } from './budget-checks.ts'
import { checkTargets } from './checks.ts'
import type { Config } from './config.ts'
import { checkCost } from './cost-checks.ts'
import { checkGuard } from './guard-checks.ts'
import { issuesAsFindings } from './issues.ts'
import { prune } from './lenient.ts'
import type { Finding, Problem } from './problems.ts'
import { resolveConfig } from './resolve.ts'
import { type FileInput, fileSchema } from './schema.ts'
import { parseYaml } from './yaml.ts'

export type Loaded = { config: Config } | { problems: Problem[] }

const largestFile = 1024 * 1024

/** The config that the text means, or all its problems in the order of the file. Never throws. */
export function loadConfig(text: string): Loaded {
  if (Buffer.byteLength(text) > largestFile) return { problems: [wholeFile('is larger than 1 MB, which no config is')] }
  if (text.includes('\0')) return { problems: [wholeFile('is no text file')] }
  const yaml = parseYaml(text)
  const { positions } = yaml
  if (!positions) return { problems: inOrder(yaml.problems) }
  if (yaml.value === null || yaml.value === undefined) {
    return {
      problems: [wholeFile('is empty. Try targets: { web: { repository: acme/web, tags: semver:^1, run: service } }')],
    }
  }
  const parsed = fileSchema.safeParse(yaml.value)
  const findings = issuesAsFindings(parsed.error?.issues ?? [], positions.writtenAt)
  const sound = prune<FileInput>(yaml.value, findings)
  findings.push(...checkTargets(sound), ...checkCost(sound), ...checkBudgets(sound), ...checkGuard(sound))
  const problems = inOrder([...yaml.problems, ...findings.map((finding: Finding) => yaml.locate(finding))])
  if (problems.length > 0 || !parsed.success) return { problems }
  return { config: resolveConfig(parsed.data) }
}

/** As `loadConfig`, of a file; a file that can't be read is a problem too. */
export function readConfig(path: string): Loaded {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(code)
    return { problems: [wholeFile(`can not be read: ${reason}. FARGUARD_CONFIG names another file`)] }
  }
  try {
    return loadConfig(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { problems: [wholeFile('is not UTF-8 text. Save it as UTF-8')] }
  }
}

function wholeFile(message: string): Problem {
  return { line: 0, column: 0, path: '', message }
}

/** An anchor that is wrong is wrong wherever it is used: said once. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const once = new Map<string, Problem>()
  for (const problem of problems) {
    const same = `${problem.line}:${problem.column} ${problem.message}`
    if (!once.has(same)) once.set(same, problem)
  }
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column)
}
