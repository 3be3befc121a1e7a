/** The status report as people read it. */
import { shortName } from '../guard/workload-names.ts'
import { short } from '../image-name.ts'
import { columnsOf, wrapped } from '../layout.ts'
import { printable } from '../printable.ts'
import { span, utc } from '../times.ts'
import type { StatusReport, StoppedWorkload, TargetStatus } from './report.ts'

/** Lines that fit `columns`, where there is a screen. */
export function show(report: StatusReport, columns: number | undefined): string[] {
  const now = new Date(report.at)
  const head = ['target', 'cluster', 'runs', 'deployment', 'age', 'copies', 'health']
  const notes = report.targets.flatMap(target => notesOn(target, now))
  const beside = [
    ...report.notAsked,
    ...report.stopped.map(each => `${shortName(each.workload)}: ${each.state} ${tellStopped(each)}`),
    ...report.clusters.flatMap(tellCluster),
  ]
  return [
    `${report.stack}, ${utc(report.at)}`,
    '',
    ...columnsOf(
      head,
      report.targets.map(target => row(target, now)),
      columns,
    ),
    ...(notes.length > 0 ? ['', ...columnsOf(['target', 'note', ''], notes, columns)] : []),
    ...(beside.length > 0 ? ['', ...beside.flatMap(text => wrapped(printable(text), columns))] : []),
  ]
}

function row(status: TargetStatus, now: Date): string[] {
  const { target, cluster, runs, newest, underWay } = status
  return [
    target,
    cluster,
    runs ? `${runs.tag} ${short(runs.digest)}` : '-',
    newest ? `#${newest.number} ${underWay?.waitsFor === undefined ? newest.state : 'waits'}` : '-',
    runs ? span(now.getTime() - Date.parse(runs.since)) : '-',
    copies(status),
    health(status),
  ]
}

function copies({ kind, copies: { desired, running, pending } }: TargetStatus): string {
  if (kind === 'job') return running + pending > 0 ? `${running + pending} running` : '-'
  const coming = pending > 0 ? ` +${pending}` : ''
  return `${running}/${desired ?? '?'}${coming}`
}

/** A task without a health check is neither. */
function health({ health: { healthy, unhealthy } }: TargetStatus): string {
  if (unhealthy > 0) return `${unhealthy} unhealthy`
  return healthy > 0 ? 'healthy' : '-'
}

function notesOn(status: TargetStatus, now: Date): string[][] {
  const { hold, budgetHold, stopped, parked, floor, quarantine, gone, drift, newest, underWay } = status
  const notes: [string, string][] = []
  if (underWay) notes.push(['under way', tellUnderWay(underWay, now)])
  if (!underWay && newest?.ended) notes.push([newest.state, `#${newest.number}: ${newest.ended}`])
  if (hold) notes.push(['held', `by ${hold.by} since ${utc(hold.at)}: ${hold.because}`])
  if (budgetHold)
    notes.push([
      'over budget',
      `deployments wait since ${utc(budgetHold.at)}, until ${utc(budgetHold.until)} at the longest: ${budgetHold.detail}`,
    ])
  if (stopped) notes.push([stopped.state, tellStopped(stopped)])
  if (parked) {
    const until = parked.until ? `, until ${utc(parked.until)} at least` : ''
    const what = `${parked.image.tag} ${short(parked.image.digest)} waits since ${utc(parked.since)}${until}`
    const way = parked.reason === 'not-approved' ? `; farguard approve ${status.target} ${parked.image.tag}` : ''
    notes.push(['waiting', `${what}: ${parked.reason}: ${parked.detail}${way}`])
  }
  if (floor)
    notes.push([
      'floor',
      `only what is newer than ${floor.image.tag} ${short(floor.image.digest)} goes: ${floor.because}`,
    ])
  for (const { digest, because, at } of quarantine)
    notes.push(['quarantined', `${short(digest)} since ${utc(at)}: ${because}`])
  for (const { digest, how, at, what } of gone) notes.push([how, `${short(digest)} at ${utc(at)}: ${what}`])
  for (const text of drift) notes.push(['drift', text])
  return notes.map(([kind, text]) => [status.target, kind, text])
}

/** `by the guard since …: idle: …, until …; farguard undo demo/web puts it back` */
function tellStopped({ workload, state, since, because, until }: StoppedWorkload): string {
  const why = because.length > 0 ? `: ${because.join('; ')}` : ''
  if (state === 'left') return `alone since ${utc(since)}${why}`
  const what = `by the guard since ${utc(since)}${why}${until === undefined ? '' : `, until ${utc(until)}`}`
  return state === 'waking' ? what : `${what}; farguard undo ${shortName(workload)} puts it back`
}

function tellUnderWay(underWay: NonNullable<TargetStatus['underWay']>, now: Date): string {
  const { number, image, state, isParked, waitsFor, deadline } = underWay
  const name = `#${number} ${image.tag} ${short(image.digest)}`
  if (waitsFor !== undefined) return `${name}: waits for #${waitsFor}, whose job (or before task) still runs`
  const what = `${name}: ${state}`
  if (isParked) return `${what}; the service is at zero copies, and it is verified when that wakes`
  if (deadline === undefined) return what
  const leftMs = Date.parse(deadline) - now.getTime()
  return `${what}, ${leftMs > 0 ? `${span(leftMs)} left` : 'overdue'} until ${utc(deadline)}`
}

function tellCluster({ cluster, tasksOfNoTarget: groups }: StatusReport['clusters'][number]): string[] {
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return []
  return [
    `Tasks of no target in ${cluster}: ${total} (${groups.map(({ group, count }) => `${count} ${group}`).join(', ')})`,
  ]
}
