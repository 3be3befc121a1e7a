/** What farguard.yml asks of one workload. Pure. */
import type { FreezeWindow, GuardRule, IdleRule, Importance } from '../config/config.ts'
import { isSelected } from '../cost/subject.ts'
import type { Workload } from './workload.ts'

export interface Settings {
  idle?: IdleRule
  maxLifetimeMs?: number
  /** Of a standalone task only. */
  maxCostUsd?: number
  hours?: readonly FreezeWindow[]
  importance: Importance
  isProtected: boolean
  /** Which rule each came from, as farguard.yml says it. */
  from: Partial<Record<SettingName, string>>
  /** Rules that may pick it by tags that could not be read, and would have said something else: then it is not to be judged. */
  unreadable: readonly string[]
}

const names = ['idle', 'maxLifetimeMs', 'maxCostUsd', 'hours', 'importance', 'isProtected'] as const
type SettingName = (typeof names)[number]

type Asking = Pick<Workload, 'subject' | 'kind'>

/** Of all rules that pick the workload, the last one that has a key counts for it; `none` counts as well, and sets nothing. */
export function settingsFor(workload: Asking, rules: readonly GuardRule[]): Settings {
  return settingsOf(
    rules.map(rule => isSelected(rule.for, workload.subject)),
    workload.kind,
    rules,
  )
}

/** The same for many workloads: those that the same rules pick share one answer, of which there are few. */
export function settingsBy(rules: readonly GuardRule[]): (workload: Asking) => Settings {
  const known = new Map<string, Settings>()
  return ({ subject, kind }) => {
    const picks = rules.map(rule => isSelected(rule.for, subject))
    const key = `${kind} ${picks.join()}`
    const found = known.get(key) ?? settingsOf(picks, kind, rules)
    known.set(key, found)
    return found
  }
}

/** `picks`: of each rule whether it picks the workload. */
function settingsOf(
  picks: readonly ReturnType<typeof isSelected>[],
  kind: Workload['kind'],
  rules: readonly GuardRule[],
): Settings {
  const chosen: Partial<Record<SettingName, GuardRule>> = {}
  const unreadable = new Set<string>()
  const open = new Set<SettingName>(kind === 'task' ? names : names.filter(name => name !== 'maxCostUsd'))
  for (const [nth, rule] of [...rules.entries()].reverse()) {
    const asks = names.filter(name => rule[name] !== undefined && open.has(name))
    if (asks.length === 0) continue
    if (picks[nth] === 'unknown') unreadable.add(rule.label)
    if (picks[nth] !== true) continue
    for (const name of asks) {
      open.delete(name)
      chosen[name] = rule
    }
  }
  return { ...valuesOf(chosen), from: sourcesOf(chosen), unreadable: [...unreadable].reverse() }
}

function valuesOf(chosen: Partial<Record<SettingName, GuardRule>>): Omit<Settings, 'from' | 'unreadable'> {
  const { idle, maxLifetimeMs, maxCostUsd, hours, importance, isProtected } = chosen
  return {
    ...set('idle', idle?.idle),
    ...set('maxLifetimeMs', maxLifetimeMs?.maxLifetimeMs),
    ...set('maxCostUsd', maxCostUsd?.maxCostUsd),
    ...set('hours', hours?.hours),
    importance: importance?.importance ?? 'normal',
    isProtected: isProtected?.isProtected ?? false,
  }
}

function set<Name extends string, Value>(name: Name, value: Value | 'none' | undefined): { [N in Name]?: Value } {
  return value === undefined || value === 'none' ? {} : ({ [name]: value } as { [N in Name]: Value })
}

function sourcesOf(chosen: Partial<Record<SettingName, GuardRule>>): Settings['from'] {
  return Object.fromEntries(Object.entries(chosen).map(([name, { label }]) => [name, label]))
}
