/** Whether a standalone task has cost more than it may: a hard limit, which no warning goes before. */
import type { Amount } from '../../cost/amount.ts'
import { dollars } from '../../cost/money.ts'
import type { Finding } from '../verdict.ts'

export function costsTooMuch({ costSoFar }: { costSoFar: Amount }, maxCostUsd: number): Finding {
  if ('unknown' in costSoFar) {
    const detail = `what it cost so far is not known: ${costSoFar.unknown}`
    return { is: 'not-judged', reason: 'cost-unknown', detail }
  }
  const detail = `${dollars(costSoFar.usd)} so far, at most ${dollars(maxCostUsd)}`
  if (costSoFar.usd <= maxCostUsd) return { is: 'fine', detail }
  return { is: 'due', reason: 'costs-too-much', detail, isHard: true }
}
