/** Whether it is out of the hours in which a workload is to run. */
import type { FreezeWindow } from '../../config/config.ts'
import { isWithin, nextBeginning } from '../../windows.ts'
import type { Finding } from '../verdict.ts'

/**
 * The judge of one moment. Each set of hours is looked at once: that needs the rules of time zones, which are slow, and 100,000
 * workloads share a few sets.
 */
export function offHoursAt(now: Date): (hours: readonly FreezeWindow[]) => Finding {
  const found = new Map<readonly FreezeWindow[], Finding>()
  return hours => {
    const known = found.get(hours) ?? offHours(hours, now)
    found.set(hours, known)
    return known
  }
}

function offHours(hours: readonly FreezeWindow[], now: Date): Finding {
  // A window for each of five days is one line of farguard.yml.
  const label = [...new Set(hours.map(each => each.label))].join(', ')
  if (isWithin(hours, now)) return { is: 'fine', detail: `within its hours (${label})` }
  const next = nextBeginning(hours, now)
  const detail = `off hours${next ? ` until ${next.shown}` : ''} (${label})`
  return { is: 'due', reason: 'off-hours', detail, isHard: true, ...(next && { until: next.at.toISOString() }) }
}
