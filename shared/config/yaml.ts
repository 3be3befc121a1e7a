/** farguard.yml as YAML: parsed with positions, its own mistakes said in words. */
import { type Document, isMap, LineCounter, type Pair, parseDocument, type Scalar, visit, type YAMLError } from 'yaml'
import { keyText, type Positions, positionsIn } from './positions.ts'
import { type Finding, formatPath, type Path, type Problem, printable, quote } from './problems.ts'

export interface ParsedYaml {
  /** Undefined when it could not be read as one value. */
  value?: unknown
  /** Undefined when nothing can be said about the content: then only `problems` counts. */
  positions?: Positions
  problems: Problem[]
  locate(finding: Finding): Problem
}

/** Parses YAML 1.2 with merge keys. Never throws. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter()
  const at: At = (offset, path, message) => {
    const { line, col } = lines.linePos(offset)
    return {
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: printable(formatPath(path)),
      message: printable(message),
    }
  }
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    // Found by `keysWrittenTwice`, which can say where the first one is.
    uniqueKeys: false,
    prettyErrors: false,
    // Not `silent`, which would drop the error about a second document too.
    logLevel: 'error',
  })
  const syntax = [...document.errors, ...document.warnings].map(error => at(error.pos[0], [], said(error, text)))
  // What follows a broken line is read wrongly: more complaints about it would mislead.
  if (syntax.length > 0)
    return { problems: syntax.slice(0, 10), locate: finding => at(0, finding.path, finding.message) }
  const positions = positionsIn(document)
  const locate = (finding: Finding) => at(positions.offsetOf(finding), finding.path, finding.message)
  const dangling = danglingAliases(positions, at)
  const problems = [...dangling, ...keysWrittenTwice(document, at)]
  if (dangling.length > 0) return { problems, locate }
  const tooLarge = at(0, [], 'is nested too deeply or grows too large by its aliases')
  if (positions.aliases.size > mostAliases) return { problems: [...problems, tooLarge], locate }
  try {
    // Without the library's limit, which counts each use: a hundred targets may well share one anchor.
    const value: unknown = document.toJS({ maxAliasCount: -1 })
    return isTooLarge(value) ? { problems: [...problems, tooLarge], locate } : { value, positions, problems, locate }
  } catch (error) {
    // An anchor that merges itself.
    if (error instanceof RangeError) return { problems: [...problems, tooLarge], locate }
    const reason = error instanceof Error ? error.message : String(error)
    return { problems: [...problems, at(0, [], `can not be read as YAML: ${reason}`)], locate }
  }
}

/** The parser's own resolution takes the square of their number. */
const mostAliases = 10_000

type At = (offset: number, path: Path, message: string) => Problem

function danglingAliases({ aliases }: Positions, at: At): Problem[] {
  return [...aliases]
    .filter(([, target]) => target === undefined)
    .map(([alias]) =>
      at(alias.range?.[0] ?? 0, [], `*${alias.source} stands for no anchor. Write &${alias.source} before it`),
    )
}

function keysWrittenTwice(document: Document, at: At): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Map(_, map, ancestors) {
      const first = new Map<string, number>()
      for (const pair of map.items) {
        const key = keyText(pair)
        if (key === undefined || key === '<<') continue
        const place = (pair.key as Scalar).range?.[0] ?? 0
        const earlier = first.get(key)
        const say = (message: string) => problems.push(at(place, [...pathOf(ancestors, map), key], message))
        if (earlier !== undefined) say(`is written twice, first on line ${at(earlier, [], '').line}. Keep one`)
        else first.set(key, place)
        if (key === '__proto__') say(`${quote(key)} can not be a key. Choose another name`)
      }
    },
  })
  return problems
}

function pathOf(ancestors: readonly unknown[], last: unknown): Path {
  const chain = [...ancestors, last]
  return chain.flatMap((node, index): (string | number)[] => {
    const parent = chain[index - 1]
    if (typeof node === 'object' && node !== null && 'key' in node && 'value' in node)
      return [keyText(node as Pair) ?? '']
    const items =
      parent && typeof parent === 'object' && !isMap(parent) && 'items' in parent ? (parent.items as unknown[]) : []
    const position = items.indexOf(node)
    return position === -1 ? [] : [position]
  })
}

/** More values than anyone writes by hand, or a structure that contains itself. */
function isTooLarge(value: unknown): boolean {
  let left = 200_000
  const walk = (part: unknown, depth: number): boolean => {
    if (--left < 0 || depth > 40) return true
    if (typeof part !== 'object' || part === null) return false
    return Object.values(part).some(inner => walk(inner, depth + 1))
  }
  return walk(value, 0)
}

function said(error: YAMLError, text: string): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line, which YAML does not take. Use spaces'
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (---). Keep one'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second ": " on one line. Put the text in quotes, or begin a new line'
    case 'BAD_SCALAR_START':
      return `a text can not begin with ${quote(text.charAt(error.pos[0]))}. Put it in quotes`
    case 'NON_STRING_KEY':
      return 'a key must be a text'
    case 'TAG_RESOLVE_FAILED':
      return 'a text can not begin with ! unless it is in quotes'
    case 'RESOURCE_EXHAUSTION':
      return 'is nested too deeply'
    default:
      return `is no YAML: ${error.message.replace(/\.$/, '')}`
  }
}
