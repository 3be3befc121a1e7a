/** `farguard rollback`: a target goes back to an image that ran before. */
import { tagOrDigest, targetName } from '../arguments.ts'
import type { DefineCommand } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const rollback: DefineCommand = (command, run) => {
  command
    .description('Puts a target back on what it ran before; older pushes than what it went back from stay out.')
    .argument('<target>', 'its name in farguard.yml', targetName)
    .option('--to <image>', 'a tag or digest that ran there; without it, what ran before', tagOrDigest)
    .addHelpText('after', '\nExamples:\n  farguard rollback web\n  farguard rollback web --to 1.4.1')
  withWishOptions(command).action((target: string, options: WishOptions & { to?: string }) =>
    run(session => {
      checkTarget(target, session)
      const to = options.to === undefined ? {} : { to: options.to }
      return askFor({ do: 'rollback', target, ...to }, `farguard deployments ${target}`, options, session)
    }),
  )
}
