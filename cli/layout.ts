/** Aligned columns: how every command shows a list. */
import { printable } from './printable.ts'

const gap = 2
/** The last column is not made narrower than this: better that a line is too long than that it has one word a row. */
const narrowest = 24
/** Names go over several lines where they are longer; how long they may be depends on the screen. */
const widestName = 44
const narrowestName = 8

/**
 * The rows below their heads, each cell made printable. `columns`: of the screen; what does not fit goes on in the next line.
 * Undefined: nothing is wrapped, for whoever reads a pipe.
 */
export function columnsOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string[] {
  return linesByRow(head, rows, columns).flat()
}

export interface NotedRow {
  cells: readonly string[]
  /** Below the row, as wide as the screen. */
  notes: readonly string[]
}

/** As columnsOf, for rows with more to say than a column has room for. */
export function columnsWithNotes(
  head: readonly string[],
  rows: readonly NotedRow[],
  columns: number | undefined,
): string[] {
  const [first = [], ...lines] = linesByRow(
    head,
    rows.map(({ cells }) => cells),
    columns,
  )
  const width = columns === undefined ? undefined : Math.max(narrowest, columns - indent.length)
  const below = rows.map(({ notes }) => notes.flatMap(note => wrapped(printable(note), width)))
  return [...first, ...lines.flatMap((row, nth) => [...row, ...(below[nth] ?? []).map(line => indent + line)])]
}

const indent = '    '

/** The head's lines first. */
function linesByRow(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string[][] {
  const texts = [head.map(name => name.toUpperCase()), ...rows.map(row => row.map(printable))]
  const widths = columns === undefined ? undefined : narrowed(texts, columns)
  const cells = texts.map(row => row.map((cell, index) => wrapped(cell, widths?.[index])))
  const fitting = head.map((_, index) => cells.reduce((widest, row) => Math.max(widest, widestOf(row[index])), 0))
  return cells.map(row => lined(row, fitting))
}

/** A row's lines: as many as its highest cell has. */
function lined(row: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(1, ...row.map(cell => cell.length))
  return Array.from({ length: height }, (_, nth) =>
    widths
      .map((width, index) => padded(row[index]?.[nth] ?? '', width))
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}

const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))

const widestOf = (cell: readonly string[] = []) => cell.reduce((widest, line) => Math.max(widest, widthOf(line)), 0)

/** How wide each column may be: a name as wide as it is, unless that leaves the last column too little. */
function narrowed(lines: readonly (readonly string[])[], columns: number): number[] {
  const fitting = (lines[0] ?? []).map((_, index) =>
    lines.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), 1),
  )
  const names = fitting.slice(0, -1)
  const needed = Math.min(fitting.at(-1) ?? 1, narrowest)
  for (let widest = widestName; ; widest--) {
    const widths = names.map(width => Math.min(width, widest))
    const left = columns - widths.reduce((sum, width) => sum + width + gap, 0)
    if (left >= needed || widest === narrowestName) return [...widths, Math.max(left, needed)]
  }
}

/** The text in lines of at most `width`: between words where that can be, else within one. */
export function wrapped(text: string, width: number | undefined): string[] {
  if (width === undefined || widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = ''
    for (const char of word) {
      if (line !== '' && widthOf(line + char) > width) {
        lines.push(line)
        line = ''
      }
      line += char
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** Characters that take two columns: of East Asian scripts, and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu

/** Columns that a printable text takes on a screen. */
function widthOf(text: string): number {
  return [...text].length + (text.match(wide)?.length ?? 0)
}
