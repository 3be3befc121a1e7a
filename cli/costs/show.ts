/** The costs as people read them. */
import { dollars, spoken } from '../../shared/cost/money.ts'
import type { Saved } from '../../shared/cost/savings.ts'
import type { CostGroup, Costs } from '../../shared/cost/summary.ts'
import { budgetTable } from '../guard/show-budgets.ts'
import { columnsOf, wrapped } from '../layout.ts'
import { printable } from '../printable.ts'
import { span, utc } from '../times.ts'
import { bar, barWidth } from './bars.ts'
import type { CostReport } from './report.ts'

/** Lines that fit `columns`, where there is a screen. */
export function show(report: CostReport, columns: number | undefined): string[] {
  const { now, groups, months, notes } = report
  const blocks = [
    [heading(report)].flatMap(text => wrapped(printable(text), columns)),
    columnsOf(['', '', ''], figures(report), columns).slice(1),
    groups.length > 0 ? barTable(report.by, groups, columns) : [],
    now && now.budgets.length > 0
      ? budgetTable(
          now.budgets.map(each => ({ ...each, notes: each.problem === undefined ? [] : [each.problem] })),
          columns,
        )
      : [],
    months.length > 1
      ? barTable(
          'month',
          months.map(({ month, ...costs }) => ({ name: month, ...costs })),
          columns,
        )
      : [],
    notes.flatMap(text => wrapped(printable(text), columns)),
  ]
  return blocks.filter(block => block.length > 0).flatMap((block, nth) => (nth === 0 ? block : ['', ...block]))
}

function heading({ stack, at, now, meteredAt }: CostReport): string {
  if (!now) return `${stack}, ${utc(at)}`
  const age = meteredAt === undefined ? undefined : Date.parse(at) - Date.parse(meteredAt)
  const metered =
    age === undefined
      ? 'nothing is metered yet: each run of the guard does'
      : `metered ${span(age)} ago, at ${utc(meteredAt ?? '')}`
  return `${stack}, ${utc(at)}; ${metered}`
}

function figures({ month, total, lacks, meteredSince, now, saved }: CostReport): string[][] {
  const since = meteredSince === undefined ? '' : `since ${utc(meteredSince)}; what ended before is not in it`
  return [
    ...(now ? [['today', costs(now.today), `${spoken(now.perHour)} an hour now`]] : []),
    [now ? `${month} so far` : month, costs(total, lacks), [since, lacks].filter(Boolean).join('; ')],
    ...(now ? [['to its end', spoken(now.projected), 'projected, as it runs now']] : []),
    ['saved', dollars(saved.inMonth.usd), `by the guard in ${month}${tellSaved(saved.inMonth)}`],
    ['', dollars(saved.inAll.usd), `in all${tellSaved(saved.inAll)}`],
  ]
}

/** `$12.30`, and a sign where that is not all of it. */
function costs(of: Costs | undefined, lacks?: string): string {
  if (!of) return 'not known'
  const { usd, unknown } = of
  return unknown || lacks !== undefined ? `${dollars(usd)} + ?` : dollars(usd)
}

function tellSaved({ workloads, unknown }: Saved): string {
  const count = workloads === 0 ? '' : `, of ${workloads} ${workloads === 1 ? 'workload' : 'workloads'}`
  const [first] = unknown
  return first ? `${count}; what ${first.name} costs is not known: ${first.why}` : count
}

function barTable(what: string, groups: readonly CostGroup[], columns: number | undefined): string[] {
  const total = groups.reduce((sum, { usd }) => sum + usd, 0)
  const most = Math.max(...groups.map(({ usd }) => usd))
  const rows = groups.map(group => [group.name, costs(group), total > 0 ? percent(group.usd / total) : '-'])
  const beside = [0, 1, 2].reduce((sum, nth) => sum + 2 + Math.max(5, ...rows.map(row => row[nth]?.length ?? 0)), 0)
  const width = barWidth(columns, beside)
  const barred = rows.map((row, nth) => [...row, most > 0 ? bar((groups[nth]?.usd ?? 0) / most, width) : ''])
  return [
    ...columnsOf([what, 'cost', 'share', ''], barred, columns),
    ...groups.flatMap(({ name, unknown }) =>
      unknown
        ? wrapped(printable(`${name}: of ${hours(unknown.seconds)} the price is not known: ${unknown.why}`), columns)
        : [],
    ),
  ]
}

/** Of what is more than nothing not 0 %. */
function percent(share: number): string {
  return share > 0 && share < 0.005 ? '< 1 %' : `${Math.round(share * 100)} %`
}

const hours = (seconds: number) => `${(seconds / 3600).toFixed(1)} task-hours`
