/** What operators want of the guard: keep, undo, wake. */
import type { Intent, Wish } from '../../events/control-message.ts'
import type { Config } from '../config/config.ts'
import type { Done } from '../intents/intent-record.ts'
import type { ScalingWorld } from '../ports.ts'

export type GuardWish = Extract<Wish, { do: 'keep' | 'undo' | 'wake' }>

export async function guardWish(
  wish: GuardWish,
  _intent: Intent,
  _config: Config,
  _world: ScalingWorld,
): Promise<Done> {
  throw new Error(`${wish.do} is on its way`)
}
