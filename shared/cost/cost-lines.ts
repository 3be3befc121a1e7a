/** What tasks cost, summed up by all that selectors can tell apart. */
import type { Selector } from '../config/config.ts'
import { isCovered, type Subject } from './subject.ts'

/** What one kind of task cost in one cluster and day. */
export interface CostLine extends Omit<Subject, 'cluster'>, Cost {
  /** Of many services and families, of which only the targets and tags are told apart. */
  isMerged?: true
}

export interface Cost {
  /** Of the seconds whose price is known. */
  usd: number
  /** Billed. */
  seconds: number
  tasks: number
  /** Seconds among them whose price is not known, and why of one of them. */
  unknown?: { seconds: number; why: string }
}

export interface CostLines {
  lines: CostLine[]
  /** So many more lines, the smallest, put together. */
  rest?: Rest
}

type Rest = Cost & { lines: number }

/** What a billed time of one task adds. */
export type Billed = { ms: number } & ({ usd: number } | { unknown: string })

/** Sums by subject, of which only the tags in `tagKeys` tell apart. */
export class CostSums {
  readonly #tagKeys: readonly string[]
  readonly #lines = new Map<string, CostLine>()
  #rest: CostLines['rest']

  constructor(tagKeys: readonly string[]) {
    this.#tagKeys = tagKeys
  }

  add(subject: Subject, billed: Billed): void {
    const line = this.#lineOf(subject)
    addTo(line, {
      usd: 'usd' in billed ? billed.usd : 0,
      seconds: billed.ms / 1000,
      tasks: 1,
      ...('unknown' in billed && { unknown: { seconds: billed.ms / 1000, why: billed.unknown } }),
    })
  }

  merge({ lines, rest }: CostLines, cluster: string): void {
    for (const line of lines) addTo(this.#lineOf({ ...line, cluster }, line.isMerged), line)
    if (!rest) return
    this.#rest ??= { usd: 0, seconds: 0, tasks: 0, lines: 0 }
    addTo(this.#rest, rest)
    this.#rest.lines += rest.lines
  }

  /**
   * The dearest first; `mostBytes`: of their JSON. Where they don't fit, the smallest are merged, so that budgets of targets and tags go
   * on; what does not fit even so is one sum.
   */
  lines(mostBytes: number): CostLines {
    const inOrder = dearestFirst(this.#lines.values())
    const all = { lines: inOrder, ...(this.#rest && { rest: this.#rest }) }
    if (fitting(inOrder, mostBytes) === inOrder.length) return all
    const kept = inOrder.slice(0, fitting(inOrder, mostBytes / 2))
    const merging = new CostSums(this.#tagKeys)
    for (const line of inOrder.slice(kept.length)) addTo(merging.#lineOf({ ...line, cluster: '' }, true), line)
    const merged = dearestFirst(merging.#lines.values())
    const fit = fitting(merged, mostBytes / 2)
    const lines = dearestFirst([...kept, ...merged.slice(0, fit)])
    const rest: Rest = { ...(this.#rest ?? { usd: 0, seconds: 0, tasks: 0, lines: 0 }) }
    for (const line of merged.slice(fit)) {
      addTo(rest, line)
      rest.lines += 1
    }
    return { lines, ...(rest.lines > 0 && { rest }) }
  }

  #lineOf({ target, isStandalone, tags, ...finer }: Subject, isMerged = false): CostLine {
    const { service, family } = isMerged ? {} : finer
    const told = tagsOf(tags, this.#tagKeys)
    const tagged = told && this.#tagKeys.map(name => told[name])
    const key = JSON.stringify([target, service, family, isStandalone, tagged, isMerged])
    const known = this.#lines.get(key)
    if (known) return known
    const line: CostLine = {
      ...(target !== undefined && { target }),
      ...(service !== undefined && { service }),
      ...(family !== undefined && { family }),
      isStandalone,
      ...(told && { tags: told }),
      ...(isMerged && { isMerged }),
      usd: 0,
      seconds: 0,
      tasks: 0,
    }
    this.#lines.set(key, line)
    return line
  }
}

function dearestFirst(lines: Iterable<CostLine>): CostLine[] {
  return [...lines].sort((a, b) => b.usd - a.usd || b.seconds - a.seconds)
}

/** How many of the lines have room. */
function fitting(lines: readonly CostLine[], mostBytes: number): number {
  let bytes = 0
  const first = lines.findIndex(line => {
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1
    return bytes > mostBytes
  })
  return first === -1 ? lines.length : first
}

/** Where no tag is asked for, it does not matter that they could not be read. */
function tagsOf(tags: Subject['tags'], keys: readonly string[]): Record<string, string> | undefined {
  if (keys.length === 0) return {}
  return tags && Object.fromEntries(keys.flatMap(key => (tags[key] === undefined ? [] : [[key, tags[key]]])))
}

function addTo(sum: Cost, { usd, seconds, tasks, unknown }: Cost): void {
  sum.usd += usd
  sum.seconds += seconds
  sum.tasks += tasks
  if (unknown) sum.unknown = { why: unknown.why, seconds: (sum.unknown?.seconds ?? 0) + unknown.seconds }
}

/** What of the lines the selectors pick; or why that can't be told. */
export function coveredOf(
  covers: readonly Selector[],
  { lines, rest }: CostLines,
  cluster: string,
): { usd: number } | { unknown: string } {
  let usd = 0
  for (const line of lines) {
    const covered = isCovered(covers, { ...line, cluster })
    if (covered === 'unknown') return { unknown: `the tags of ${nameOf(line)} were not read` }
    if (!covered && line.isMerged && covers.some(each => mayPickMerged(each, line, cluster)))
      return { unknown: 'the smallest of many services and families are on record as one sum' }
    if (covered && line.unknown) return { unknown: `${nameOf(line)}: ${line.unknown.why}` }
    if (covered) usd += line.usd
  }
  if (!rest) return { usd }
  if (!covers.some(each => each.by === 'all' || (each.by === 'cluster' && each.name === cluster)))
    return { unknown: `the ${rest.lines} smallest of many kinds of tasks are on record as one sum` }
  return rest.unknown ? { unknown: rest.unknown.why } : { usd: usd + rest.usd }
}

/** Whether it may pick some of what was merged. */
function mayPickMerged(selector: Selector, { isStandalone }: CostLine, cluster: string): boolean {
  if (selector.by === 'service') return !isStandalone && (selector.cluster ?? cluster) === cluster
  return selector.by === 'family'
}

function nameOf({ target, service, family, isMerged }: CostLine): string {
  if (isMerged && target === undefined) return 'many services and families'
  if (service !== undefined) return `service ${service}`
  return target !== undefined ? `target ${target}` : `tasks of ${family ?? 'no family'}`
}
