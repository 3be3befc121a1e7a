/** What came of one event for one target. */

export type Outcome =
  | { kind: 'done'; what: string }
  | { kind: 'skipped'; reason: string; detail?: string }
  /** Not now: the event comes back and is tried again. */
  | { kind: 'retryable'; reason: string; detail: string }
  /** Never: the event goes aside with its reason and no longer blocks its batch. */
  | { kind: 'permanent'; reason: string; detail: string }

/** Several outcomes of one event as one: whatever may still help is tried again before anything is given up. */
export function combine(outcomes: readonly Outcome[]): Outcome {
  const worst = (['retryable', 'permanent', 'done', 'skipped'] as const)
    .map(kind => outcomes.filter(outcome => outcome.kind === kind))
    .find(those => those.length > 0)
  const [first, ...others] = worst ?? []
  if (!first) return { kind: 'skipped', reason: 'no-target' }
  if (first.kind !== 'retryable' && first.kind !== 'permanent') return first
  const details = [first, ...others].map(each => ('detail' in each ? each.detail : ''))
  return { ...first, detail: details.join('; ') }
}
