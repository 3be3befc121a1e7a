/** Figures in the one line that people read of each finding. */

const unitMs = { d: 86_400_000, h: 3_600_000, min: 60_000 }

/** Hours up to three days, and where it is no whole number of days. */
function unitOf(ms: number): keyof typeof unitMs {
  if (ms > 3 * unitMs.d && ms % unitMs.d === 0) return 'd'
  return ms >= 2 * unitMs.h || ms % unitMs.h === 0 ? 'h' : 'min'
}

/** `30 min`, `6 h`, `14 d`. */
export function duration(ms: number): string {
  const unit = unitOf(ms)
  return `${figure(ms / unitMs[unit])} ${unit}`
}

/** A time that ran, in the unit that its limit is said in; `up` or `down` to the next tenth, so that it shows on which side it is. */
export function timeRun(ms: number, limitMs: number, round: 'up' | 'down'): string {
  const unit = unitOf(limitMs)
  const tenths = (ms / unitMs[unit]) * 10
  return `${(round === 'up' ? Math.ceil(tenths) : Math.floor(tenths)) / 10} ${unit}`
}

/** To three digits, small ones to a thousandth. */
export function figure(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return String(Number(value < 1 ? value.toFixed(3) : value.toPrecision(3)))
}

const byteUnits = [
  ['GB/s', 1e9],
  ['MB/s', 1e6],
  ['KB/s', 1e3],
] as const

/** `120 B/s`, `1 KB/s`: of 1,000, as farguard.yml counts them. */
export function bytesPerSecond(value: number): string {
  const [unit, size] = byteUnits.find(([, least]) => value >= least) ?? ['B/s', 1]
  return `${figure(value / size)} ${unit}`
}
