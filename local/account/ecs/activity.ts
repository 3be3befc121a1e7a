/** How much a container uses, minute by minute: a function of time, so that nothing has to be stored for a month. */

export interface Use {
  /** Of what the task reserves. */
  cpuPercent: number
  memoryPercent: number
  /** Received and sent together. */
  networkBytesPerSecond: number
  /** Only counted behind a load balancer. */
  requestsPerMinute: number
}

export type Signal = keyof Use

export interface Activity {
  /** Nightly: busy for an hour from 02:00 UTC, otherwise idle. */
  kind: 'busy' | 'idle' | 'nightly'
  /** What is the same at every minute, in place of what `kind` says. */
  constant: Partial<Use>
}

type Range = readonly [from: number, to: number]

const usual: Record<'busy' | 'idle', Record<Signal, Range>> = {
  busy: {
    cpuPercent: [25, 55],
    memoryPercent: [50, 60],
    networkBytesPerSecond: [300_000, 700_000],
    requestsPerMinute: [90, 150],
  },
  // Not nothing: health checks, DNS, a garbage collector.
  idle: {
    cpuPercent: [0.1, 0.4],
    memoryPercent: [15, 16],
    networkBytesPerSecond: [20, 60],
    requestsPerMinute: [0, 0],
  },
}

const nightlyHour = 2

/** What containers use together of `signal` in a minute (since the epoch). The same seed gives the same answer. */
export function useAt(activities: readonly Activity[], signal: Signal, seed: number, minute: number): number {
  let total = 0
  let nth = 0
  for (const activity of activities) {
    total += useOf(activity, signal, seed + nth, minute)
    nth += 1
  }
  // No more than the task has.
  return signal === 'cpuPercent' || signal === 'memoryPercent' ? Math.min(100, total) : total
}

function useOf({ kind, constant }: Activity, signal: Signal, seed: number, minute: number): number {
  const always = constant[signal]
  if (always !== undefined) return always
  const isBusy = kind === 'busy' || (kind === 'nightly' && Math.floor(minute / 60) % 24 === nightlyHour)
  const [from, to] = usual[isBusy ? 'busy' : 'idle'][signal]
  const value = from + (to - from) * noise(seed ^ salt[signal], minute)
  return signal === 'requestsPerMinute' ? Math.round(value) : Math.round(value * 1000) / 1000
}

/** So that one signal does not follow another. */
const salt: Record<Signal, number> = {
  cpuPercent: 0x1b873593,
  memoryPercent: 0x2c1b3c6d,
  networkBytesPerSecond: 0x297a2d39,
  requestsPerMinute: 0x5bd1e995,
}

/** 0 to 1, spread evenly: the last mixing step of MurmurHash3, public domain. */
export function noise(seed: number, minute: number): number {
  let mixed = Math.imul(seed ^ Math.imul(minute, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}
