/** A rollout's, or a gate's, next look at itself: a delayed message, because neither health nor time has an event. */
import type { World } from '../ports.ts'

/** SQS delays no message for longer. */
const longestDelayMs = 15 * 60_000
/** Reads lag behind writes: asking at once tells nothing. */
const shortestDelayMs = 5_000

/**
 * Sends a look that is due at `dueAt`, ISO 8601; at the longest in 15 minutes. Of a gate (no `deployment`) only what opens within that
 * time: for what is further off the sweep is in time.
 */
export async function sendLook(
  target: string,
  deployment: number | undefined,
  dueAt: string | undefined,
  world: World,
): Promise<void> {
  if (dueAt === undefined) return
  const inMs = Math.max(shortestDelayMs, Date.parse(dueAt) - world.clock.now().getTime())
  if (deployment === undefined && inMs > longestDelayMs) return
  const message = { kind: 'look' as const, target, ...(deployment !== undefined && { deployment }) }
  await world.control.send(message, Math.ceil(Math.min(inMs, longestDelayMs) / 1000))
}
