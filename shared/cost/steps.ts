/** Which steps of a budget are reached, by whose figure, and which of them has acted on this very figure before. Pure. */
import type { Budget, BudgetStep } from '../config/config.ts'
import type { Amount } from './amount.ts'
import { dollars } from './money.ts'
import type { Spend } from './spend.ts'

/** Whose figure it is. AWS's stays the same for hours after everything was stopped; ours follows. */
export type Basis = 'reported' | 'forecast' | 'metered' | 'projected'

export interface ReachedStep {
  step: BudgetStep
  basis: Basis
  amountUsd: number
  /** `AWS reports $121.00 of $100.00 (121 %)` */
  detail: string
  /** The same for the same figure in the same period: what a step that has acted is remembered by. */
  key: string
  /** It has acted on this very figure: only ever of AWS's, which lags. */
  hasActed: boolean
}

export interface Steps {
  /** In the order of farguard.yml. */
  reached: ReachedStep[]
  /** Steps whose figure is not known: never reached, and why. */
  unknown: { step: BudgetStep; why: string }[]
}

/** `acted`: keys of what has acted in this budget's period. */
export function reachedSteps(budget: Budget, spend: Spend, acted: ReadonlySet<string>): Steps {
  const steps: Steps = { reached: [], unknown: [] }
  for (const step of budget.steps) {
    const basis = basisOf(step, budget)
    const amount = amountOf(basis, spend)
    if ('unknown' in spend.limit) steps.unknown.push({ step, why: `The limit is not known: ${spend.limit.unknown}` })
    else if ('unknown' in amount) steps.unknown.push({ step, why: amount.unknown })
    else if (isReached(amount.usd, (spend.limit.usd * step.percent) / 100))
      steps.reached.push(reached(step, basis, amount.usd, { spend, limitUsd: spend.limit.usd, acted }))
  }
  return steps
}

function basisOf({ of }: BudgetStep, { limit }: Budget): Basis {
  if (of === 'projected' || of === 'forecast') return of
  return limit.from === 'aws' ? 'reported' : 'metered'
}

function amountOf(basis: Basis, spend: Spend): Amount {
  switch (basis) {
    case 'reported':
      return spend.reported ?? { unknown: 'AWS reports no spend of it' }
    case 'forecast':
      return spend.forecast ?? { unknown: 'AWS makes no forecast of it' }
    case 'metered':
      return spend.metered
    case 'projected':
      return spend.projected
  }
}

/** A hundredth of a cent less, that a sum of many parts may lack, is enough. Where nothing may be spent, anything is too much. */
function isReached(usd: number, thresholdUsd: number): boolean {
  const rounding = 1e-4
  return thresholdUsd > rounding ? usd >= thresholdUsd - rounding : usd > rounding
}

function reached(
  step: BudgetStep,
  basis: Basis,
  amountUsd: number,
  { spend, limitUsd, acted }: { spend: Spend; limitUsd: number; acted: ReadonlySet<string> },
): ReachedStep {
  const share = limitUsd > 0 ? ` (${Math.floor((amountUsd / limitUsd) * 100 + 1e-6)} %)` : ''
  const detail = `${words[basis]} ${dollars(amountUsd)} of ${dollars(limitUsd)}${share}`
  const key = `${spend.period.from}#${step.label}#${step.do}#${amountUsd}`
  const isAws = basis === 'reported' || basis === 'forecast'
  return { step, basis, amountUsd, detail, key, hasActed: isAws && acted.has(key) }
}

const words: Record<Basis, string> = {
  reported: 'AWS reports',
  forecast: 'AWS forecasts',
  metered: 'Farguard metered',
  projected: 'Farguard projects',
}
