/** The meter: how long a task is billed, and what that costs. Fargate bills by the second, from the pull's start to the stop. */
import type { Task } from '../ports.ts'
import type { Amount } from './amount.ts'
import type { Prices } from './prices.ts'
import { isWindows, type Priced, rateOf } from './rate.ts'

/** A task, or its record: what is lost ended when it was missed. */
export type Metered = Task & Priced & { lost?: { at: string } }

/** Epoch milliseconds; `to` is the first one after it. */
export interface Span {
  from: number
  to: number
}

const hourMs = 3600_000
const always: Span = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** What a task is billed for, as far as it falls into the span; `now`: until when a task that runs has run. */
export function costOf(task: Metered, prices: Prices, now: Date, span: Span = always): Amount {
  return costAt(rateOf(task, prices).perHour, task, now, span)
}

/** The same, at a rate that is known. */
export function costAt(perHour: Amount, task: Metered, now: Date, span: Span = always): Amount {
  const ms = billedMs(task, now, span)
  if (typeof ms !== 'number') return ms
  if (ms === 0) return { usd: 0 }
  return 'unknown' in perHour ? perHour : { usd: perHour.usd * (ms / hourMs) }
}

/**
 * Milliseconds billed that fall into the span; the parts of a split add up to the whole. What is charged beyond the task's end (the
 * least charge, and up to the full second) falls to the moment in which it ended, so that no day gets it twice.
 */
export function billedMs(task: Metered, now: Date, span: Span = always): number | { unknown: string } {
  const begin = beginOf(task)
  if (begin === undefined) return 0
  if (typeof begin !== 'number') return begin
  const told = endOf(task, now)
  if (typeof told !== 'number') return told
  // Clocks of different hosts: a stop may be told before the start.
  const end = Math.max(begin, told)
  const within = Math.max(0, Math.min(end, span.to) - Math.max(begin, span.from))
  const beyond = Math.max(Math.ceil((end - begin) / 1000) * 1000, leastMs(task)) - (end - begin)
  return within + (span.from <= end && end < span.to ? beyond : 0)
}

/** The least that Fargate bills: a minute, five of Windows. */
function leastMs({ platformFamily }: Task): number {
  return isWindows(platformFamily) ? 5 * 60_000 : 60_000
}

/** Statuses before anything is pulled, and so before anything is billed. */
const unbilled = new Set(['PROVISIONING', 'PENDING'])

/** Statuses that a task comes to also without having pulled anything, when it is stopped early. */
const ending = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED'])

/**
 * When billing began; undefined where it never did. Later times stand in where ECS did not tell the pull's, then its creation: but of a
 * task that ends, no pull that is told is no pull, unless a container of it ran.
 */
function beginOf(task: Metered): number | undefined | { unknown: string } {
  const told = timeOf(task.pullStartedAt) ?? timeOf(task.pullStoppedAt) ?? timeOf(task.startedAt)
  if (told !== undefined) return told
  const { lastStatus, lost, containers } = task
  if (unbilled.has(lastStatus))
    return lost ? { unknown: 'It was lost before ECS told whether it pulled its image' } : undefined
  if (ending.has(lastStatus) && !containers.some(({ exitCode }) => exitCode !== undefined)) return undefined
  return timeOf(task.createdAt) ?? { unknown: 'ECS does not tell when it started' }
}

function endOf(task: Metered, now: Date): number | { unknown: string } {
  const missed = timeOf(task.lost?.at)
  if (missed !== undefined) return missed
  if (task.lastStatus !== 'STOPPED' && task.lastStatus !== 'DELETED') return now.getTime()
  const told = timeOf(task.stoppedAt) ?? timeOf(task.executionStoppedAt) ?? timeOf(task.stoppingAt)
  return told ?? { unknown: 'ECS does not tell when it stopped' }
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
