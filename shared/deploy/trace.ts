/** Decisions that deployed nothing, kept for people: `farguard why`. */
import type { Target } from '../config/config.ts'
import { RefusedError, type World } from '../ports.ts'
import { traceOf } from './claim.ts'
import type { RunningImage } from './decide.ts'
import type { ImagePush } from './push.ts'
import { type DecisionRecord, hasDecision, recordDecision } from './records.ts'

/** `digest`: of the image that was decided on, which may not be the one that the event was sent for. */
export async function keepTrace(
  push: ImagePush,
  digest: string,
  target: Target,
  running: RunningImage | undefined,
  decided: Pick<DecisionRecord, 'verdict' | 'reason' | 'detail'>,
  world: World,
): Promise<void> {
  const record = {
    target: target.name,
    at: world.clock.now().toISOString(),
    event: { id: push.eventId, at: push.at },
    image: { repository: push.repository, tag: push.tag, digest },
    ...decided,
    ...(running && { before: traceOf(running) }),
  }
  try {
    // What the sweep finds, it finds again and again: told once, it is on record.
    if (push.source === 'sweep' && (await hasDecision(world.table, record))) return
    await recordDecision(world.table, record)
  } catch (error) {
    // What can never go on record must not come back for ever because of that.
    if (!(error instanceof RefusedError)) throw error
    world.log.error('not on record', { ...record, error: error.message })
  }
}
