/** What the judges find, each by itself, and the words for it. */

/** Each is explained in docs/guard.md; a test keeps that complete. */
export const stopReasons = ['idle', 'lived-too-long', 'costs-too-much', 'off-hours', 'over-budget'] as const
export type StopReason = (typeof stopReasons)[number]

/** Why something was not judged: never a reason to stop it. */
export const notJudgedReasons = [
  'no-data',
  'too-few-points',
  'no-such-metric',
  'metrics-unreadable',
  'average-of-many',
  'too-young',
  'age-unknown',
  'cost-unknown',
  'tags-unreadable',
] as const
export type NotJudgedReason = (typeof notJudgedReasons)[number]

/** What one judge finds of one workload. `detail`: one line for people, with the figures. */
export type Finding =
  | { is: 'fine'; detail: string }
  | { is: 'not-judged'; reason: NotJudgedReason; detail: string }
  /** `isHard`: no warning goes before. `until`: when it ends by itself, ISO 8601: hours that begin. `budget`: whose limit it is about. */
  | { is: 'due'; reason: StopReason; detail: string; isHard: boolean; until?: string; budget?: string }
