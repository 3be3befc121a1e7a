/** The kinds of fields that farguard.yml is made of: each says in words what it wants when it gets something else. */
import * as z from 'zod'
import { nearest } from './nearest.ts'
import { either, quote } from './problems.ts'
import { readSeconds } from './quantities.ts'

interface Wanted {
  /** With its article: `an ECS cluster's name`. */
  what: string
  /** What would be right. */
  example: string
  /** For editors and the reference. */
  help: string
  /** Why it can't be left out, where that is not plain. */
  need?: string
}

/**
 * Stands for: a number, true or false where text is wanted. `issues.ts` says it, knowing how the value was written: 1.10 is
 * 1.1 by the time it comes here.
 */
export const unquoted = 'is not text: write it in quotes'

/** Whether YAML read a value as something else than text that was perhaps meant as text. */
export function isUnquoted(input: unknown): boolean {
  return typeof input === 'number' || typeof input === 'boolean'
}

/** ECS takes no more than this for all containers of a task definition. */
const longestText = 65_536

/** A text of a certain look. `meant`: the right value that a wrong one most likely stands for. */
export function text(wanted: Wanted & { looks?: RegExp; meant?: (value: string) => string | undefined }) {
  const { looks, meant } = wanted
  const string = z
    .string({
      error: issue => (isUnquoted(issue.input) ? unquoted : wrongKind(issue.input, wanted.example, wanted.need)),
    })

    .refine(value => value.length <= longestText, { abort: true, error: `is longer than ${longestText} characters` })
    .describe(wanted.help)
  if (!looks) return string
  return string
    .regex(looks, { error: issue => `${quote(issue.input)} is not ${wanted.what}. Try ${right(String(issue.input))}` })
    .describe(wanted.help)

  function right(value: string): string {
    const guess = meant?.(value)
    return guess !== undefined && looks?.test(guess) ? guess : wanted.example
  }
}

/** A number or text that `read` understands and that lies within bounds. */
export function quantity(
  wanted: Wanted & { read: (value: number | string) => number | undefined; from?: number; to?: number },
) {
  const { read, what, example, from = 0, to = Number.POSITIVE_INFINITY } = wanted
  return z
    .union([z.number(), z.string()], { error: issue => wrongKind(issue.input, example) })
    .refine(value => read(value) !== undefined, {
      abort: true,
      error: issue => `${shown(issue.input)} is not ${what}. Try ${example}`,
    })
    .refine(value => within(read(value), from, to), {
      error: issue => `${shown(issue.input)} is not ${what}. Try ${example}`,
    })
    .describe(wanted.help)
}

/** A time such as `30s`, `2m` or `24h`, from `from` to `to`. */
export function duration(wanted: { from: string; to: string; example: string; help: string }) {
  const { from, to, example } = wanted
  const isWithin = (value: string) => within(readSeconds(value), readSeconds(from) ?? 0, readSeconds(to) ?? 0)
  const withUnit = (value: number) => [`${value}s`, `${value}m`].find(isWithin) ?? example
  return z
    .string({
      error: issue =>
        typeof issue.input === 'number'
          ? `${issue.input} has no unit. Try ${withUnit(issue.input)}`
          : wrongKind(issue.input, example),
    })
    .refine(isWithin, {
      error: issue =>
        readSeconds(String(issue.input)) === undefined
          ? `${quote(issue.input)} is not a duration. Try ${example}`
          : `${quote(issue.input)} is outside ${from} to ${to}. Try ${example}`,
    })
    .describe(wanted.help)
}

/** A whole number within bounds. */
export function whole(wanted: { from: number; to: number; help: string }) {
  const { from, to, help } = wanted
  const range = `a whole number from ${from} to ${to}`
  return z
    .number({
      error: issue =>
        issue.input === undefined || issue.input === null
          ? wrongKind(issue.input, range)
          : `${shown(issue.input)} is not ${range}`,
    })
    .refine(value => Number.isInteger(value) && within(value, from, to), {
      error: issue => `${shown(issue.input)} is not ${range}. Try ${nearestWithin(Number(issue.input), from, to)}`,
    })
    .meta({ description: help, type: 'integer', minimum: from, maximum: to })
}

/** A number above 0, up to `to`. */
export function decimal(wanted: { what: string; to: number; example: string; help: string }) {
  const { what, to, example, help } = wanted
  const wrong = (input: unknown) => `${shown(input)} is not ${what}: above 0, at most ${to}. Try ${example}`
  return z
    .number({
      error: ({ input }) => (input === undefined || input === null ? wrongKind(input, example) : wrong(input)),
    })
    .refine(value => value > 0 && value <= to, { error: issue => wrong(issue.input) })
    .meta({ description: help, type: 'number', exclusiveMinimum: 0, maximum: to })
}

