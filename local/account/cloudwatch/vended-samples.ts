/** Computes the samples of AWS's own metrics, when they are asked for, from what ran. */
import type { InsightsSetting, TaskRun } from '../ecs/telemetry.ts'
import { isOfOneTask, type Level, type RunGroup, type Runs } from './runs.ts'
import { type Minutes, minutesOf, overlap } from './samples.ts'
import type { VendedMetric } from './vended-metrics.ts'

const always: Minutes = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** The minutes within `asked` in which the runs send samples, run by run: none where the metric is not at that level. */
function* sending(
  metric: VendedMetric,
  level: Level,
  group: RunGroup,
  runs: Runs,
  asked: Minutes,
): Generator<{ run: TaskRun; minutes: Minutes }> {
  if (!metric.levels.includes(level)) return
  const watched = group.cluster === undefined ? [always] : runs.whenSet(group.cluster, neededFor(metric, level))
  for (const run of group.runs) {
    if (metric.isOfServices && run.service === undefined) continue
    const ran = overlap(asked, minutesOf(run.from, run.to ?? Number.POSITIVE_INFINITY))
    for (const span of watched) {
      const minutes = overlap(ran, span)
      if (minutes.from < minutes.to) yield { run, minutes }
    }
  }
}

function neededFor({ insights }: VendedMetric, level: Level): InsightsSetting {
  return isOfOneTask(level) ? 'enhanced' : insights
}

/** Whether there is any sample in these minutes. */
export function hasSamples(metric: VendedMetric, level: Level, group: RunGroup, runs: Runs, asked: Minutes): boolean {
  return sending(metric, level, group, runs, asked).next().done !== true
}

/** Every sample in these minutes, in no order that matters. */
export function eachSample(
  metric: VendedMetric,
  level: Level,
  group: RunGroup,
  runs: Runs,
  asked: Minutes,
  add: (minute: number, sample: number) => void,
): void {
  const senders = sending(metric, level, group, runs, asked)
  if (metric.together) eachOfAll(metric, senders, metric.together, add)
  // Once they have been read for all together, there are none left.
  for (const { run, minutes } of senders)
    for (let minute = minutes.from; minute < minutes.to; minute += 1) add(minute, metric.sample(run, minute))
}

function eachOfAll(
  { sample }: VendedMetric,
  senders: Iterable<{ run: TaskRun; minutes: Minutes }>,
  together: NonNullable<VendedMetric['together']>,
  add: (minute: number, sample: number) => void,
): void {
  const all = new Map<number, { total: number; tasks: number }>()
  for (const { run, minutes } of senders) {
    for (let minute = minutes.from; minute < minutes.to; minute += 1) {
      const { total, tasks } = all.get(minute) ?? { total: 0, tasks: 0 }
      all.set(minute, { total: total + sample(run, minute), tasks: tasks + 1 })
    }
  }
  for (const [minute, { total, tasks }] of all) add(minute, together(total, tasks))
}
