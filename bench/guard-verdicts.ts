/** What judging and planning cost, in CPU time, and whether that stays linear in the number of tasks. */
import { decide } from '../shared/guard/decide.ts'
import type { Plan } from '../shared/guard/plan.ts'
import { workloadsOf } from '../shared/guard/workloads.ts'
import { guarded, tasksIn, times } from './account-shape.ts'
import type { Figure } from './figure.ts'
import { type AtHand, atHand, now } from './guard-facts.ts'

const rounds = 12
const factor = 10

/**
 * The best of several, for each size in turn: what else the machine does only ever adds. Of the smaller one ten are made at a time: one
 * alone is over before anything of it is collected.
 */
export function measureVerdicts(): Figure[] {
  const few = atHand(guarded)
  const many = atHand(times(guarded, factor))
  const best = { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
  for (let round = 0; round < rounds; round++) {
    best.few = Math.min(best.few, cpuMs(few, factor) / factor)
    best.many = Math.min(best.many, cpuMs(many, 1))
  }
  const [tasks, manyTasks] = [tasksIn(guarded), tasksIn(times(guarded, factor))]
  return [
    {
      what: `CPU of verdicts and plan for ${tasks} running tasks`,
      value: best.few / 1000,
      unit: 's',
      atMost: 1,
      details: [found(few)],
    },
    {
      what: `the same for ${manyTasks} tasks, to that for ${tasks}`,
      value: best.many / best.few,
      unit: '×',
      atMost: 11,
      details: [`${(best.many / 1000).toFixed(2)} s`, found(many)],
    },
  ]
}

/** All that is computed between what was asked and what is done. */
function planOf({ seen, config, facts }: AtHand): Plan {
  const workloads = workloadsOf(seen, config)
  return decide({ ...facts, workloads }, config.guard, now).plan
}

function cpuMs(known: AtHand, plans: number): number {
  const begun = process.cpuUsage()
  for (let nth = 0; nth < plans; nth++) planOf(known)
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1000
}

/** `400 workloads: keep 100, stop 300`. Throws where nothing is to stop: then there was nothing to plan. */
function found(known: AtHand): string {
  const { lines } = planOf(known)
  const counts = Map.groupBy(lines, ({ verdict }) => verdict.is)
  if (!counts.has('stop') || !counts.has('warn')) throw new Error('The account has nothing that is to stop.')
  const told = [...counts].map(([is, { length }]) => `${is} ${length}`).sort()
  return `${lines.length} workloads: ${told.join(', ')}`
}
