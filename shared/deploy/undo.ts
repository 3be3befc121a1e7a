/** What a failed deployment is answered with: its copies stopped, its service put back, its digest quarantined. Each step may run twice. */
import type { Target } from '../config/config.ts'
import type { Service, World } from '../ports.ts'
import { cut } from '../status/cut.ts'
import { beforeTask, liveTasks } from './attempts.ts'
import { isSamePlace, placeOf } from './place.ts'
import { asProblem, Problem } from './problem.ts'
import {
  type Deployment,
  deploymentsOf,
  isStanding,
  readTarget,
  type TargetHead,
  writeDeployment,
  writeHead,
} from './records.ts'
import { lastGoodHere, putRight, stopCopies, stopTask } from './settle.ts'

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
    // What ran well until it was deployed anew is what there is to go back to.
    const isGood = failed.isRedeploy && (await lastGoodHere(target, head, world))?.image.digest === failed.image.digest
    if (isGood) return head
    const { version, ...rest } = head
    const because = cut(`deployment ${failed.number}: ${failed.ended.detail}`, mostBecauseBytes)
    const entry = { digest: failed.image.digest, because, at: failed.ended.at }
    const next = { ...rest, quarantine: [entry, ...head.quarantine].slice(0, mostQuarantined) }
    if (await writeHead(world.table, next, head)) return { ...next, version: version + 1 }
  }
}

/** Every push reads the head: the oldest of so many failures is long past. */
const mostQuarantined = 50
const mostBecauseBytes = 300

/** Listed, or released since. */
function isListed({ quarantine, releasedAt }: TargetHead, { image, ended }: Deployment): boolean {
  const isReleased = releasedAt !== undefined && ended !== undefined && Date.parse(releasedAt) > Date.parse(ended.at)
  return isReleased || quarantine.some(({ digest }) => digest === image.digest)
}

/** A job or `before` task that ran into its time-out; whatever else fails a deployment, they come to their own end. */
async function stopOneOffs(failed: Deployment, world: World): Promise<void> {
  if (failed.ended?.reason !== 'timed-out') return
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
        what: `its copies were stopped; deployment ${good.number} stands`,
        by: 'farguard',
        to: good.number,
        runs: true,
      }
    : { what: 'its copies were stopped; there is nothing to go back to', by: 'farguard', runs: false }
}

async function putServiceBack(
  failed: Deployment,
  good: Deployment | undefined,
  target: Target,
  world: World,
): Promise<Undone> {
  const { run, cluster, name } = target
  if (run.kind !== 'service') throw new TypeError(`${name} is no service`)
  const service = await world.fleet.describeService(cluster, run.service)
  const wasPut = failed.attempts.some(({ call, outcome }) => call.operation === 'UpdateService' && !outcome?.failures)
  if (!service || !wasPut)
    return { what: 'the service was never put on it', by: 'farguard', runs: true, ...numberOf(good) }
  const byEcs = failed.ended?.reason === 'ecs-rolled-back'
  const history = await byRevision(failed, world)
  if (isLeftAlone(service, failed, good, history)) {
    const what = byEcs
      ? `ECS had put the service back on ${short(service.revision)}`
      : `the service runs ${short(service.revision)}`
    const isGood = service.revision === good?.revision?.arn
    return { what, by: byEcs ? 'ecs' : 'farguard', runs: true, ...(isGood && numberOf(good)) }
  }
  const back = good?.revision?.arn ?? revisionBefore(failed, history)
  const put = back === undefined ? undefined : await update(service, cluster, back, world)
  if (put === undefined) return empty(failed, service, target, world)
  if (good?.revision && put !== good.revision.arn)
    await writeDeployment(world.table, { ...good, revision: { ...good.revision, arn: put } })
  // The call may have come after that of a newer deployment, which has the last word.
  const { head } = await readTarget(world.table, target.name)
  if (head?.current.number !== failed.number) await putRight(target, world)
  return { what: `the service was put back on ${short(put)}`, by: 'farguard', runs: true, ...numberOf(good) }
}

