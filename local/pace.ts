/** Lets the account's clock follow the wall clock. */
import type { SimulatedClock } from './account/clock.ts'

/** How often the account's time catches up. */
const tickMs = 20

/** `speed`: times as fast as the wall clock. Gives the function that stops it and waits for what runs. */
export function pace(clock: SimulatedClock, speed: number, onFault: (error: unknown) => void): () => Promise<void> {
  const begunAt = clock.now().getTime()
  const wallBegunAt = performance.now()
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let running = tick()
  async function tick(): Promise<void> {
    try {
      await clock.advanceTo(begunAt + (performance.now() - wallBegunAt) * speed)
    } catch (error) {
      onFault(error)
    }
    if (!isStopped)
      timer = setTimeout(() => {
        running = tick()
      }, tickMs)
  }
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await running
  }
}
