/** `farguard approve`: lets an image through a target's approval gate. */
import { imageTag, targetName } from '../arguments.ts'
import type { DefineCommand } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const approve: DefineCommand = (command, run) => {
  command
    .description('Approves an image for a target with approval: required; it goes once every other gate is open.')
    .argument('<target>', 'its name in farguard.yml', targetName)
    .argument('<tag>', 'what it names now is approved, not what it may name later', imageTag)
    .addHelpText('after', '\nExample:\n  farguard approve web 1.4.2')
  withWishOptions(command).action((target: string, tag: string, options: WishOptions) =>
    run(session => {
      checkTarget(target, session)
      return askFor({ do: 'approve', target, tag }, `farguard status ${target}`, options, session)
    }),
  )
}
