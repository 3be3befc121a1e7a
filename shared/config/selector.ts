/** Reads what picks workloads, such as `tag:env=dev`. At build and start only: the Lambdas get the result. */
import type { Selector } from './config.ts'
import { nearest } from './nearest.ts'
import { parsed, problemIn } from './parsed-field.ts'
import { quote } from './problems.ts'

/** What `text` picks, or what is wrong with it and what would be right. */
export function parseSelector(text: string): Selector | { problem: string } {
  const label = text.trim()
  if (label === 'all' || label === 'standalone') return { by: label }
  const colon = label.indexOf(':')
  const kind = label.slice(0, colon)
  const rest = label.slice(colon + 1)
  if (colon === -1 || !isKind(kind)) return problem(text, 'picks nothing that there is', suggestionFor(label))
  if (rest.trim() === '') return problem(text, `says nothing after ${kind}:`, examples[kind])
  switch (kind) {
    case 'target':
      return /^[a-z0-9-]{1,24}$/.test(rest)
        ? { by: kind, name: rest }
        : problem(text, "has no target's name: 1 to 24 of a-z, 0-9 and -", examples[kind])
    case 'cluster':
    case 'family':
      return isName(rest) ? { by: kind, name: rest } : problem(text, `has no ${nameOf[kind]} name`, named(kind, rest))
    case 'service':
      return parseService(text, rest)
    case 'tag':
      return parseTag(text, rest)
  }
}

/** Of a text that passed the schema. */
export function selectorOf(text: string): Selector {
  const selector = parseSelector(text)
  if ('problem' in selector) throw new TypeError(selector.problem)
  return selector
}

/** A selector as a field of farguard.yml. */
export function selector(help: string) {
  return parsed({
    example: 'target:web',
    examples: ['all', 'standalone', ...Object.values(examples)],
    help,
    problem: text => problemIn(parseSelector(text)),
  })
}

type Kind = Exclude<Selector['by'], 'all' | 'standalone'>

const examples: Record<Kind, string> = {
  target: 'target:web',
  cluster: 'cluster:demo',
  service: 'service:demo/web',
  family: 'family:reports',
  tag: 'tag:env=dev',
}

const nameOf = { cluster: "cluster's", family: "task definition family's" }

function isKind(text: string): text is Kind {
  return Object.hasOwn(examples, text)
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,255}$/.test(text)
}

function parseService(text: string, rest: string): Selector | { problem: string } {
  const parts = rest.split('/')
  const [first = '', second] = parts
  if (parts.length > 2 || !parts.every(isName)) {
    return problem(text, 'has no name of a service, or of a cluster and a service', named('service', rest))
  }
  return second === undefined ? { by: 'service', name: first } : { by: 'service', cluster: first, name: second }
}

/** The key ends at the first =, so that values may have more of them. */
function parseTag(text: string, rest: string): Selector | { problem: string } {
  const equals = rest.indexOf('=')
  const [key, value] = equals === -1 ? [rest] : [rest.slice(0, equals), rest.slice(equals + 1)]
  if (key.trim() === '') return problem(text, 'names no key before =', examples.tag)
  if (value?.trim() === '') return problem(text, 'names no value after =', `tag:${key.trim()}, which takes any`)
  if (key !== key.trim() || value !== value?.trim()) {
    return problem(text, 'has spaces around =, which would count', `tag:${key.trim()}=${value?.trim()}`)
  }
  const isTag = isTagText(key, 128) && (value === undefined || isTagText(value, 256))
  if (!isTag) return problem(text, 'is no tag as AWS takes them: letters, digits, spaces and _.:/=+-@', examples.tag)
  return { by: 'tag', key, ...(value !== undefined && { value }) }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html */
function isTagText(text: string, longest: number): boolean {
  return text.length <= longest && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text)
}

/** What is left without a revision's number and all that an ARN has before the name, if that is right. */
function named(kind: 'cluster' | 'family' | 'service', rest: string): string {
  const name = rest.replace(/:\d+$/, '').replace(/^.*:(?:cluster\/|service\/|task-definition\/)?/, '')
  const guess = `${kind}:${name}`
  return name === rest || 'problem' in parseSelector(guess) ? examples[kind] : guess
}

function suggestionFor(label: string): string {
  const [kind = '', ...rest] = label.split(/[:=]/)
  const meant = nearest(kind, [...Object.keys(examples), 'all', 'standalone'])
  if (meant === 'all' || meant === 'standalone') return meant
  if (meant !== undefined && isKind(meant)) {
    const guess = `${meant}:${rest.join(meant === 'tag' ? '=' : ':')}`
    return 'problem' in parseSelector(guess) ? examples[meant] : guess
  }
  if (/^[a-z0-9-]{1,24}$/.test(label)) return `target:${label}`
  return /^[\w.@-]+=[\w.@-]+$/.test(label) ? `tag:${label}` : `all, standalone, ${Object.values(examples).join(', ')}`
}

function problem(text: string, what: string, instead: string): { problem: string } {
  return { problem: `${quote(text)} ${what}. Try ${instead}` }
}
