/** The time that an idle rule looks at, in points of metrics. Pure. */
import type { IdleRule } from '../config/config.ts'
import type { MetricSpan } from '../ports.ts'

export interface IdleWindow {
  /** What is read: the window, and what came since. */
  span: MetricSpan
  /** The window's first moment, and the first one after it; epoch milliseconds. */
  from: number
  to: number
  /** How many the window has. */
  points: number
}

/** One-minute metrics are there two or three minutes later; those that go through logs, as Container Insights' do, a little after that. */
const latenessMs = 5 * 60_000
const minuteMs = 60_000

/** 500 series of 201 points are one call: CloudWatch answers 100,800 points at once. */
const mostPoints = 201

/**
 * The rule's window up to the last point that must have arrived, at the finest period that a call allows. What is read goes on to
 * now: a point that is not whole yet, or may still be missing, can't make idle, but can show that it is busy.
 */
export function windowOf({ windowMs }: Pick<IdleRule, 'windowMs'>, now: Date): IdleWindow {
  let periodMs = minuteMs * Math.ceil(windowMs / minuteMs / mostPoints)
  while (pointsRead(windowMs, periodMs) > mostPoints) periodMs += minuteMs
  const to = Math.floor((now.getTime() - latenessMs) / periodMs) * periodMs
  const points = Math.ceil(windowMs / periodMs)
  const from = to - points * periodMs
  const readTo = Math.ceil(now.getTime() / periodMs) * periodMs
  return {
    span: { from: new Date(from), to: new Date(readTo), periodSeconds: periodMs / 1000 },
    from,
    to,
    points,
  }
}

/** At the most: one point is under way, one is cut by its lateness. */
function pointsRead(windowMs: number, periodMs: number): number {
  return Math.ceil(windowMs / periodMs) + Math.ceil(latenessMs / periodMs) + 1
}

/** Whether it can be idle by now, when it was last seen busy at `busyAt`. What is not worth asking costs nothing. */
export function isWorthAsking(busyAt: string | undefined, rule: Pick<IdleRule, 'windowMs'>, now: Date): boolean {
  return busyAt === undefined || Date.parse(busyAt) < windowOf(rule, now).from
}

/** Whether it has been there for the whole window; what is not known to have been is not. */
export function hasWindow(since: string | undefined, rule: Pick<IdleRule, 'windowMs'>, now: Date): boolean {
  return since !== undefined && Date.parse(since) <= windowOf(rule, now).from
}
