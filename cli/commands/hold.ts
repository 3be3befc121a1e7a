/** `farguard hold`: nothing is deployed to a target until it is released. */
import { targetName, words } from '../arguments.ts'
import type { DefineCommand } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const hold: DefineCommand = (command, run) => {
  command
    .description('Holds a target: pushes to it wait until farguard release; farguard deploy still goes through.')
    .argument('<target>', 'its name in farguard.yml', targetName)
    .option('--because <text>', 'why, for whoever finds it held', words)
    .addHelpText('after', '\nExample:\n  farguard hold web --because "the sale runs until Monday"')
  withWishOptions(command).action((target: string, options: WishOptions & { because?: string }) =>
    run(session => {
      checkTarget(target, session)
      const because = options.because === undefined ? {} : { because: options.because }
      return askFor({ do: 'hold', target, ...because }, `farguard status ${target}`, options, session)
    }),
  )
}
