/** What the guard costs: verdicts and plan alone, and whole runs. */
import type { Figure } from './figure.ts'
import { measureRuns } from './guard-runs.ts'
import { measureVerdicts } from './guard-verdicts.ts'

export async function measureGuard(): Promise<Figure[]> {
  return [...measureVerdicts(), ...(await measureRuns())]
}
