/** The ledger's days, summed up as people ask for it. Pure. */
import type { CostLine } from './cost-lines.ts'
import type { CostDay } from './ledger-records.ts'

export type Grouping = { by: 'target' | 'service' | 'cluster' | 'day' } | { by: 'tag'; key: string }

export interface Costs {
  /** US dollars, of what has a price. */
  usd: number
  /** Billed, of all tasks together. */
  seconds: number
  /** Seconds among them whose price is not known, and why of one of them. */
  unknown?: { seconds: number; why: string }
}

export interface CostGroup extends Costs {
  name: string
}

/** The dearest first; days in their order. What is on record as one sum, or by other tags, is a group of its own. */
export function groupsOf(days: readonly CostDay[], grouping: Grouping): CostGroup[] {
  const groups = new Map<string, CostGroup>()
  const add = (name: string, costs: Costs) => {
    const group = groups.get(name) ?? { name, usd: 0, seconds: 0 }
    groups.set(name, { name, ...plus(group, costs) })
  }
  for (const day of days) {
    for (const line of day.lines) add(nameOf(line, day, grouping), line)
    if (day.rest) add(nameOfRest(day, grouping), day.rest)
  }
  const found = [...groups.values()]
  if (grouping.by === 'day') return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  return found.sort((a, b) => b.usd - a.usd || b.seconds - a.seconds || (a.name < b.name ? -1 : 1))
}

export function totalOf(days: readonly CostDay[]): Costs {
  let total: Costs = { usd: 0, seconds: 0 }
  for (const { lines, rest } of days) for (const costs of rest ? [...lines, rest] : lines) total = plus(total, costs)
  return total
}

function plus(a: Costs, b: Costs): Costs {
  const unknown = a.unknown ?? b.unknown
  const seconds = (a.unknown?.seconds ?? 0) + (b.unknown?.seconds ?? 0)
  return { usd: a.usd + b.usd, seconds: a.seconds + b.seconds, ...(unknown && { unknown: { ...unknown, seconds } }) }
}

function nameOf(line: CostLine, day: CostDay, grouping: Grouping): string {
  const { target, service } = line
  switch (grouping.by) {
    case 'target':
      return target ?? nameOfOther(line, day)
    case 'service':
      return service === undefined ? (target ?? nameOfOther(line, day)) : `${day.cluster}/${service}`
    case 'cluster':
      return day.cluster
    case 'day':
      return day.day
    case 'tag':
      if (!day.tagKeys.includes(grouping.key)) return `not on record by ${grouping.key}`
      return line.tags ? (line.tags[grouping.key] ?? `without ${grouping.key}`) : 'tags were not read'
  }
}

/** What is of no target. */
function nameOfOther({ service, family, isMerged }: CostLine, { cluster }: CostDay): string {
  if (isMerged) return smallest
  return service === undefined ? `tasks of ${family ?? 'no family'} in ${cluster}` : `service ${service} in ${cluster}`
}

function nameOfRest({ cluster, day }: CostDay, { by }: Grouping): string {
  if (by === 'cluster') return cluster
  return by === 'day' ? day : smallest
}

const smallest = 'the smallest of many'
