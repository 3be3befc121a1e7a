/** `farguard wake`: puts back all that the guard has stopped. */

import { parkedNow, showParked } from '../guard/parked-list.ts'
import { json, printable } from '../printable.ts'
import type { DefineCommand, Session } from '../session.ts'
import { askFor, type WishOptions, withWishOptions } from '../wish.ts'

export const wake: DefineCommand = (command, run) => {
  command
    .description('Puts back all that the guard has stopped, whatever for, and waits until it runs.')
    .addHelpText('after', '\nExample:\n  farguard wake')
  withWishOptions(command).action((options: WishOptions) => run(session => runWake(options, session)))
}

/** It asks nothing: it starts only what ran before, and the list says what. */
async function runWake(options: WishOptions, session: Session): Promise<number> {
  const { stack, terminal } = session
  const parked = await parkedNow(stack.table)
  if (parked.length === 0) {
    terminal.print(options.json ? json({ how: 'nothing-parked' }) : 'Nothing is stopped by the guard.')
    return 0
  }
  for (const line of showParked(parked, await session.now(), terminal.columns())) terminal.say(printable(line))
  return askFor({ do: 'wake' }, 'farguard undo', options, session)
}
