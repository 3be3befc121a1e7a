/** A measured figure, its target, and how the two are shown. */
import CliTable from 'cli-table3'

export interface Figure {
  /** What was measured. */
  what: string
  value: number
  /** `×`, `ms`, `s`, `calls`, `KB` */
  unit: string
  /** The most that it is to be; absent for a figure that only explains another. */
  atMost?: number
  /** How it came about, a line each: medians, names of calls. */
  details?: readonly string[]
}

/** A part of the benchmark: what `npm run bench -- <name>` measures. */
export interface Part {
  about: string
  measure(options: BenchOptions): Promise<Figure[]>
}

export interface BenchOptions {
  /** Pairs of processes that are compared for the cold start. */
  pairs: number
  /** Whether `npm ci` is measured too, in a clone of its own. */
  install: boolean
}

/** Undefined where the figure has no target. */
export function isMet({ value, atMost }: Figure): boolean | undefined {
  return atMost === undefined ? undefined : value <= atMost
}

/** The figures of one part as a table for people. */
export function formatFigures(figures: readonly Figure[]): string {
  const table = new CliTable({
    head: ['figure', 'measured', 'at most', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  })
  for (const figure of figures) {
    const { what, value, unit, atMost, details = [] } = figure
    const verdict = { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure)) as 'true']
    table.push([
      [what, ...details.map(line => `  ${line}`)].join('\n'),
      `${rounded(value)} ${unit}`,
      atMost === undefined ? '' : `${atMost} ${unit}`,
      verdict,
    ])
  }
  return table.toString()
}

/** Two decimals for a ratio or a few seconds, none for hundreds. */
function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

/** The middle value, of at least one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError('The median of no values')
  return (low + high) / 2
}
