/** Where what runs differs from what is on record. Pure. */
import type { Service } from '../../shared/ports.ts'
import type { TaskRecord } from '../../shared/status/task-record.ts'
import { isSettled } from '../follow-wish.ts'
import type { ObservedTarget } from './observe.ts'

/** A sentence for each difference; none while a rollout is under way, which is a difference by itself. */
export function driftOf(observed: ObservedTarget): string[] {
  const { target, known } = observed
  const isUnderWay = known.newest !== undefined && !isSettled(known.newest)
  if (target.run.kind === 'service') return driftOfService(observed, target.run.service, isUnderWay)
  if (isUnderWay) return []
  return target.run.kind === 'task' ? driftOfCopies(observed, target.run.count) : strangers(observed)
}

function driftOfService({ target, known, standing, service }: ObservedTarget, name: string, isUnderWay: boolean) {
  if (service === undefined) return []
  if (service === 'missing') return [`Cluster ${target.cluster} has no service ${name}.`]
  if (service.status !== 'ACTIVE') return [`Service ${name} is ${service.status}.`]
  // Before the first deployment the service runs what it was created with.
  const isBeforeTheFirst = !standing && (isUnderWay || known.newest === undefined)
  const other = isBeforeTheFirst ? [] : otherRevision(service, known.newest?.revision?.arn, standing)
  return [...other, ...(isUnderWay ? [] : fewer(service))]
}

function otherRevision(service: Service, newest: string | undefined, standing: ObservedTarget['standing']): string[] {
  const runs = `The service runs ${nameOf(service.revision)}`
  if (newest === undefined && !standing) return [`${runs}, which no deployment on record put there.`]
  const expected = standing?.revision?.arn
  if (service.revision === expected || service.revision === newest) return []
  if (!standing || expected === undefined) return [`${runs}, which no deployment on record put there.`]
  return [`${runs}, not ${nameOf(expected)} of #${standing.number}: somebody else put it there.`]
}

function fewer({ runningCount, desiredCount }: Service): string[] {
  return runningCount < desiredCount ? [`${runningCount} of ${desiredCount} copies run.`] : []
}

function driftOfCopies(observed: ObservedTarget, count: number): string[] {
  const { standing, tasks, known } = observed
  const own = tasks.filter(task => task.deployment?.id === standing?.id).length
  // The guard has stopped them: the sweep starts none.
  const isAsleep = known.gate?.asleep !== undefined
  const missing =
    standing && own < count && !isAsleep
      ? [`${count - own} of ${count} copies are missing; the sweep starts what is.`]
      : []
  return [...missing, ...strangers(observed)]
}

/** Running tasks of the target that are not of the deployment that stands. */
function strangers({ known: { head }, standing, tasks }: ObservedTarget): string[] {
  const claims = head ? [head.current, ...head.earlier] : []
  // What a newer one waits for is to run to its end.
  const busy = head?.busy === undefined ? undefined : claims.find(({ number }) => number === head.busy)?.id
  const others = tasks.filter(({ deployment }) => {
    const id = deployment?.id
    return id === undefined || (id !== standing?.id && id !== busy)
  })
  return [...Map.groupBy(others, task => task.deployment?.id)].map(([id, of]) => {
    const number = claims.find(claim => claim.id === id)?.number
    const whose = number === undefined ? 'no deployment on record' : `#${number}`
    return `${of.length} ${of.length === 1 ? 'task' : 'tasks'} of ${whose} still ${of.length === 1 ? 'runs' : 'run'}: ${someOf(of)}.`
  })
}

function someOf(tasks: readonly TaskRecord[]): string {
  const ids = tasks.slice(0, 3).map(({ arn }) => arn.slice(arn.lastIndexOf('/') + 1))
  return ids.join(', ') + (tasks.length > ids.length ? ', …' : '')
}

/** `web:7` of its ARN. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
