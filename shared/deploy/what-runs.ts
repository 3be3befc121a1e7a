/** What a target runs: by our records and, where they don't tell, by ECS's own answer. */
import type { Target } from '../config/config.ts'
import type { World } from '../ports.ts'
import type { CurrentDeployment, Decision, RunningImage } from './decide.ts'
import { imageOfService } from './image-of-service.ts'
import { isSamePlace, placeOf } from './place.ts'
import { type Ground, observe } from './prepare.ts'
import { type Claim, type DeployedImage, isStanding, type KnownTarget } from './records.ts'
import { lastGoodHere } from './settle.ts'

export interface Place {
  current?: CurrentDeployment | undefined
  running?: RunningImage | undefined
  /** What was observed on the way. */
  ground?: Ground
  /** The revision that the service is on by ECS's answer, where it was asked. */
  revision?: string
}

/**
 * `decide`: what would be decided of it. ECS is asked only where that matters: when our records say nothing of this place, and
 * before a push to a service is skipped because of them, since the service may have been made anew.
 */
export async function whatRuns(
  known: KnownTarget,
  image: DeployedImage | undefined,
  target: Target,
  world: World,
  decide: (place: Place) => Decision,
): Promise<Place> {
  const onRecord = await byRecords(known, target, world)
  if (!image || target.run.kind !== 'service') return onRecord
  const decision = decide(onRecord)
  const isOld = decision.verdict === 'skip' && onRecord.running !== undefined && onRecord.since !== undefined
  if (isOld) {
    const service = await world.fleet.describeService(target.cluster, target.run.service)
    const isAnew = service?.createdAt !== undefined && service.createdAt.getTime() > Date.parse(onRecord.since ?? '')
    if (!isAnew) return { ...onRecord, ...(service && { revision: service.revision }) }
  } else if (onRecord.running || decision.verdict !== 'deploy') return onRecord
  const ground = await observe(target, world)
  const running = await imageOfService(target, image, ground, world)
  return { ...(!isOld && { current: onRecord.current }), running, ground }
}

/** `since`: when what runs was claimed. */
async function byRecords(
  { head, newest }: KnownTarget,
  target: Target,
  world: World,
): Promise<Place & { since?: string }> {
  if (!head) return {}
  const recorded = newest?.number === head.current.number ? newest : undefined
  const { number, image, claimedAt, where } = head.current
  const isHere = isSamePlace(where, placeOf(target))
  const { state, startedAt, ended } = recorded ?? {}
  const current = isHere ? { number, image, state, startedAt, ended } : undefined
  if (current && isStanding(current)) return { current, running: runningOf(head.current), since: claimedAt }
  const started = await lastGoodHere(target, head, world)
  if (!started) return { current }
  // The head knows of a higher tag that a digest was given after its start.
  const claim = [head.current, ...head.earlier].find(each => each.number === started.number) ?? started
  return { current, running: runningOf(claim), since: started.claimedAt }
}

function runningOf({ image, number }: Claim): RunningImage {
  return { ...image, number }
}
