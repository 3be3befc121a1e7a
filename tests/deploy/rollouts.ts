/** Rollouts brought to their end on the simulated clock, by looks alone. */
import type { Target } from '../../shared/config/config.ts'
import { carryOn } from '../../shared/deploy/advance.ts'
import type { SimulatedWorld } from '../simulated-world.ts'

const longestMs = 2 * 3_600_000

/** Looks whenever a look is due, until nothing of the target is under way; throws after two hours of the account's time. */
export async function finish(target: Target, { clock, world }: Pick<SimulatedWorld, 'clock' | 'world'>): Promise<void> {
  const end = clock.now().getTime() + longestMs
  for (;;) {
    const { open, outcome } = await carryOn(target, world)
    if (!open) return
    if (clock.now().getTime() > end) throw new Error(`The rollout has no end: ${JSON.stringify(outcome)}`)
    await clock.advance(Math.max(1000, open.lookInMs))
  }
}

/** Jobs of acme/nightly exit with 0 after 8 seconds; everything else runs. */
export const jobsEnd = (image: string) =>
  image.includes('/acme/nightly@') ? { kind: 'exits' as const, code: 0, afterMs: 8_000 } : { kind: 'runs' as const }
