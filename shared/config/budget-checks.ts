/** What must be right within budgets, between them, and between them and the guard. */
import { parseThreshold } from './budget-figures.ts'
import type { BudgetInput } from './budgets-schema.ts'
import type { BudgetStep } from './config.ts'
import { entriesOf, isWritten, type Lenient } from './lenient.ts'
import { type Finding, type Path, quote } from './problems.ts'
import type { FileInput } from './schema.ts'
import { parseSelector } from './selector.ts'
import { type Known, knownIn, onlyCluster, outsideGuard, unknownTarget } from './selector-checks.ts'

type LenientBudget = Lenient<BudgetInput>
type LenientStep = Lenient<BudgetInput['steps'][number]>

/** All that is wrong with `budgets`, as far as their fields are sound. */
export function checkBudgets(file: Lenient<FileInput> | undefined): Finding[] {
  const budgets = entriesOf(file?.budgets)
  const known = knownIn(file)
  return [
    ...budgets.flatMap(([name, budget]) => [
      ...checkLimit(['budgets', name], budget),
      ...checkCovers(['budgets', name], budget, known),
      ...checkSteps(['budgets', name], budget),
      ...checkStops(['budgets', name], budget, file, known),
    ]),
    ...readTwice(budgets),
  ]
}

/** Whether a step of any budget stops something. */
export function doesAnyStop(file: Lenient<FileInput> | undefined): boolean {
  return entriesOf(file?.budgets).some(([, { steps = [] }]) => steps.some(stops))
}

function stops(step: LenientStep | undefined): boolean {
  return step?.do === 'stop to fit' || step?.do === 'stop all'
}

function checkLimit(path: Path, budget: LenientBudget): Finding[] {
  const [isAws, isOwn] = [isWritten(budget, 'aws'), isWritten(budget, 'limit')]
  if (isAws && isOwn) {
    const message = 'stands beside aws, whose limit AWS Budgets has. Keep one of the two'
    return [{ path: [...path, 'limit'], at: 'key', message }]
  }
  if (isAws || isOwn) return []
  return [value(path, 'has no limit. Try limit: $500 a month, or aws: and the name of a budget in AWS Budgets')]
}

function checkCovers(path: Path, budget: LenientBudget, known: Known): Finding[] {
  if (!isWritten(budget, 'covers')) {
    const why = needOfCovers(budget)
    return why === undefined ? [] : [value([...path, 'covers'], `is missing: ${why}. Try all, or [tag:env=preview]`)]
  }
  return coveredBy(path, budget).flatMap(({ place, text, selector }, index, all) => {
    const unknown = unknownTarget(selector, known)
    if (unknown !== undefined) return [value(place, unknown)]
    if (all.findIndex(other => other.text === text) < index)
      return [value(place, `${text} is in the list twice. Keep one`)]
    const cluster = onlyCluster(selector, known)
    // What is to be stopped must even be guarded: that is said by `checkStops`.
    if (known.guarded && budget.steps?.some(stops)) return []
    const metered = known.clustersOfTargets && [...known.clustersOfTargets, ...(known.guarded ?? [])]
    if (cluster === undefined || !metered || metered.includes(cluster)) return []
    return [value(place, `nothing in cluster ${quote(cluster)} is metered. Add it to guard.clusters`)]
  })
}

/** Why it can't do without `covers`. */
function needOfCovers(budget: LenientBudget): string | undefined {
  const { steps = [] } = budget
  if (isWritten(budget, 'limit')) return 'a limit of our own is about what it covers'
  if (steps.some(step => step && basisOf(step) === 'projected')) return 'what is projected is what it covers'
  if (steps.some(stops)) return 'nothing is stopped but what it covers'
  if (steps.some(step => step?.do === 'hold deploys')) return 'no deployment is held back but of what it covers'
  return undefined
}

function coveredBy(path: Path, { covers }: LenientBudget) {
  const texts = typeof covers === 'string' ? [covers] : (covers ?? [])
  return texts.flatMap((text, index) => {
    const selector = text === undefined ? undefined : parseSelector(text)
    if (text === undefined || !selector || 'problem' in selector) return []
    return [{ place: [...path, 'covers', ...(typeof covers === 'string' ? [] : [index])], text: text.trim(), selector }]
  })
}

function checkSteps(path: Path, budget: LenientBudget): Finding[] {
  const { steps = [] } = budget
  const isOwn = isWritten(budget, 'limit') && !isWritten(budget, 'aws')
  const first = new Set<string>()
  return steps.flatMap((step, index) => {
    if (step?.at === undefined) return []
    if (isOwn && basisOf(step) === 'forecast') {
      const message = `AWS forecasts its own budgets only. Try ${step.at.trim().replace('forecast', 'projected')}`
      return [value([...path, 'steps', index, 'at'], message)]
    }
    const threshold = parseThreshold(step.at)
    if ('problem' in threshold || step.do === undefined) return []
    if (isOwn && threshold.of === 'actual' && threshold.percent >= 100 && step.do === 'stop to fit') {
      const message = `comes too late: what is spent already does not fit any more. Try ${threshold.percent}% of projected`
      return [value([...path, 'steps', index, 'at'], message)]
    }
    const same = `${threshold.label}: ${step.do}`
    if (!first.has(same)) {
      first.add(same)
      return []
    }
    return [value([...path, 'steps', index], `${same} is in the list twice. Keep one`)]
  })
}

function basisOf({ at }: LenientStep): BudgetStep['of'] | undefined {
  const threshold = at === undefined ? undefined : parseThreshold(at)
  return threshold && 'of' in threshold ? threshold.of : undefined
}

/** It is the guard that stops, and only in its clusters. */
function checkStops(path: Path, budget: LenientBudget, file: Lenient<FileInput> | undefined, known: Known): Finding[] {
  const index = (budget.steps ?? []).findIndex(stops)
  if (index === -1) return []
  if (!isWritten(file, 'guard')) {
    const clusters = known.clustersOfTargets?.join(', ') ?? 'demo'
    const message = `takes a guard, which says where anything may be stopped. Add guard: { mode: observe, clusters: [${clusters}] }`
    return [value([...path, 'steps', index, 'do'], message)]
  }
  return coveredBy(path, budget).flatMap(({ place, selector }) => {
    const problem = outsideGuard(selector, known)
    return problem === undefined ? [] : [value(place, problem)]
  })
}

/** Both would act on the same figures. */
function readTwice(budgets: readonly [string, LenientBudget][]): Finding[] {
  const first = new Map<string, string>()
  return budgets.flatMap(([name, { aws }]) => {
    if (aws === undefined) return []
    const owner = first.get(aws)
    if (owner === undefined) {
      first.set(aws, name)
      return []
    }
    return [value(['budgets', name, 'aws'], `${quote(aws)} is ${owner}'s already. Put the steps of both into one`)]
  })
}

function value(path: Path, message: string): Finding {
  return { path, at: 'value', message }
}
