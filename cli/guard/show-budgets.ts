/** Budgets as people read them: ours, AWS's and the projection, each under its own head. */
import type { Amount } from '../../shared/cost/amount.ts'
import { dollars, spoken } from '../../shared/cost/money.ts'
import type { Spend } from '../../shared/cost/spend.ts'
import type { BudgetLine, Plan } from '../../shared/guard/plan.ts'
import { columnsWithNotes } from '../layout.ts'
import { utc } from '../times.ts'

/** With the steps that are reached. None where farguard.yml has no budgets. */
export function showBudgets({ budgets, holds }: Pick<Plan, 'budgets' | 'holds'>, columns: number | undefined) {
  if (budgets.length === 0) return []
  return [
    ...budgetTable(
      budgets.map(line => ({ ...line, notes: notesOnSteps(line) })),
      columns,
    ),
    ...holds.map(({ target, detail, until }) => `Deployments to ${target} wait until ${utc(until)}: ${detail}`),
  ]
}

/** `notes`: what else is to be said of it, first. */
export function budgetTable(
  budgets: readonly { budget: string; spend: Spend; notes: readonly string[] }[],
  columns: number | undefined,
): string[] {
  const head = ['budget', 'limit', 'metered', 'projected', 'AWS reports', 'AWS forecasts']
  const rows = budgets.map(({ budget, spend, notes }) => ({
    cells: figures(budget, spend),
    notes: [...notes, ...notesOnSpend(spend)],
  }))
  return columnsWithNotes(head, rows, columns)
}

function figures(name: string, { limit, metered, projected, reported, forecast }: Spend): string[] {
  return [name, spoken(limit), spoken(metered), spoken(projected), of(reported), of(forecast)]
}

/** `-` where AWS is not asked: an own limit. */
const of = (amount: Amount | undefined) => (amount ? spoken(amount) : '-')

function notesOnSteps({ reached, problem }: BudgetLine): string[] {
  return [
    ...reached.map(
      ({ step, do: what, detail, hasActed }) =>
        `${step}: ${what}: ${detail}${hasActed ? '; it has acted on this figure' : ''}`,
    ),
    ...(problem === undefined ? [] : [problem]),
  ]
}

/** Why a figure is not known, and what ours leaves out. */
function notesOnSpend({ period, metered, meteredSince, perHour, reported, drift }: Spend): string[] {
  const unknown = 'unknown' in metered ? metered.unknown : 'unknown' in perHour ? perHour.unknown : undefined
  return [
    `${daysOf(period)}, ${spoken(perHour)} an hour now`,
    ...(unknown === undefined ? [] : [`not known: ${unknown}`]),
    ...(reported && 'unknown' in reported ? [reported.unknown] : []),
    ...(meteredSince === undefined ? [] : [`metered since ${utc(meteredSince)}: what ended before is not in it`]),
    ...(drift && 'usd' in drift ? [`AWS reports ${signed(drift.usd)} than Farguard has metered`] : []),
  ]
}

/** Of UTC, both included. */
function daysOf({ from, to }: Spend['period']): string {
  const [first, last] = [from.slice(0, 10), new Date(Date.parse(to) - 1).toISOString().slice(0, 10)]
  return first === last ? first : `${first} to ${last}`
}

function signed(usd: number): string {
  return `${dollars(Math.abs(usd))} ${usd < 0 ? 'less' : 'more'}`
}
