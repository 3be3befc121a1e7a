/** What zod says about farguard.yml, as findings: one for each mistake, in words. */
import type * as z from 'zod'
import { unquoted } from './fields.ts'
import { type Finding, formatPath, type Path, quote } from './problems.ts'

type Issue = z.core.$ZodIssue

/** `written`: the scalar at a place as the file has it, because 1.10 is no longer 1.10 once it is a number. */
export function issuesAsFindings(issues: readonly Issue[], written: (path: Path) => string | undefined): Finding[] {
  const findings = issues.flatMap(issue => asFindings(issue, [], written))
  // One value may break several rules of a field: the first says what is wanted.
  const said = new Set<string>()
  return findings.filter(({ path, at }) => {
    const place = `${at} ${formatPath(path)}`
    return !said.has(place) && said.add(place)
  })
}

function asFindings(issue: Issue, base: Path, written: (path: Path) => string | undefined): Finding[] {
  const path = [...base, ...(issue.path as Path)]
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      at: 'key',
      message: messages[index] ?? issue.message,
    }))
  }
  if (issue.code === 'invalid_union') {
    // The branch that the value was meant for is the one that it does not fail as a whole.
    const meant = issue.errors.find(branch =>
      branch.every(inner => inner.path.length > 0 || inner.code !== 'invalid_type'),
    )
    if (meant) return meant.flatMap(inner => asFindings(inner, path, written))
  }
  if (issue.message === unquoted) {
    const source = written(path) ?? ''
    const kind = source === 'true' || source === 'false' ? 'true or false' : 'a number'
    return [{ path, at: 'value', message: `${source} is read as ${kind}. Write it in quotes: ${quote(source)}` }]
  }
  const at = issue.code === 'custom' && issue.params?.at === 'key' ? 'key' : 'value'
  return [{ path, at, message: issue.message }]
}
