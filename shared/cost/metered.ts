/** What was metered of what a budget covers, by the ledger's days. */
import type { Config, Selector } from '../config/config.ts'
import type { Table } from '../ports.ts'
import type { Amount } from './amount.ts'
import { coveredOf } from './cost-lines.ts'
import { type CostDay, readDays, readState } from './ledger-records.ts'
import { daysOf, type Period } from './periods.ts'

export interface Ledger {
  days: readonly CostDay[]
  /** When metering began, by cluster; one that nothing is on record of is absent. */
  since: ReadonlyMap<string, string>
}

/** The days of all clusters since `from`, an ISO time. `clusters`: those that are metered now. `fresh`: days that are newer than on record. */
export async function readLedger(
  table: Table,
  clusters: readonly string[],
  from: string,
  now: Date,
  fresh: readonly CostDay[] = [],
): Promise<Ledger> {
  const onRecord = await readDays(table, from.slice(0, 10), now.toISOString().slice(0, 10))
  const days = new Map([...onRecord, ...fresh].map(each => [`${each.day}#${each.cluster}`, each]))
  const since = new Map<string, string>()
  for (const cluster of clusters) {
    const state = await readState(table, cluster)
    if (state) since.set(cluster, state.since)
  }
  return { days: [...days.values()], since }
}

export interface MeteredSpend {
  amount: Amount
  /** What ran before this time of the period is not counted: nobody metered it. ISO 8601. */
  since?: string
}

/** What the selectors pick cost in the period so far; not known as soon as a day, a tag or a price of it is not. */
export function meteredOf(
  covers: readonly Selector[],
  period: Period,
  { days, since }: Ledger,
  { clusters, config }: { clusters: readonly string[]; config: Config },
  now: Date,
): MeteredSpend {
  const touched = daysOf(period, now)
  const onRecord = new Map(days.map(each => [`${each.day}#${each.cluster}`, each]))
  const own = clusters.filter(cluster => covers.some(selector => mayPick(selector, cluster, config)))
  const begun = own.map(cluster => since.get(cluster)).filter(at => at !== undefined)
  const latest = begun.sort().at(-1)
  const late = latest !== undefined && latest > period.from ? { since: latest } : {}
  for (const cluster of own) {
    const first = since.get(cluster)?.slice(0, 10)
    if (first === undefined) return { amount: { unknown: `Nothing of cluster ${cluster} is metered yet` }, ...late }
    const gap = touched.find(day => day >= first && !isWhole(onRecord.get(`${day}#${cluster}`), now))
    if (gap !== undefined)
      return { amount: { unknown: `What cluster ${cluster} cost on ${gap} is not on record as a whole` }, ...late }
  }
  return { amount: sumOfDays(covers, touched, days), ...late }
}

/** Up to now; of a day that is over, up to its end: a guard that was paused for long leaves one half done. */
function isWhole(each: CostDay | undefined, now: Date): boolean {
  if (!each) return false
  const end = new Date(Date.parse(each.day) + 24 * 3600_000).toISOString()
  return each.isFinal || each.at >= end || end > now.toISOString()
}

function sumOfDays(covers: readonly Selector[], touched: readonly string[], days: readonly CostDay[]): Amount {
  const keys = covers.flatMap(each => (each.by === 'tag' ? [each.key] : []))
  let usd = 0
  for (const each of days) {
    if (!touched.includes(each.day)) continue
    const lacking = keys.find(key => !each.tagKeys.includes(key))
    if (lacking !== undefined && each.lines.length > 0)
      return { unknown: `The costs of ${each.day} are not on record by the tag ${lacking}` }
    const covered = coveredOf(covers, each, each.cluster)
    if ('unknown' in covered) return { unknown: `On ${each.day} in ${each.cluster}, ${covered.unknown}` }
    usd += covered.usd
  }
  return { usd }
}

/** Whether anything in the cluster can be picked at all. */
export function mayPick(selector: Selector, cluster: string, { targets }: Config): boolean {
  switch (selector.by) {
    case 'cluster':
      return selector.name === cluster
    case 'service':
      return (selector.cluster ?? cluster) === cluster
    case 'target':
      return targets.some(({ name, cluster: of }) => name === selector.name && of === cluster)
    default:
      return true
  }
}
