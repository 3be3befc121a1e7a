/** What is asked to stop: whether it may be, and that it is warned of first. */
import type { Guard } from '../config/config.ts'
import { type Case, type Due, keep } from './facts.ts'

export function withDue(each: Case, due: Due, { allowUnrestorable }: Guard): Case {
  const { restores } = each.workload
  if (!allowUnrestorable && (restores === 'nothing' || restores === 'schedule')) {
    const again =
      restores === 'schedule' ? 'its schedule starts another one, not this one' : 'nothing can start it again as it was'
    const detail = `${due.reason}: ${due.detail}; ${again}: guard.allowUnrestorable: true lets it be stopped`
    return { ...each, verdict: keep('unrestorable', detail) }
  }
  const { reason, detail, until, budget } = due
  const said = restores === 'schedule' ? `${detail}; its schedule starts another one at its next time` : detail
  const more = { ...(until !== undefined && { until }), ...(budget !== undefined && { budget }) }
  return { ...each, due, verdict: { is: 'stop', reason, detail: said, ...more } }
}

/** EventBridge Scheduler is precise to a minute: the run that is due as the grace ends may come a little before. */
const schedulesDifferMs = 60_000

/** `latest`: when waiting on makes the stop useless, epoch milliseconds. */
export function warnFirst(each: Case, { graceMs, latest }: { graceMs: number; latest?: number }, now: Date): void {
  const { remembered, due, verdict } = each
  if (!due || due.isHard || verdict.is !== 'stop') return
  const since = remembered?.warned?.[due.reason] ?? now.toISOString()
  each.warned = { ...each.warned, [due.reason]: since }
  const stopsAt = new Date(Math.min(Date.parse(since) + graceMs, latest ?? Number.POSITIVE_INFINITY))
  if (stopsAt.getTime() - schedulesDifferMs > now.getTime())
    each.verdict = {
      is: 'warn',
      reason: due.reason,
      detail: verdict.detail,
      since,
      stopsAt: stopsAt.toISOString(),
      ...(due.budget !== undefined && { budget: due.budget }),
    }
}
