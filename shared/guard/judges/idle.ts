/** Whether a workload is idle: every signal that its rule names is quiet, over the whole window. */
import type { IdleRule } from '../../config/config.ts'
import type { Activity, Signal, SignalEvidence, Tier } from '../activity.ts'
import { bytesPerSecond, duration, figure } from '../figures.ts'
import { hasWindow, isWorthAsking } from '../idle-window.ts'
import type { Finding, NotJudgedReason } from '../verdict.ts'
import type { Workload } from '../workload.ts'

export interface IdleFacts {
  workload: Pick<Workload, 'kind' | 'since'>
  /** Absent where it was not asked for. */
  activity: Activity | undefined
  /** When an earlier run saw it busy. */
  busyAt?: string
}

/** One signal that is busy shows that it is in use, whatever is not known of the others. */
export function idle({ workload, activity, busyAt }: IdleFacts, rule: IdleRule, now: Date): Finding {
  const { since } = workload
  const within = duration(rule.windowMs)
  if (since === undefined) return notJudged('age-unknown', 'nothing says since when it runs')
  if (!hasWindow(since, rule, now))
    return notJudged('too-young', `it runs since ${since}: idle is what is quiet for ${within}`)
  if (!activity) {
    if (isWorthAsking(busyAt, rule, now)) return notJudged('no-data', 'its metrics were not read')
    return { is: 'fine', detail: `busy at ${busyAt}, less than ${within} ago` }
  }
  const { signals } = activity
  const busy = signals.filter(({ state }) => state === 'busy')
  if (busy.length > 0)
    return { is: 'fine', detail: `${busy.map(above).join(', ')}, within ${within}${sources(busy, workload)}` }
  const missing = signals.map(each => missed(each, rule, workload)).filter(each => each !== undefined)
  const [first] = missing
  if (first) return notJudged(first.reason, missing.map(({ detail }) => detail).join('; '))
  if (signals.length === 0) return notJudged('no-data', 'its rule names no signal')
  const detail = `${signals.map(atMost).join(', ')}, for ${within}${sources(signals, workload)}`
  return { is: 'due', reason: 'idle', detail, isHard: false }
}

function notJudged(reason: NotJudgedReason, detail: string): Finding {
  return { is: 'not-judged', reason, detail }
}

const words: Record<Signal, { name: string; shown: (value: number) => string }> = {
  cpu: { name: 'CPU', shown: value => `${figure(value)} %` },
  network: { name: 'network', shown: bytesPerSecond },
  requests: { name: 'requests', shown: value => `${figure(value)}/min` },
}

function atMost({ signal, highest = 0, threshold }: SignalEvidence): string {
  const { name, shown } = words[signal]
  return `${name} at most ${shown(highest)} of ${shown(threshold)}`
}

function above({ signal, highest = 0, threshold }: SignalEvidence): string {
  const { name, shown } = words[signal]
  return `${name} up to ${shown(highest)}, above ${shown(threshold)}`
}

/** Why a signal that is not busy says nothing; undefined for a quiet one. */
function missed(evidence: SignalEvidence, { coverage, windowMs }: IdleRule, { kind }: IdleFacts['workload']) {
  const { signal, state, points, expected, error } = evidence
  const { name } = words[signal]
  switch (state) {
    case 'quiet':
    case 'busy':
      return undefined
    case 'no-data':
      return { reason: state, detail: `${name}: no data in ${duration(windowMs)}, and that is not idle` }
    case 'too-few-points': {
      const needed = Math.ceil(coverage * expected)
      return {
        reason: state,
        detail: `${name}: ${points} of ${expected} points in ${duration(windowMs)}, ${needed} are needed`,
      }
    }
    case 'no-such-metric':
      return { reason: state, detail: `${name}: ${lacking(signal, kind)}` }
    case 'metrics-unreadable':
      return { reason: state, detail: `${name} can't be read: ${error ?? 'AWS gave no reason'}` }
    case 'average-of-many':
      return { reason: state, detail: `${name}: known only of its family, of which others run too; ${finer}` }
  }
}

const finer = 'Container Insights with enhanced observability tells them apart'

function lacking(signal: Signal, kind: Workload['kind']): string {
  if (signal === 'requests') return 'it is in no target group of a load balancer'
  return `no such metric; ${kind === 'service' ? 'its cluster has no Container Insights' : 'its cluster needs Container Insights for that'}`
}

const tierWords: Record<Tier, string> = {
  task: 'its own',
  family: "its family's",
  service: "its service's",
  'load-balancer': "its load balancer's",
}

/** `, by its service's and its load balancer's metrics`. */
function sources(signals: readonly SignalEvidence[], { kind }: IdleFacts['workload']): string {
  const tiers = new Set(signals.map(({ tier }) => tier).filter(tier => tier !== undefined))
  if (tiers.size === 0) return ''
  const said = [...tiers].map(tier => (tier === 'task' && kind === 'copies' ? "its copies' own" : tierWords[tier]))
  return `, by ${said.join(' and ')} metrics`
}
