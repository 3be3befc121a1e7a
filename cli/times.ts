/** Times and durations as people write and read them. */

/** UTC, to the second. */
export function utc(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, 'Z')
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `3 d`, `5 h`, `12 min`, `40 s`: the largest unit that it fills, rounded down; what lies ahead is `0 s`. */
export function span(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['s', 1_000]
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}

const inMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `90s`, `20m`, `2h` or `3d`; undefined for what is none of these. */
export function readSpan(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text.trim()) ?? []
  return count === undefined ? undefined : Number(count) * inMs[unit as keyof typeof inMs]
}
