/** The world as the guard's own code takes it, for commands that only look: at one moment, and what it logs is in what it gives. */
import type { GuardWorld } from '../../shared/ports.ts'
import type { Session } from '../session.ts'

export async function readingWorld({ stack, now }: Session): Promise<GuardWorld> {
  const at = await now()
  const silent = () => undefined
  return { ...stack, clock: { now: () => at }, log: { info: silent, warn: silent, error: silent } }
}
