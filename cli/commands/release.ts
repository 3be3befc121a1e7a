/** `farguard release`: a target takes pushes again. */
import { targetName } from '../arguments.ts'
import type { DefineCommand } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const release: DefineCommand = (command, run) => {
  command
    .description(
      'Ends a hold, lifts quarantines and what a rollback went back from; then the newest of what waits goes.',
    )
    .argument('<target>', 'its name in farguard.yml', targetName)
    .addHelpText('after', '\nExample:\n  farguard release web')
  withWishOptions(command).action((target: string, options: WishOptions) =>
    run(session => {
      checkTarget(target, session)
      return askFor({ do: 'release', target }, `farguard status ${target}`, options, session)
    }),
  )
}
