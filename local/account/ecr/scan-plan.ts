/** What a scan will come to, as labels on the pushed image choose: nothing is looked into here, and nothing is found. */
import { FindingSeverity } from '@aws-sdk/client-ecr'
import { readSeconds } from '../../../shared/config/quantities.ts'

export type SeverityCounts = Partial<Record<FindingSeverity, number>>

/** `because`: what ECR says beside a status that is no success. */
export type ScanPlan = { afterMs: number } & (
  | { outcome: 'complete'; counts: SeverityCounts }
  | { outcome: 'fails' | 'unsupported'; because: string }
)

/** Basic scans of small images take about that long. */
const usualMs = 20_000

/**
 * `local.findings`: `CRITICAL=1,HIGH=3`; `local.scan`: `after 90s`, `fails` or `unsupported`. A label that is none of these
 * makes the scan fail and say so.
 */
export function scanPlan(labels: Readonly<Record<string, string>>): ScanPlan {
  const afterMs = delayOf(labels['local.scan'] ?? '')
  const fails = (because: string): ScanPlan => ({ afterMs: usualMs, outcome: 'fails', because })
  if (labels['local.scan'] === 'fails') return fails('The scan failed, as the label local.scan says.')
  if (labels['local.scan'] === 'unsupported') {
    const because = 'UnsupportedImageError: The operating system and/or package manager are not supported.'
    return { afterMs: usualMs, outcome: 'unsupported', because }
  }
  if (afterMs === undefined) {
    return fails(`The label local.scan is "${labels['local.scan']}". Try after 90s, fails or unsupported.`)
  }
  const counts = countsIn(labels['local.findings'] ?? '')
  if (counts) return { afterMs, outcome: 'complete', counts }
  return fails(
    `The label local.findings is "${labels['local.findings']}". Try CRITICAL=1,HIGH=3, with ${severities.join(', ')}.`,
  )
}

/** The gravest first, as ECR counts them. */
export const severities: readonly FindingSeverity[] = [
  FindingSeverity.CRITICAL,
  FindingSeverity.HIGH,
  FindingSeverity.MEDIUM,
  FindingSeverity.LOW,
  FindingSeverity.INFORMATIONAL,
  FindingSeverity.UNDEFINED,
]

function delayOf(label: string): number | undefined {
  if (label === '') return usualMs
  const seconds = readSeconds(/^after (.+)$/.exec(label)?.[1] ?? '')
  return seconds === undefined ? undefined : seconds * 1000
}

/** Undefined when the text is no such list. A severity without findings is left out, as ECR leaves it out. */
function countsIn(label: string): SeverityCounts | undefined {
  const counts = new Map<FindingSeverity, number>()
  for (const part of label.split(',').filter(text => text.trim() !== '')) {
    const [, name, count] = /^ *([A-Z]+)=(\d{1,4}) *$/.exec(part) ?? []
    const severity = severities.find(known => known === name)
    if (!severity || counts.has(severity)) return undefined
    counts.set(severity, Number(count))
  }
  const found = severities.filter(severity => (counts.get(severity) ?? 0) > 0)
  return Object.fromEntries(found.map(severity => [severity, counts.get(severity) ?? 0]))
}
