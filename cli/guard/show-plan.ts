/** The guard's plan as people read it. */
import type { Amount } from '../../shared/cost/amount.ts'
import { dollars, spoken } from '../../shared/cost/money.ts'
import type { Plan, PlanLine, Verdict } from '../../shared/guard/plan.ts'
import { columnsWithNotes, type NotedRow, wrapped } from '../layout.ts'
import { printable } from '../printable.ts'
import { utc } from '../times.ts'
import { showBudgets } from './show-budgets.ts'
import { shortName } from './workload-names.ts'

export interface PlanView {
  /** `stack farguard-dev in eu-central-1` */
  stack: string
  /** Those that are shown; of the others there is the number. */
  lines: readonly PlanLine[]
  /** Whether it is about some workloads only: then the rest is left out. */
  isPart: boolean
}

/** What changes first, and of the same kind the dearest. */
export const inOrder = (lines: readonly PlanLine[]) =>
  lines.toSorted(
    (a, b) =>
      order.indexOf(a.verdict.is) - order.indexOf(b.verdict.is) ||
      known(b.costPerHour) - known(a.costPerHour) ||
      (a.workload < b.workload ? -1 : 1),
  )

const order: readonly Verdict['is'][] = ['stop', 'warn', 'parked', 'not-judged', 'keep']

/** What is not known may be dear. */
const known = (amount: Amount) => ('usd' in amount ? amount.usd : Number.POSITIVE_INFINITY)

/** Lines that fit `columns`, where there is a screen. */
export function showPlan(plan: Plan, { stack, lines, isPart }: PlanView, columns: number | undefined): string[] {
  const table = columnsWithNotes(
    ['workload', 'verdict', '$ an hour', 'so far', 'saves'],
    inOrder(lines).map(row),
    columns,
  )
  const blocks = [
    [`${stack}, ${utc(plan.at)}, mode ${plan.mode}`],
    lines.length > 0 ? table : ['Nothing to stop, to warn of or to judge anew.'],
    isPart ? [] : summary(plan, lines),
    isPart ? [] : showBudgets(plan, columns),
    isPart ? [] : plan.problems.map(problem => `Not known: ${problem}`),
    isPart ? [] : [whatFollows(plan)],
  ]
  return blocks
    .filter(block => block.length > 0)
    .flatMap((block, nth) => [
      ...(nth === 0 ? [] : ['']),
      ...(block === table ? block : block.flatMap(text => wrapped(printable(text), columns))),
    ])
}

function row({ workload, verdict, costPerHour, costSoFar, saves }: PlanLine): NotedRow {
  const isGoing = verdict.is !== 'keep' && verdict.is !== 'not-judged'
  return {
    cells: [
      shortName(workload),
      `${verdict.is === 'not-judged' ? 'not judged' : verdict.is} ${verdict.reason}`,
      spoken(costPerHour),
      verdict.is === 'parked' ? '-' : spoken(costSoFar),
      isGoing ? spoken(saves) : '-',
    ],
    notes: [tell(verdict), ...('unknown' in costPerHour ? [`cost: ${costPerHour.unknown}`] : [])],
  }
}

function tell(verdict: Verdict): string {
  const { detail } = verdict
  switch (verdict.is) {
    case 'keep':
    case 'not-judged':
      return detail
    case 'warn':
      return `${detail}; warned of since ${utc(verdict.since)}, to be stopped at ${utc(verdict.stopsAt)}`
    case 'stop':
      return verdict.until === undefined ? detail : `${detail}; until ${utc(verdict.until)}`
    case 'parked':
      return `${detail}; since ${utc(verdict.since)}${verdict.until === undefined ? '' : `, until ${utc(verdict.until)}`}`
  }
}

function summary({ lines, limit, wakes }: Plan, shown: readonly PlanLine[]): string[] {
  const of = (is: Verdict['is']) => lines.filter(({ verdict }) => verdict.is === is)
  const counts = order.map(is => `${of(is).length} ${words[is]}`).join(', ')
  const hidden = lines.length - shown.length
  return [
    `${lines.length} ${lines.length === 1 ? 'workload' : 'workloads'}: ${counts}.${hidden > 0 ? ` What is kept: ${reasons(of('keep'))}; --all shows it.` : ''}`,
    ...saved('Stopping saves', of('stop')),
    ...(limit ? [`Limit: ${limit.detail}`] : []),
    ...wakes.map(({ workload, because }) => `Wakes: ${shortName(workload)}: ${because}`),
  ]
}

const words: Record<Verdict['is'], string> = {
  stop: 'to stop',
  warn: 'warned of',
  parked: 'parked',
  'not-judged': 'not judged',
  keep: 'kept',
}

function reasons(lines: readonly PlanLine[]): string {
  return [...Map.groupBy(lines, ({ verdict }) => verdict.reason)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([reason, { length }]) => `${length} ${reason}`)
    .join(', ')
}

/** What is known of it; and of how many it is not. */
function saved(what: string, lines: readonly PlanLine[]): string[] {
  if (lines.length === 0) return []
  const usd = lines.reduce((sum, { saves }) => sum + ('usd' in saves ? saves.usd : 0), 0)
  const unknown = lines.filter(({ saves }) => 'unknown' in saves).length
  const beside = unknown > 0 ? `, and what is not known of ${unknown} more` : ''
  return [`${what} ${dollars(usd)} until the month's end${beside}.`]
}

function whatFollows({ mode, lines }: Plan): string {
  if (mode === 'enforce') return 'This is what the next run does, as long as nothing changes.'
  const isAny = lines.some(({ verdict }) => verdict.is === 'stop' || verdict.is === 'warn')
  return isAny
    ? 'Mode observe: nothing of it is done. guard.mode: enforce in farguard.yml does it.'
    : 'Mode observe: nothing would be stopped.'
}
