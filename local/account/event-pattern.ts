/**
 * EventBridge's event patterns: which event a rule takes.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
import { AwsError } from './aws-error.ts'

export type Pattern = { [key: string]: unknown }
type Json = unknown

/** Throws InvalidEventPatternException for a pattern that EventBridge refuses, or that the local account does not know. */
export function checkPattern(pattern: unknown): asserts pattern is Pattern {
  if (!isObject(pattern)) throw invalid('Event pattern is not a JSON object.')
  if (Object.keys(pattern).length === 0) throw invalid('Event pattern is empty.')
  checkFields(pattern, '')
}

/** Whether an event (with its envelope) has every field that the pattern asks for. The pattern has been checked. */
export function matchesPattern(pattern: Pattern, event: Record<string, unknown>): boolean {
  return fieldsMatch(pattern, [event])
}

// ---- what a value may be ----

/** One test of a leaf: `values` are what the event has there, several from a list, none when the field is missing. */
type Test = (value: Json) => boolean

interface Operator {
  /** Says what is wrong with the operator's argument, if anything. */
  problem(argument: Json): string | undefined
  test(argument: Json): Test
}

const text = (argument: Json) => (typeof argument === 'string' ? undefined : 'must be a string')
const caseless = (argument: Json): argument is { 'equals-ignore-case': string } =>
  isObject(argument) &&
  Object.keys(argument).join() === 'equals-ignore-case' &&
  typeof argument['equals-ignore-case'] === 'string'

/** `prefix` and `suffix` take a string, or a string whose case does not matter. */
function affix(found: (value: string, part: string) => boolean): Operator {
  return {
    problem: argument => (caseless(argument) ? undefined : text(argument)),
    test: argument => value => {
      if (typeof value !== 'string') return false
      if (typeof argument === 'string') return found(value, argument)
      return caseless(argument) && found(value.toLowerCase(), argument['equals-ignore-case'].toLowerCase())
    },
  }
}

const operators: Record<string, Operator> = {
  prefix: affix((value, part) => value.startsWith(part)),
  suffix: affix((value, part) => value.endsWith(part)),
  'equals-ignore-case': {
    problem: text,
    test: argument => value => typeof value === 'string' && value.toLowerCase() === String(argument).toLowerCase(),
  },
  wildcard: {
    problem: argument =>
      text(argument) ?? (String(argument).includes('**') ? 'must not have consecutive wildcards' : undefined),
    test: argument => value => typeof value === 'string' && wildcardMatches(String(argument), value),
  },
  numeric: { problem: numericProblem, test: argument => numericTest(argument as Json[]) },
  'anything-but': { problem: anythingButProblem, test: anythingButTest },
}

/** Operators of AWS that the local account does not model. */
const notModelled = new Set(['cidr'])

/** What `anything-but` may turn around, beside plain values. */
const turnedAround = new Set(['prefix', 'suffix', 'equals-ignore-case', 'wildcard'])

function anythingButProblem(argument: Json): string | undefined {
  if (!isObject(argument)) {
    const values = Array.isArray(argument) ? argument : [argument]
    if (values.length === 0) return 'must not be an empty list'
    return values.every(value => typeof value === 'string' || typeof value === 'number')
      ? undefined
      : 'takes strings or numbers'
  }
  const [name = '', ...others] = Object.keys(argument)
  if (others.length > 0 || !turnedAround.has(name)) return `does not take ${[name, ...others].join(', ') || 'nothing'}`
  const values = [argument[name]].flat()
  if (values.length === 0) return `${name} must not be an empty list`
  return values.map(value => operators[name]?.problem(value)).find(Boolean)
}

function anythingButTest(argument: Json): Test {
  if (!isObject(argument)) return value => ![argument].flat().includes(value)
  const [name = '', inner] = Object.entries(argument)[0] ?? []
  const tests = [inner].flat().map(each => operators[name]?.test(each))
  return value => !tests.some(test => test?.(value))
}

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function numericProblem(argument: Json): string | undefined {
  if (!Array.isArray(argument) || (argument.length !== 2 && argument.length !== 4)) {
    return 'takes one or two comparisons, such as [">", 0, "<=", 5]'
  }
  for (let at = 0; at < argument.length; at += 2) {
    if (!Object.hasOwn(comparisons, String(argument[at]))) return `does not know ${JSON.stringify(argument[at])}`
    if (typeof argument[at + 1] !== 'number')
      return `must compare with a number, not ${JSON.stringify(argument[at + 1])}`
  }
  return undefined
}

