/** What metrics say of how busy a workload was. */

export type Signal = 'cpu' | 'network' | 'requests'

/** From the finest to the coarsest. `load-balancer`: of a service, by its target groups. */
export type Tier = 'task' | 'family' | 'service' | 'load-balancer'

/** What one signal showed over the window of the rule. */
export interface SignalEvidence {
  signal: Signal
  /** Where it was read; absent where no tier of the account has it. */
  tier?: Tier
  /**
   * quiet: every point at or below the threshold, and enough of them. busy: one was above. `average-of-many`: only a tier that mixes
   * it with others has it.
   */
  state: 'quiet' | 'busy' | 'no-data' | 'too-few-points' | 'no-such-metric' | 'metrics-unreadable' | 'average-of-many'
  /** In the signal's own unit: percent, bytes a second, requests a minute. */
  threshold: number
  /** The highest point, where there was one. */
  highest?: number
  points: number
  /** How many the whole window has. */
  expected: number
  /** What AWS answered in place of data. */
  error?: string
}

export interface Activity {
  signals: SignalEvidence[]
  /** The latest point above a threshold, ISO 8601. It can't be idle before a window after that. */
  busyAt?: string
}
