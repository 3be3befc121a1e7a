/** Where a target runs. */
import type { Target } from '../config/config.ts'
import type { Place } from './records.ts'

export function placeOf({ cluster, run }: Target): Place {
  return run.kind === 'service' ? { kind: run.kind, cluster, service: run.service } : { kind: run.kind, cluster }
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.kind === b.kind && a.cluster === b.cluster && a.service === b.service
}
