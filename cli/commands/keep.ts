/** `farguard keep`: the guard leaves something alone for a time, and says what that costs. */
import { times } from '../../shared/cost/amount.ts'
import { dollars } from '../../shared/cost/money.ts'
import { findParked, readKeeps } from '../../shared/guard/records.ts'
import { words } from '../arguments.ts'
import { configIfAny } from '../find.ts'
import { costPerHour } from '../guard/cost-of.ts'
import { listKeeps } from '../guard/keeps.ts'
import { type NamedWorkload, workloadNamed } from '../guard/workload-named.ts'
import { isMeant, shortName } from '../guard/workload-names.ts'
import { printable } from '../printable.ts'
import { type DefineCommand, type Session, UsageError } from '../session.ts'
import { utc } from '../times.ts'
import { readUntil, shownIn } from '../until.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

type KeepOptions = WishOptions & { until?: string; because?: string; end: boolean }

export const keep: DefineCommand = (command, run) => {
  command
    .description('Keeps something from being stopped by the guard for a time; without a name, lists what is kept.')
    .argument('[workload]', 'a target, cluster/service, or a task by its id or its first 6 digits')
    .option('--until <time>', '18:00, tomorrow, 2026-03-12, 2026-03-12T18:00, 90m or 3d')
    .option('--because <text>', 'why, for the record', words)
    .option('--end', 'it is not kept any more', false)
    .addHelpText(
      'after',
      '\nExamples:\n  farguard keep web --until 18:00\n  farguard keep 3f9a1c2e --until 3d --because "the load test"\n  farguard keep web --end',
    )
  withWishOptions(command).action((workload: string | undefined, options: KeepOptions) =>
    run(session => runKeep(workload, options, session)),
  )
}

async function runKeep(name: string | undefined, options: KeepOptions, session: Session): Promise<number> {
  const { until: text, because, end } = options
  if (name === undefined) {
    if (text !== undefined || end || because !== undefined)
      throw new UsageError('Name what is meant: farguard keep web --until 18:00')
    return listKeeps(options.json, session)
  }
  const now = await session.now()
  const until = end ? now : readEnd(text, now, session)
  if (end && text !== undefined) throw new UsageError('--end ends it now, --until says when: name one.')
  const kept = end ? await keptAs(name, now, session) : undefined
  const workload = kept ?? (await workloadNamed(name, session))
  if (!end) for (const line of await foretell(workload, until, now, session)) session.terminal.say(printable(line))
  const wish = {
    do: 'keep' as const,
    workload: workload.id,
    until: until.toISOString(),
    ...(because !== undefined && { because }),
  }
  return askFor(wish, 'farguard keep', options, session)
}

/** What is kept may be gone already. */
async function keptAs(name: string, now: Date, { stack }: Session): Promise<NamedWorkload | undefined> {
  const [only, ...others] = (await readKeeps(stack.table, now)).filter(keep => isMeant(name, keep))
  return only && others.length === 0 ? { id: only.workload, cluster: '', tasks: [] } : undefined
}

function readEnd(text: string | undefined, now: Date, { terminal }: Session): Date {
  if (text === undefined)
    throw new UsageError('Say until when: --until 18:00, tomorrow, 2026-03-12 or 3d. To end it: --end')
  const zone = terminal.timeZone()
  const until = readUntil(text, now, zone)
  if (!until)
    throw new UsageError(`--until "${text}" is no time. Try 18:00, tomorrow, 2026-03-12, 2026-03-12T18:00, 90m or 3d`)
  if (until <= now) throw new UsageError(`--until ${text} is ${shownIn(until, zone)}, which has passed.`)
  return until
}

/** Until when that is, what it costs, and why it may change nothing. */
async function foretell(workload: NamedWorkload, until: Date, now: Date, session: Session): Promise<string[]> {
  const { id, cluster, tasks } = workload
  const when = `${shownIn(until, session.terminal.timeZone())} (${utc(until.toISOString())})`
  const hours = (until.getTime() - now.getTime()) / 3_600_000
  const perHour = await costPerHour(workload, session)
  const parked = tasks.length === 0 ? await findParked(session.stack.table, id) : undefined
  const what = `Keeping ${shortName(id)} until ${when}`
  const cost = times(perHour, hours)
  const guarded = configIfAny(session).guard?.clusters ?? []
  return [
    tasks.length === 0
      ? `${what}: none of it runs now.`
      : 'unknown' in cost || 'unknown' in perHour
        ? `${what}: what that costs is not known: ${'unknown' in perHour ? perHour.unknown : ''}`
        : `${what} costs ${dollars(cost.usd)}: ${dollars(perHour.usd)} an hour, as it runs now, for ${hours.toFixed(1)} h.`,
    ...(parked && parked.state !== 'over'
      ? [`The guard has stopped it. To put it back: farguard undo ${shortName(id)}`]
      : []),
    ...(guarded.includes(cluster)
      ? []
      : [`guard.clusters of farguard.yml has no ${cluster}: nothing in it is ever stopped by the guard.`]),
  ]
}
