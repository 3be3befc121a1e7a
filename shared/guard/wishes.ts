/** What operators want of the guard: keep, undo, wake. */
import type { Intent, Wish } from '../../events/control-message.ts'
import { clustersOf } from '../config/clusters.ts'
import type { Config } from '../config/config.ts'
import type { Done } from '../intents/intent-record.ts'
import type { ScalingWorld } from '../ports.ts'
import { findKeep, writeKeep } from './records.ts'
import { type Undone, undoRun, undoWorkload, wakeAll } from './undo.ts'

export type GuardWish = Extract<Wish, { do: 'keep' | 'undo' | 'wake' }>

/** How long something may be kept: what is to run for ever has a rule in farguard.yml. */
const longestKeepMs = 400 * 24 * 3_600_000

/** `20261122-021500` */
const runId = /^\d{8}-\d{6}$/
const workloadId = /^(?:service:([\w-]+)\/[\w-]+|task:([\w-]+)\/[\w-]+|target:([a-z0-9-]{1,24}))$/

export async function guardWish(
  wish: GuardWish,
  { by, at }: Intent,
  config: Config,
  world: ScalingWorld,
): Promise<Done> {
  switch (wish.do) {
    case 'keep':
      return keep(wish, by, at, config, world)
    case 'undo': {
      const who = { by, because: `undone by ${by}` }
      if (runId.test(wish.what)) {
        const undone = await undoRun(wish.what, who, config, world)
        return undone
          ? told(undone, 'undone')
          : refused('no-such-run', `No guard run ${wish.what} is on record as having stopped anything.`)
      }
      // What is on record as parked is put back, also where farguard.yml names its cluster no more.
      if (!workloadId.test(wish.what)) return noSuchWorkload(wish.what)
      return told(await undoWorkload(wish.what, who, config, world), 'undone')
    }
    case 'wake':
      return told(await wakeAll({ by, because: `woken by ${by}` }, config, world), 'woken')
  }
}

async function keep(
  { workload, until, because }: Extract<GuardWish, { do: 'keep' }>,
  by: string,
  at: string,
  config: Config,
  world: ScalingWorld,
): Promise<Done> {
  const problem = problemOf(workload, config)
  if (problem) return problem
  const end = Date.parse(until)
  if (Number.isNaN(end)) return refused('no-such-time', `"${until}" is no time.`)
  const now = world.clock.now().getTime()
  if (end - now > longestKeepMs)
    return refused(
      'too-long',
      'Nothing is kept for longer than 400 days. A rule with protect: true in farguard.yml has no end.',
    )
  const kept = { workload, until: new Date(end).toISOString(), by, because: because ?? 'no reason given', at }
  const before = await findKeep(world.table, workload, world.clock.now())
  await writeKeep(world.table, kept)
  const instead = before ? `, no longer until ${before.until} as ${before.by} said` : ''
  return end > now
    ? done('kept', `${workload} is not stopped by the guard until ${kept.until}${instead}.`)
    : done('kept-no-more', `${workload} is not kept any more.`)
}

/** What nobody here judges can't be kept. */
function problemOf(workload: string, config: Config): Done | undefined {
  const [matched, ofService, ofTask, target] = workloadId.exec(workload) ?? []
  if (matched === undefined) return noSuchWorkload(workload)
  if (target !== undefined) {
    if (config.targets.some(({ name, run }) => name === target && run.kind === 'task')) return undefined
    return refused('no-such-target', `farguard.yml has no task target ${target} where this stack was deployed.`)
  }
  const cluster = ofService ?? ofTask ?? ''
  if (clustersOf(config).includes(cluster)) return undefined
  return refused('cluster-not-ours', `Cluster ${cluster} is none of farguard.yml's: nothing in it is touched.`)
}

function copiesText(count: number): string {
  return count === 1 ? '1 copy' : `${count} copies`
}

function noSuchWorkload(workload: string): Done {
  const forms = 'service:<cluster>/<name>, task:<cluster>/<id>, target:<name>'
  return refused('no-such-workload', `"${workload}" is neither ${forms} nor a guard run.`)
}

function told({ woken, said }: Undone, reason: string): Done {
  const lines = woken.map(({ name, desiredCount, changed, isNothing }) =>
    [`${name}: ${isNothing ? 'nothing to put back' : `back to ${copiesText(desiredCount)}`}`, ...changed].join('; '),
  )
  const all = [...lines, ...said]
  const detail = all.length === 0 ? 'Nothing is parked.' : `${all.join('. ')}.`
  return { ...done(reason, detail), woken: woken.filter(each => !each.isNothing) }
}

function done(reason: string, detail: string): Done {
  return { state: 'done', reason, detail, deployments: [] }
}

function refused(reason: string, detail: string): Done {
  return { state: 'refused', reason, detail, deployments: [] }
}
