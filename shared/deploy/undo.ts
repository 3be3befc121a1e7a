/** What a failed deployment is answered with: its copies stopped, its service put back, its digest quarantined. Each step may run twice. */
import type { Target } from '../config/config.ts'
import { RefusedError, type Service, type World } from '../ports.ts'
import { beforeTask, liveTasks } from './attempts.ts'
import { isSamePlace, placeOf } from './place.ts'
import { asProblem } from './problem.ts'
import { type Deployment, readTarget, type TargetHead, writeDeployment, writeHead } from './records.ts'
import { lastGoodHere, stopCopies, stopTask } from './settle.ts'

/** Undoes a deployment whose record says so, and puts on record what was done. Throws Problem when it can't go on now. */
export async function undo(failed: Deployment, target: Target, world: World): Promise<Deployment | undefined> {
  const head = await quarantine(failed, target, world)
  if (!head) return undefined
  await stopOneOffs(failed, world)
  const undone = await putBack(failed, head, target, world)
  const { todo: _todo, ...rest } = failed
  const state = undone.runs && failed.startedAt !== undefined ? ('rolled-back' as const) : failed.state
  const at = world.clock.now().toISOString()
  const { what, by, to } = undone
  const next = { ...rest, state, undone: { at, by, what, ...(to !== undefined && { to }) } }
  const written = await writeDeployment(world.table, next)
  if (written) world.log.warn(written.state, { target: target.name, deployment: failed.number, undone: what })
  return written
}

/** The head with the digest quarantined where the failure says so. */
async function quarantine(failed: Deployment, target: Target, world: World): Promise<TargetHead | undefined> {
  for (;;) {
    const { head } = await readTarget(world.table, target.name)
    if (!head || !failed.ended?.quarantines || isListed(head, failed)) return head
    const { version, ...rest } = head
    const because = `deployment ${failed.number}: ${failed.ended.detail}`
    const entry = { digest: failed.image.digest, because, at: failed.ended.at }
    const next = { ...rest, quarantine: [entry, ...head.quarantine].slice(0, mostQuarantined) }
    if (await writeHead(world.table, next, head)) return { ...next, version: version + 1 }
  }
}

/** Every push reads the head: the oldest of so many failures is long past. */
const mostQuarantined = 50

/** Listed, or released since. */
function isListed({ quarantine, releasedAt }: TargetHead, { image, ended }: Deployment): boolean {
  const isReleased = releasedAt !== undefined && ended !== undefined && Date.parse(releasedAt) > Date.parse(ended.at)
  return isReleased || quarantine.some(({ digest }) => digest === image.digest)
}

/** A job or `before` task that ran into its time-out. */
async function stopOneOffs(failed: Deployment, world: World): Promise<void> {
  const { cluster, kind } = failed.where
  const running = [beforeTask(failed), ...(kind === 'job' ? liveTasks(failed) : [])]
  const reason = `Farguard: ${failed.target} #${failed.number} ${failed.ended?.detail ?? 'failed'}`.slice(0, 250)
  for (const task of running) if (task !== undefined) await stopTask(cluster, task, reason, failed, world)
}

interface Undone {
  what: string
  by: 'farguard' | 'ecs'
  to?: number
  /** Whether what ran before runs. */
  runs: boolean
}

async function putBack(failed: Deployment, head: TargetHead, target: Target, world: World): Promise<Undone> {
  if (failed.where.kind === 'task') await stopCopies(failed, 'failed', world)
  if (head.current.number !== failed.number)
    return { what: `deployment ${head.current.number} follows it`, by: 'farguard', runs: false }
  const good = await lastGoodHere(target, head, world)
  if (failed.where.kind === 'service' && isSamePlace(failed.where, placeOf(target)))
    return putServiceBack(failed, good, target, world)
  if (failed.where.kind === 'job') return { what: 'a job has nothing to go back to', by: 'farguard', runs: false }
  return good
    ? {
        what: `its copies were stopped; those of deployment ${good.number} run`,
        by: 'farguard',
        to: good.number,
        runs: true,
      }
    : { what: 'its copies were stopped; there is nothing to go back to', by: 'farguard', runs: false }
}

async function putServiceBack(
  failed: Deployment,
  good: Deployment | undefined,
  { run, cluster, name }: Target,
  world: World,
): Promise<Undone> {
  if (run.kind !== 'service') throw new TypeError(`${name} is no service`)
  const ours = failed.revision?.arn
  const service = await world.fleet.describeService(cluster, run.service)
  const wasPut = failed.attempts.some(({ call, outcome }) => call.operation === 'UpdateService' && !outcome?.failures)
  if (!service || !wasPut)
    return { what: 'the service was never put on it', by: 'farguard', runs: true, ...numberOf(good) }
  const back = good?.revision?.arn ?? revisionBefore(failed)
  // What ECS rolled back already is only put on record; a service that is on another revision is there by somebody's wish, or ours.
  const byEcs = failed.ended?.reason === 'ecs-rolled-back'
  if (byEcs || service.revision !== ours) {
    const what = byEcs ? 'ECS had put the service back' : `the service runs ${short(service.revision)}`
    const isGood = service.revision === good?.revision?.arn
    return { what, by: byEcs ? 'ecs' : 'farguard', runs: true, ...(isGood && numberOf(good)) }
  }
  if (back !== undefined && back !== ours && (await update(service, cluster, back, world)))
    return { what: `the service was put back on ${short(back)}`, by: 'farguard', runs: true, ...numberOf(good) }
  await world.fleet.setDesiredCount(cluster, run.service, 0)
  const what = `there is nothing to go back to: the service was set to 0 copies, from ${service.desiredCount}`
  return { what, by: 'farguard', runs: false }
}

/** False when the revision can't run any more. */
async function update({ name: service }: Service, cluster: string, revision: string, world: World): Promise<boolean> {
  try {
    await world.fleet.updateService({ cluster, service, revision })
    return true
  } catch (error) {
    if (error instanceof RefusedError && /inactive|unable to describe|not found/i.test(error.message)) return false
    throw asProblem(error, `Putting service ${service} back on ${short(revision)}`)
  }
}

/** What the service ran before the first call: somebody else's revision, before Farguard's first deployment. */
function revisionBefore({ attempts }: Deployment): string | undefined {
  for (const { call } of attempts) if (call.operation === 'UpdateService' && call.was !== undefined) return call.was
  return undefined
}

function numberOf(good: Deployment | undefined) {
  return good ? { to: good.number } : {}
}

function short(revision: string): string {
  return revision.slice(revision.lastIndexOf('/') + 1)
}
