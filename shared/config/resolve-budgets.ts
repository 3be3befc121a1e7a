/** From `budgets:` as it is written to what it means. */
import { parseLimit, parseThreshold } from './budget-figures.ts'
import type { BudgetInput, BudgetsInput } from './budgets-schema.ts'
import type { Budget, BudgetStep } from './config.ts'
import { selectorOf } from './selector.ts'

/** In the order of farguard.yml. */
export function resolveBudgets(budgets: BudgetsInput = {}): Budget[] {
  return Object.entries(budgets).map(([name, budget]) => ({
    name,
    limit: resolveLimit(name, budget),
    covers: [budget.covers ?? []].flat().map(selectorOf),
    steps: budget.steps.map(resolveStep),
  }))
}

function resolveLimit(name: string, { aws, limit }: BudgetInput): Budget['limit'] {
  if (aws !== undefined) return { from: 'aws', budget: aws }
  const own = parseLimit(limit ?? '')
  if ('problem' in own) throw new TypeError(`budgets.${name}.limit ${own.problem}`)
  return { from: 'own', ...own }
}

const deeds = {
  warn: 'warn',
  'hold deploys': 'hold-deploys',
  'stop to fit': 'stop-to-fit',
  'stop all': 'stop-all',
} as const satisfies Record<BudgetInput['steps'][number]['do'], BudgetStep['do']>

function resolveStep(step: BudgetInput['steps'][number]): BudgetStep {
  const threshold = parseThreshold(step.at)
  if ('problem' in threshold) throw new TypeError(`at ${threshold.problem}`)
  return { ...threshold, do: deeds[step.do] }
}
