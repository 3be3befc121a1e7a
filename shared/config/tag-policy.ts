/** Reads the `tags:` of a target, such as `semver:^1`. At build and start only: the Lambdas get the result. */
import { distance } from 'fastest-levenshtein'
import validRange from 'semver/ranges/valid.js'
import { compileTagPolicy } from '../deploy/tag-policy.ts'
import type { TagPolicy } from './config.ts'
import { quote } from './problems.ts'

const kinds = ['exact', 'semver', 'glob', 'regex', 'newest'] as const

/** Semver itself takes no longer range, and a compiled expression grows with its pattern. */
const longestPolicy = 256

/** The policy that `text` names, or what is wrong with it and what would be right. */
export function parseTagPolicy(text: string): TagPolicy | { problem: string } {
  if (text.length > longestPolicy) return { problem: `${quote(text)} is longer than ${longestPolicy} characters` }
  const colon = text.indexOf(':')
  const kind = colon === -1 ? text : text.slice(0, colon)
  const rest = text.slice(colon + 1).trim()
  if (kind === 'newest') return colon === -1 ? { kind } : problem(text, 'says more than newest takes', 'newest')
  if (colon === -1 || !isKind(kind)) return problem(text, 'names no tag policy', suggestionFor(text, kind, rest))
  if (rest === '') return problem(text, `says nothing after ${kind}:`, examples[kind])
  switch (kind) {
    case 'exact':
      return parseExact(text, rest)
    case 'semver':
      return validRange(rest) === null
        ? problem(text, 'is not a semver range', `semver:${validStart(rest)}`)
        : { kind, range: rest }
    case 'glob':
    case 'regex':
      return parsePattern(text, { kind, pattern: rest })
  }
}

/** A tag as registries take it. */
export const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

type Kind = (typeof kinds)[number]

const examples: Record<Exclude<Kind, 'newest'>, string> = {
  exact: 'exact:latest',
  semver: 'semver:^1',
  glob: 'glob:release-*',
  regex: 'regex:^\\d{8}-',
}

function isKind(text: string): text is Exclude<Kind, 'newest'> {
  return Object.hasOwn(examples, text)
}

function parseExact(text: string, tag: string): TagPolicy | { problem: string } {
  if (tagPattern.test(tag)) return { kind: 'exact', tag }
  if (/[*?{[]/.test(tag)) return problem(text, 'has signs that no tag has', `glob:${tag}`)
  return problem(
    text,
    'is not a tag: up to 128 letters, digits, _ . -, beginning with a letter, digit or _',
    examples.exact,
  )
}

function parsePattern(text: string, policy: Extract<TagPolicy, { pattern: string }>): TagPolicy | { problem: string } {
  try {
    compileTagPolicy(policy)
    return policy
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    if (policy.kind === 'glob') return problem(text, detail, examples.glob)
    if (/\(\?(?:=|!|<=|<!)/.test(policy.pattern))
      return problem(text, 'looks around, which a linear-time regex (RE2) can not', examples.regex)
    const reason = detail.replace(/^error parsing regexp: /, '')
    return problem(text, `is not a regular expression (RE2): ${reason}`, examples.regex)
  }
}

/** For text without a policy's name: what its own look says it was meant to be. */
function suggestionFor(text: string, kind: string, rest: string): string {
  const nearest = kinds.find(known => distance(kind.toLowerCase(), known) <= 2)
  if (nearest)
    return nearest === 'newest'
      ? nearest
      : `${nearest}:${rest === '' || rest === text ? examples[nearest].split(':')[1] : rest}`
  if (text === '*') return 'newest'
  if (validRange(text) !== null && text.trim() !== '') return `semver:${text}`
  if (tagPattern.test(text)) return `exact:${text}`
  if (/^[A-Za-z0-9_.*?-]+$/.test(text)) return `glob:${text}`
  return `${Object.values(examples).join(', ')} or newest`
}

/** As much of a broken range as is one, without the parts that say nothing: `^1.x.y` gives `^1`. */
function validStart(range: string): string {
  for (let end = range.length - 1; end > 0; end--) {
    const start = range.slice(0, end).trim()
    if (start !== '' && validRange(start) !== null) return start.replace(/(?:\.[xX*])+$/, '')
  }
  return '^1'
}

function problem(text: string, what: string, instead: string): { problem: string } {
  return { problem: `${quote(text)} ${what}. Try ${instead}` }
}
