/** What has been spent of a budget, by whose account, and what is still to come. */
import type { Amount } from './amount.ts'

/** US dollars. Ours and AWS's are never added up, nor one put in the other's place. */
export interface Spend {
  /** ISO 8601; `to` is the first moment after it. */
  period: { from: string; to: string }
  limit: Amount
  /** Metered by Farguard, of what the budget covers. */
  metered: Amount
  /** What ran before this time of the period nobody metered; absent: all of it is. ISO 8601. */
  meteredSince?: string
  /** What covered workloads cost an hour now. */
  perHour: Amount
  /** `metered`, and `perHour` until the period's end. */
  projected: Amount
  /** As AWS reports it, hours late; absent for an own limit. */
  reported?: Amount
  /** As AWS forecasts it; absent for an own limit. */
  forecast?: Amount
  /** What AWS reported less what Farguard metered. */
  drift?: Amount
}
