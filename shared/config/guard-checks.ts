/** What must be right within the guard, and between its rules. */
import { doesAnyStop } from './budget-checks.ts'
import type { Selector } from './config.ts'
import type { RuleInput } from './guard-schema.ts'
import { isWritten, type Lenient } from './lenient.ts'
import type { Finding, Path } from './problems.ts'
import { milliseconds } from './quantities.ts'
import type { FileInput } from './schema.ts'
import { parseSelector } from './selector.ts'
import { isWithin, type Known, knownIn, outsideGuard, unknownTarget } from './selector-checks.ts'

type LenientRule = Lenient<RuleInput>

/** All that is wrong with `guard`, as far as its fields are sound. */
export function checkGuard(file: Lenient<FileInput> | undefined): Finding[] {
  const guard = file?.guard
  if (!guard) return []
  const known = knownIn(file)
  const rules = (guard.rules ?? []).map(rule => rule && { rule, selector: selectorIn(rule) })
  return [
    ...twice(['guard', 'clusters'], guard.clusters),
    ...(rules.length === 0 && !(isWritten(guard, 'rules') && guard.rules === undefined) && !doesAnyStop(file)
      ? [value(['guard', 'rules'], 'is missing, and no budget stops anything. Try [{ for: all, idle: { cpu: 3% } }]')]
      : []),
    ...rules.flatMap((each, index) => {
      if (!each) return []
      const path = ['guard', 'rules', index]
      return [
        ...checkSelector([...path, 'for'], each.selector, known),
        ...checkKeys(path, each.rule),
        ...checkIdle([...path, 'idle'], each.rule, each.selector, known),
        ...checkMaxCost([...path, 'maxCost'], each.rule, each.selector, known),
        ...checkLifetime([...path, 'maxLifetime'], each.rule, guard.minimumAge ?? defaultMinimumAge(guard)),
      ]
    }),
    ...overruled(rules, known),
  ]
}

/** Undefined where what is written is unsound. */
function defaultMinimumAge(guard: object): string | undefined {
  return isWritten(guard as { minimumAge?: unknown }, 'minimumAge') ? undefined : '30m'
}

function selectorIn(rule: LenientRule): Selector | undefined {
  const selector = rule.for === undefined ? undefined : parseSelector(rule.for)
  return selector && 'by' in selector ? selector : undefined
}

function checkSelector(path: Path, selector: Selector | undefined, known: Known): Finding[] {
  if (!selector) return []
  const problem = unknownTarget(selector, known) ?? outsideGuard(selector, known)
  return problem === undefined ? [] : [value(path, problem)]
}

const stopKeys = ['idle', 'maxLifetime', 'maxCost', 'hours'] as const
const keys = [...stopKeys, 'importance', 'protect'] as const

function checkKeys(path: Path, rule: LenientRule): Finding[] {
  if (!keys.some(key => isWritten(rule, key))) return [value(path, 'asks for nothing. Try idle: { cpu: 3% }')]
  if (rule.protect !== true) return []
  return stopKeys
    .filter(key => isWritten(rule, key) && rule[key] !== 'none')
    .map(key => ({
      path: [...path, key],
      at: 'key',
      message: 'stops nothing that protect keeps. Remove one of the two',
    }))
}

function checkIdle(path: Path, { idle }: LenientRule, selector: Selector | undefined, known: Known): Finding[] {
  if (idle === undefined || idle === 'none') return []
  if (!(['cpu', 'network', 'requests'] as const).some(signal => isWritten(idle, signal))) {
    return [value(path, 'names no signal: cpu, network or requests. Try { cpu: 3%, network: 1 KB/s }')]
  }
  const kind = selector && kindOf(selector, known)
  if (idle.requests === undefined || kind === undefined || kind === 'service') return []
  return [
    { path: [...path, 'requests'], at: 'key', message: 'only a service has a load balancer. Try network: 1 KB/s' },
  ]
}

function checkMaxCost(path: Path, rule: LenientRule, selector: Selector | undefined, known: Known): Finding[] {
  if (rule.maxCost === undefined || rule.maxCost === 'none') return []
  const kind = selector && kindOf(selector, known)
  if (kind === undefined || kind === 'standalone') return []
  const message = 'is about standalone tasks, and this rule picks none. Try a budget: { limit: $5 a day, … }'
  return [{ path, at: 'key', message }]
}

/** What alone it can pick; undefined where that may be anything. */
function kindOf(selector: Selector, { targets }: Known): 'service' | 'copies' | 'standalone' | undefined {
  if (selector.by === 'standalone' || selector.by === 'service') return selector.by
  const run = selector.by === 'target' ? targets?.get(selector.name)?.run : undefined
  return run && ({ service: 'service', task: 'copies', job: 'standalone' } as const)[run]
}

function checkLifetime(path: Path, { maxLifetime }: LenientRule, minimumAge: string | undefined): Finding[] {
  if (maxLifetime === undefined || maxLifetime === 'none' || minimumAge === undefined) return []
  if (milliseconds(maxLifetime) >= milliseconds(minimumAge)) return []
  return [value(path, `is shorter than guard.minimumAge, ${minimumAge}: nothing younger is stopped. Try ${minimumAge}`)]
}

/** Of all rules that pick a workload the last one with a key counts: one that a later one always outdoes counts nowhere. */
function overruled(
  rules: readonly ({ rule: LenientRule; selector: Selector | undefined } | undefined)[],
  known: Known,
): Finding[] {
  return rules.flatMap((each, index) => {
    const { rule, selector } = each ?? {}
    if (!rule || !selector) return []
    return keys.flatMap((key): Finding[] => {
      if (!isWritten(rule, key)) return []
      const by = rules.findIndex(
        (later, place) =>
          place > index && later?.selector && isWritten(later.rule, key) && isWithin(selector, later.selector, known),
      )
      if (by === -1) return []
      const message = `never counts: guard.rules[${by}], for ${rules[by]?.rule.for?.trim()}, has it too and comes later. Put what is general first`
      return [{ path: ['guard', 'rules', index, key], at: 'key', message }]
    })
  })
}

function twice(path: Path, names: readonly (string | undefined)[] = []): Finding[] {
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [value([...path, index], `${name} is in the list twice. Keep one`)]
      : [],
  )
}

function value(path: Path, message: string): Finding {
  return { path, at: 'value', message }
}
