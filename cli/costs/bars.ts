/** Bars of text. */

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** As long as its share of `width`, to an eighth of a character; something that is more than nothing is seen. */
export function bar(share: number, width: number): string {
  const parts = Math.max(share > 0 ? 1 : 0, Math.round(Math.min(1, share) * width * 8))
  return '█'.repeat(Math.floor(parts / 8)) + eighths[parts % 8]
}

const [narrowest, widest] = [8, 40]

/** What is left of the screen beside so many columns, within bounds that read well. */
export function barWidth(columns: number | undefined, beside: number): number {
  return Math.min(widest, Math.max(narrowest, (columns ?? 100) - beside))
}
