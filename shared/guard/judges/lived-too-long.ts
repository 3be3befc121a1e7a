/** Whether a workload has lived longer than it may. */
import { duration, timeRun } from '../figures.ts'
import type { Finding } from '../verdict.ts'

/** `since`: of a standalone task, when it started; of others, since when there has been any of it. */
export function livedTooLong({ since }: { since?: string }, maxLifetimeMs: number, now: Date): Finding {
  if (since === undefined) {
    return { is: 'not-judged', reason: 'age-unknown', detail: 'nothing says since when it runs' }
  }
  const ran = now.getTime() - Date.parse(since)
  const most = `at most ${duration(maxLifetimeMs)}`
  if (ran <= maxLifetimeMs) {
    return { is: 'fine', detail: `ran ${timeRun(Math.max(0, ran), maxLifetimeMs, 'down')}, ${most}` }
  }
  const detail = `ran ${timeRun(ran, maxLifetimeMs, 'up')}, ${most}`
  return { is: 'due', reason: 'lived-too-long', detail, isHard: false }
}