/** true or false. */
export function flag(help: string) {
  return z
    .boolean({
      error: ({ input }) => {
        const meant = /^(y|yes|on|1|true)$/i.test(String(input))
          ? 'true'
          : /^(n|no|off|0|false)$/i.test(String(input))
            ? 'false'
            : 'true or false'
        return input === undefined || input === null
          ? wrongKind(input, 'true or false')
          : `${shown(input)} is neither true nor false. Try ${meant}`
      },
    })
    .describe(help)
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words, help: string) {
  return z
    .enum(words, {
      error: ({ input }) => {
        if (typeof input !== 'string') return wrongKind(input, either(words))
        return `${quote(input)} is none of its values. Try ${nearest(input, words) ?? either(words)}`
      },
    })
    .describe(help)
}

/** `none`, beside another way to write a value: `example` shows that one. */
export function none(example: string, help: string) {
  return z.enum(['none'], { error: issue => wrongKind(issue.input, `${example}, or none`) }).describe(help)
}

/** What may be written in several ways. A map or list that comes near one of them is judged as that one. */
export function anyOf<const Ways extends readonly [z.ZodType, z.ZodType]>(
  ways: Ways,
  wanted: { what: string; example: string; help: string },
) {
  const { what, example, help } = wanted
  return z
    .union(ways, {
      error: ({ input }) =>
        input === undefined || input === null
          ? wrongKind(input, example)
          : `${shown(input)} is not ${what}. Try ${example}`,
    })
    .describe(help)
}

/** A list with a bounded number of entries. */
export function list<Entry extends z.ZodType>(
  entry: Entry,
  bounds: { from: number; to: number; example: string; help: string },
) {
  const { from, to, example } = bounds
  return z
    .array(entry, { error: issue => wrongKind(issue.input, example) })
    .min(from, { error: `is an empty list. Try ${example}` })
    .max(to, { error: issue => `has ${(issue.input as unknown[]).length} entries; ${to} are the most` })
    .describe(bounds.help)
}

/** A map whose keys the user chooses. A wrong key does not keep its value from being checked, as zod's own would. */
export function named<Value extends z.ZodType>(
  key: z.ZodString,
  value: Value,
  bounds: { from: number; to: number; example: string; help: string },
) {
  const { from, to, example, help } = bounds
  const { $schema: _, ...propertyNames } = z.toJSONSchema(key)
  return z
    .record(z.string(), value, { error: issue => wrongKind(issue.input, example) })
    .superRefine(checkKeys, { when: () => true })
    .meta({ description: help, propertyNames })

  function checkKeys(map: Record<string, unknown>, context: z.RefinementCtx): void {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return
    const names = Object.keys(map)
    if (names.length < from) context.addIssue({ code: 'custom', message: `has no entry. Try ${example}` })
    if (names.length > to)
      context.addIssue({ code: 'custom', message: `has ${names.length} entries; ${to} are the most` })
    for (const name of names) {
      const message = key.safeParse(name).error?.issues[0]?.message
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message, params: { at: 'key' } })
    }
  }
}

/**
 * A map with these keys and no others. For unknown keys the message has a line for each, in the order of the issue's `keys`:
 * one issue stands for all of them, but each has its own place in the file.
 */
export function closed<Shape extends z.ZodRawShape>(shape: Shape, wanted: { example: string; help: string }) {
  return z
    .strictObject(shape, {
      error: issue => {
        if (issue.code !== 'unrecognized_keys') return wrongKind(issue.input, wanted.example)
        return issue.keys.map(key => unknownKey(key, Object.keys(shape))).join('\n')
      },
    })
    .describe(wanted.help)
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  return `unknown key ${quote(key)}. ${meant ? `Try ${meant}` : `Known here: ${known.join(', ')}`}`
}

/** Says of a value of another kind altogether what would be right. */
export function wrongKind(input: unknown, example: string, need?: string): string {
  if (input === undefined) return `is missing${need ? `: ${need}` : ''}. Try ${example}`
  if (input === null) return `is empty. Try ${example}`
  if (Array.isArray(input)) return `is a list, which does not fit here. Try ${example}`
  if (typeof input === 'object') return `is a map, which does not fit here. Try ${example}`
  return `${shown(input)} does not fit here. Try ${example}`
}

function shown(input: unknown): string {
  if (typeof input === 'string') return quote(input)
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'object' && input !== null) return 'a map'
  return String(input)
}

function within(value: number | undefined, from: number, to: number): boolean {
  return value !== undefined && value >= from && value <= to
}

function nearestWithin(value: number, from: number, to: number): number {
  return Number.isFinite(value) ? Math.min(to, Math.max(from, Math.round(value))) : from
}
