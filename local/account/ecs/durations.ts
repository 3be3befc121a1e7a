/** How long things take in the simulated ECS: ranges in milliseconds, as they are commonly seen on Fargate. */
import type { Random } from '../context.ts'

export type Range = readonly [from: number, to: number]

const second = 1000
export const minute = 60 * second
export const hour = 60 * minute

/** A task is RUNNING 10 to 25 s after it was asked for. */
export const durations = {
  provisioning: [5 * second, 10 * second],
  untilPull: [1 * second, 2 * second],
  pull: [3 * second, 10 * second],
  activating: [1 * second, 3 * second],
  deactivating: [1 * second, 2 * second],
  /** How long a container that heeds SIGTERM takes to end. */
  heedSigterm: [1 * second, 5 * second],
  /** Between the warning of a Spot interruption and the end of the task. */
  spotNotice: [2 * minute, 2 * minute],
  deprovisioning: [5 * second, 15 * second],
} as const satisfies Record<string, Range>

/** Between SIGTERM and SIGKILL where the container does not say: 30 s, and at most 120 s on Fargate. */
export const defaultStopTimeoutSeconds = 30
export const longestStopTimeoutSeconds = 120

/** A stopped task can be described this long. */
export const stoppedTaskMemory = hour

/** A service deployment can be described this long after it was created: 90 days. */
export const serviceDeploymentMemory = 90 * 24 * hour

/** How soon the service scheduler looks at a service after something changed. */
export const schedulerReaction = second

/** A task that ends sooner than this after its start counts as failing to start, so that a crash loop is throttled too. */
export const failsEarly = minute

/** ECS's throttle: the pause between attempts doubles, up to 27 minutes. */
export const firstPause = 10 * second
export const longestPause = 27 * minute

/** A whole number of milliseconds in the range. */
export const within = (random: Random, [from, to]: Range) => from + Math.floor(random.next() * (to - from))