/**
 * Nothing is left to run: the service goes to zero copies. How many it had goes on record first, so that the image which mends it
 * brings them back.
 */
async function empty(failed: Deployment, service: Service, target: Target, world: World): Promise<Undone> {
  const { cluster, name } = target
  const from = service.desiredCount
  const { head } = await readTarget(world.table, name)
  const isStill = head?.current.number === failed.number
  if (!head || !isStill) return { what: 'a newer deployment follows it', by: 'farguard', runs: false }
  if (from > 0) {
    const { version: _version, ...rest } = head
    const written = await writeHead(
      world.table,
      { ...rest, emptied: { from, at: world.clock.now().toISOString() } },
      head,
    )
    if (!written)
      throw new Problem('retry', 'deployment-overtaken', `Somebody else changed the head of ${name} meanwhile.`)
    await world.fleet.setDesiredCount(cluster, service.name, 0)
    // The call may have come after a newer deployment brought the copies back.
    const { head: now } = await readTarget(world.table, name)
    if (now?.current.number !== failed.number) await world.fleet.setDesiredCount(cluster, service.name, from)
  }
  const was = head.emptied?.from ?? from
  return {
    what: `there is nothing to go back to: the service was set to 0 copies, from ${was}`,
    by: 'farguard',
    runs: false,
  }
}

/** Our deployments of this service by the revision that they put it on, newest first. */
type ByRevision = Map<string, Deployment>

async function byRevision({ target, where }: Deployment, world: World): Promise<ByRevision> {
  const history: ByRevision = new Map()
  for await (const deployment of deploymentsOf(world.table, target)) {
    const arn = deployment.revision?.arn
    if (arn !== undefined && isSamePlace(deployment.where, where) && !history.has(arn)) history.set(arn, deployment)
  }
  return history
}

/**
 * Where ECS has rolled it back, where it stands on what is good already, or where somebody else has put it. What ECS went back to
 * may be another failed one of ours, with which it was content: that does not stay.
 */
function isLeftAlone(
  { revision }: Service,
  failed: Deployment,
  good: Deployment | undefined,
  history: ByRevision,
): boolean {
  if (revision === good?.revision?.arn) return true
  // Right after ECS rolled it back, a read may still show the service where it was.
  if (revision === failed.revision?.arn) return failed.ended?.reason === 'ecs-rolled-back'
  const ours = history.get(revision)
  return !ours || ours.number > failed.number || isStanding(ours)
}

/** The revision that the service is on then; undefined when this one can't run any more, and can't be made anew. */
async function update(
  { name: service }: Service,
  cluster: string,
  revision: string,
  world: World,
): Promise<string | undefined> {
  try {
    const found = await world.fleet.describeTaskDefinition(revision)
    if (!found) return undefined
    // Somebody has deregistered it: what it said is still known.
    const arn = found.status === 'ACTIVE' ? found.arn : await world.fleet.registerTaskDefinition(found.definition)
    await world.fleet.updateService({ cluster, service, revision: arn })
    return arn
  } catch (error) {
    throw asProblem(error, `Putting service ${service} back on ${short(revision)}`)
  }
}

/** What the service ran before the first of an unbroken row of failures: before Farguard came, somebody else's revision. */
function revisionBefore(failed: Deployment, history: ByRevision): string | undefined {
  const seen = new Set<string>()
  for (let of: Deployment | undefined = failed; of; ) {
    const was: string | undefined = wasBefore(of)
    if (was === undefined || seen.has(was)) return undefined
    seen.add(was)
    const older = history.get(was)
    if (!older) return was
    of = older
  }
  return undefined
}

function wasBefore({ attempts }: Deployment): string | undefined {
  for (const { call } of attempts) if (call.operation === 'UpdateService' && call.was !== undefined) return call.was
  return undefined
}

function numberOf(good: Deployment | undefined) {
  return good ? { to: good.number } : {}
}

function short(revision: string): string {
  return revision.slice(revision.lastIndexOf('/') + 1)
}
