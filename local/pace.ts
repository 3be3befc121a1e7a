/** Lets the account's clock follow the wall clock. */
import type { SimulatedClock } from './account/clock.ts'

/** How often the account's time catches up. */
const tickMs = 20

/** So much of the account's time passes in one go at most: where the machine does not keep up, it can still be stopped. */
const mostAtOnceMs = 15 * 60_000

/**
 * `speed`: times as fast as the wall clock, or as fast as the machine can where that is slower. Gives the function that stops it
 * and waits for what runs.
 */
export function pace(clock: SimulatedClock, speed: number, onFault: (error: unknown) => void): () => Promise<void> {
  const begunAt = clock.now().getTime()
  const wallBegunAt = performance.now()
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let running = tick()
  async function tick(): Promise<void> {
    const due = begunAt + (performance.now() - wallBegunAt) * speed
    const now = clock.now().getTime()
    try {
      await clock.advanceTo(Math.min(due, now + mostAtOnceMs))
    } catch (error) {
      onFault(error)
    }
    const isBehind = due > now + mostAtOnceMs
    if (!isStopped)
      timer = setTimeout(
        () => {
          running = tick()
        },
        isBehind ? 0 : tickMs,
      )
  }
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await running
  }
}
