/** `farguard deploy`: deploys an image by name, as if it had just been pushed. */
import { parseImageName } from '../../shared/deploy/why.ts'
import { targetName } from '../arguments.ts'
import { type DefineCommand, UsageError } from '../session.ts'
import { checkTarget } from '../targets.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const deploy: DefineCommand = (command, run) => {
  command
    .description(
      'Deploys an image of the registry, whatever order, hold and gates say; what is quarantined it does not.',
    )
    .argument('<image>', 'acme/web:1.4.2')
    .option('--target <name>', 'to this target only', targetName)
    .addHelpText(
      'after',
      '\nExamples:\n  farguard deploy acme/web:1.4.2\n  farguard deploy acme/web:1.4.2 --target staging',
    )
  withWishOptions(command).action((name: string, options: WishOptions & { target?: string }) =>
    run(session => {
      const image = parseImageName(name)
      if (!image || !('tag' in image)) throw new UsageError(`"${name}" names no tag to deploy. Try acme/web:1.4.2`)
      if (options.target !== undefined) checkTarget(options.target, session)
      const target = options.target === undefined ? {} : { target: options.target }
      const look = options.target ? `farguard deployments ${options.target}` : `farguard why ${name}`
      return askFor({ do: 'deploy', ...image, ...target }, look, options, session)
    }),
  )
}
