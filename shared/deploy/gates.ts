/** Whether the gates of a target let an image through. Pure: facts in, open or the reason to hold out. */
import type { Gates, ScanGate } from '../config/config.ts'
import { type ImageScan, type Severity, severities } from '../ports.ts'
import { activeWindow } from '../windows.ts'

/** Times are ISO 8601. */
export interface GateFacts {
  /** `pushedAt`: absent when ECR did not say. */
  image: { tag: string; digest: string; pushedAt?: string }
  /** An operator's hold on the target. */
  hold?: { because: string; by: string; at: string } | undefined
  /** A budget holds deployments back. */
  budgetHold?: { detail: string; until: string } | undefined
  /** The guard has stopped the target's copies. */
  asleep?: { because: string; since: string } | undefined
  /** Somebody approved this very digest for the target. */
  isApproved: boolean
  /** Asked only when the gates answer `ask-scan`. */
  scan: ImageScan | 'not-asked'
  /** Since when this image is held back, by our records; absent when it was not yet. */
  heldSince?: string | undefined
}

/** `until`: when it is worth looking again; absent when only a person, or another image, opens the gate. */
export type Gate =
  | { isOpen: true }
  | { isOpen: 'ask-scan' }
  | { isOpen: false; reason: HoldReason; detail: string; until?: string }

/** Each is explained in docs/deploying.md; a test keeps that complete. */
export const holdReasons = [
  'held',
  'asleep',
  'over-budget',
  'frozen',
  'too-young',
  'scan-pending',
  'scan-findings',
  'scan-missing',
  'not-approved',
] as const

export type HoldReason = (typeof holdReasons)[number]

/** Approval comes last: nobody is asked to approve what would be held back anyway. */
export function gate(gates: Gates, facts: GateFacts, now: Date): Gate {
  return (
    heldByOperator(facts) ??
    asleep(facts) ??
    overBudget(facts, now) ??
    frozen(gates, now) ??
    tooYoung(gates, facts, now) ??
    scanned(gates.scan, facts, now) ??
    unapproved(gates, facts) ?? { isOpen: true }
  )
}

function heldByOperator({ hold }: GateFacts): Gate | undefined {
  return hold && held('held', `held by ${hold.by} since ${hold.at}: ${hold.because}`)
}

function asleep({ asleep: sleep }: GateFacts): Gate | undefined {
  return (
    sleep && held('asleep', `its copies are stopped since ${sleep.since}: ${sleep.because}; it goes when they wake`)
  )
}

function overBudget({ budgetHold }: GateFacts, now: Date): Gate | undefined {
  if (!budgetHold) return undefined
  const until = new Date(budgetHold.until)
  return until > now ? held('over-budget', `${budgetHold.detail}; until ${budgetHold.until}`, until) : undefined
}

function frozen({ freeze }: Gates, now: Date): Gate | undefined {
  const window = activeWindow(freeze, now)
  return window && held('frozen', `frozen until ${window.until.toISOString()}: ${window.label}`, window.until)
}

function tooYoung({ minimumAgeMs }: Gates, { image, heldSince }: GateFacts, now: Date): Gate | undefined {
  if (minimumAgeMs === 0) return undefined
  const since = image.pushedAt ?? heldSince
  const until = new Date((since === undefined ? now.getTime() : Date.parse(since)) + minimumAgeMs)
  if (until <= now) return undefined
  // An age that is not known is not old enough.
  const counts = image.pushedAt
    ? `pushed at ${image.pushedAt}`
    : 'ECR does not say when it was pushed: counted from when it was first held back'
  return held('too-young', `too young until ${until.toISOString()}: ${counts}`, until)
}

/** How soon to ask for a scan again: its end has no event that is waited for. */
export const scanLookMs = 60_000

function scanned(scanGate: ScanGate | undefined, { scan, heldSince }: GateFacts, now: Date): Gate | undefined {
  if (!scanGate) return undefined
  if (scan === 'not-asked') return { isOpen: 'ask-scan' }
  if (scan.state === 'complete') return withFindings(scanGate, scan.counts)
  const deadline = (heldSince === undefined ? now.getTime() : Date.parse(heldSince)) + scanGate.withinMs
  const why = scan.state === 'pending' ? 'the scan has not ended' : `no scan: ${scan.why}`
  // ECR says of an image that was pushed just now that it was never scanned: only time tells that it will not be.
  if (now.getTime() < deadline) {
    const until = new Date(Math.min(deadline, now.getTime() + scanLookMs))
    return held('scan-pending', `${why}; waits for it until ${new Date(deadline).toISOString()}`, until)
  }
  return scanGate.otherwise === 'deploy'
    ? undefined
    : held('scan-missing', `${why}, and the time to wait for it is over`)
}

function withFindings({ severity }: ScanGate, counts: Partial<Record<Severity, number>>): Gate | undefined {
  const found = severities
    .slice(0, severities.indexOf(severity) + 1)
    .flatMap(each => (counts[each] ? [`${counts[each]} ${each}`] : []))
  return found.length === 0 ? undefined : held('scan-findings', `the scan found ${found.join(', ')}`)
}

function unapproved({ needsApproval }: Gates, { isApproved, image }: GateFacts): Gate | undefined {
  if (!needsApproval || isApproved) return undefined
  return held('not-approved', `nobody has approved ${image.tag} as ${image.digest} yet`)
}

function held(reason: HoldReason, detail: string, until?: Date): Gate {
  return { isOpen: false, reason, detail, ...(until && { until: until.toISOString() }) }
}