function numericTest(argument: readonly Json[]): Test {
  return value => {
    if (typeof value !== 'number') return false
    for (let at = 0; at < argument.length; at += 2) {
      if (!comparisons[String(argument[at])]?.(value, Number(argument[at + 1]))) return false
    }
    return true
  }
}

/** `*` stands for any characters, `\*` for a star. Greedy from the left, in the time of value × pattern. */
function wildcardMatches(pattern: string, value: string): boolean {
  const parts = pattern.match(/\\[*\\]|[^*\\]|\*|\\/gs) ?? []
  let starAt = -1
  let resumeAt = 0
  let part = 0
  let at = 0
  while (at < value.length) {
    const expected = parts[part]
    if (expected === '*') {
      starAt = part++
      resumeAt = at
    } else if (expected !== undefined && value[at] === expected.at(-1)) {
      part++
      at++
    } else if (starAt !== -1) {
      part = starAt + 1
      at = ++resumeAt
    } else return false
  }
  return parts.slice(part).every(rest => rest === '*')
}

// ---- fields ----

function checkFields(pattern: Pattern, path: string): void {
  for (const [key, expected] of Object.entries(pattern)) {
    const field = path ? `${path}.${key}` : key
    if (key === '$or') {
      if (!Array.isArray(expected) || expected.length < 2)
        throw invalid(`${field} takes a list of at least two patterns.`)
      for (const [nth, one] of expected.entries()) {
        if (!isObject(one)) throw invalid(`${field}[${nth}] is no pattern.`)
        checkFields(one, `${field}[${nth}]`)
      }
    } else if (Array.isArray(expected)) {
      if (expected.length === 0) throw invalid(`${field}: empty arrays are not allowed.`)
      for (const value of expected) checkValue(value, field)
    } else if (isObject(expected)) {
      if (Object.keys(expected).length === 0) throw invalid(`${field}: empty objects are not allowed.`)
      checkFields(expected, field)
    } else {
      throw invalid(`"${field}" must be an object or an array, not ${JSON.stringify(expected)}.`)
    }
  }
}

function checkValue(value: unknown, field: string): void {
  if (Array.isArray(value)) throw invalid(`${field}: a list within a list is not allowed.`)
  if (!isObject(value)) return
  const [name = '', ...others] = Object.keys(value)
  if (others.length > 0) throw invalid(`${field}: only one operator is allowed in one object.`)
  if (name === 'exists') {
    if (typeof value.exists !== 'boolean') throw invalid(`${field}: exists must be true or false.`)
    return
  }
  if (notModelled.has(name)) throw invalid(`${field}: the local account does not model the operator "${name}".`)
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined
  if (!operator) throw invalid(`${field}: unrecognized match type "${name}".`)
  const problem = operator.problem(value[name])
  if (problem) throw invalid(`${field}: ${name} ${problem}.`)
}

/** `nodes`: every object that a path leads to; a list of objects is looked into member by member, as AWS does. */
function fieldsMatch(pattern: Pattern, nodes: readonly Json[]): boolean {
  return Object.entries(pattern).every(([key, expected]) => {
    if (key === '$or') return (expected as Pattern[]).some(one => fieldsMatch(one, nodes))
    const found = nodes.flatMap(node => (isObject(node) && Object.hasOwn(node, key) ? [node[key]].flat() : []))
    const isThere = nodes.some(node => isObject(node) && Object.hasOwn(node, key))
    if (!Array.isArray(expected)) return fieldsMatch(expected as Pattern, found)
    return expected.some(value => valueMatches(value, found, isThere))
  })
}

function valueMatches(expected: Json, found: readonly Json[], isThere: boolean): boolean {
  if (!isObject(expected)) return found.some(value => value === expected)
  const [name = '', argument] = Object.entries(expected)[0] ?? []
  // exists is about leaves: a field that holds an object does not count.
  if (name === 'exists') return argument === (isThere && !found.some(isObject))
  const test = operators[name]?.test(argument)
  return found.some(value => !isObject(value) && test?.(value))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`)
}
