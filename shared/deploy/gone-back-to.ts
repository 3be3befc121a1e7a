/** What runs as a target by its records, and what a rollback would go to. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import { isSamePlace, placeOf } from './place.ts'
import { type Deployment, deploymentsOf, hasRun, isOpen, type KnownTarget } from './records.ts'

/** A rollback goes no further back than this. */
const mostDeployments = 500

export interface History {
  /** What runs, or is being rolled out. */
  running?: Deployment
  /** What ran here before the image that runs was first pushed, and is not quarantined. */
  before?: Deployment
  /** Everything that has come to run here and was not given up, newest first. */
  all: Deployment[]
}

/** `most`: how many deployments are looked through. */
export async function historyOf(
  target: Target,
  { head, newest }: KnownTarget,
  world: World,
  most = mostDeployments,
): Promise<History> {
  const all: Deployment[] = []
  let read = 0
  for await (const deployment of deploymentsOf(world.table, target.name)) {
    if (++read > most) break
    if (isSamePlace(deployment.where, placeOf(target)) && hasRun(deployment)) all.push(deployment)
  }
  const isQuarantined = ({ image }: Deployment) => head?.quarantine.some(each => each.digest === image.digest)
  const isUnderWay = head && newest && newest.number === head.current.number && isOpen(newest)
  const running = isUnderWay ? newest : all[0]
  if (!running) return { all }
  const before = all.find(
    each => each.number < placeIn(all, running) && each.image.digest !== running.image.digest && !isQuarantined(each),
  )
  return { running, ...(before && { before }), all }
}

/** Where a deployment stands in the order of things: an operator who went back put an old image in a new place. */
function placeIn(all: readonly Deployment[], { number, image, event }: Deployment): number {
  if (event.by === undefined) return number
  const pushed = all.find(each => each.event.by === undefined && each.image.digest === image.digest)
  return pushed?.number ?? number
}
