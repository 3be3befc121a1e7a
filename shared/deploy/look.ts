/** A rollout's, or a gate's, next look at itself: a delayed message, because neither health nor time has an event. */
import type { World } from '../ports.ts'

/** SQS delays no message for longer. */
const longestDelayMs = 15 * 60_000
/** Reads lag behind writes: asking at once tells nothing. */
const shortestDelayMs = 5_000
/** A look that is due so soon may be the very one that is being taken: SQS's clock is not ours. */
const clocksDifferMs = 2_000

/**
 * Sends a look that is due at `dueAt`, ISO 8601; at the longest in 15 minutes. Of a gate (no `deployment`) only what opens within that
 * time: for what is further off the sweep is in time. Where a look of the same is under way that is due by then, none is sent; the
 * one that begins them (`isFirst`) does not ask.
 */
export async function sendLook(
  target: string,
  deployment: number | undefined,
  dueAt: string | undefined,
  world: World,
  { isFirst = false } = {},
): Promise<void> {
  if (dueAt === undefined) return
  const now = world.clock.now().getTime()
  const inMs = Math.max(shortestDelayMs, Date.parse(dueAt) - now)
  if (deployment === undefined && inMs > longestDelayMs) return
  const delaySeconds = Math.ceil(Math.min(inMs, longestDelayMs) / 1000)
  if (!isFirst && !(await isDue(target, deployment, new Date(now + delaySeconds * 1000), world))) return
  const message = { kind: 'look' as const, target, ...(deployment !== undefined && { deployment }) }
  await world.control.send(message, delaySeconds)
}

const schema = 1

/**
 * Each look leads to the next one, and SQS delivers some twice, as events come twice: were each of them followed by one of its own,
 * they would never be fewer. So the next one is on record before it is sent; one that is lost the sweep makes up for.
 */
async function isDue(target: string, deployment: number | undefined, due: Date, { clock, table }: World) {
  const key = { pk: `LOOKS#${target}`, sk: deployment === undefined ? 'GATE' : 'ROLLOUT' }
  const seen = await table.get(key.pk, key.sk)
  const pending = seen && seen.deployment === deployment ? Date.parse(String(seen.dueAt)) : 0
  if (pending > clock.now().getTime() + clocksDifferMs && pending <= due.getTime()) return false
  const record = {
    ...key,
    schema,
    version: (seen?.version ?? 0) + 1,
    at: clock.now().toISOString(),
    dueAt: due.toISOString(),
    ...(deployment !== undefined && { deployment }),
  }
  return table.put(record, seen ? { version: seen.version } : 'absent')
}
