/** The line that says what a command waits for. */
import { printable } from './printable.ts'
import type { Terminal } from './terminal.ts'
import { span } from './times.ts'

/**
 * Where somebody looks, one line that is rewritten and counts the time; else a line for each change of `what`. `end` leaves a
 * screen as if nothing had been there.
 */
export function progressOn(terminal: Terminal): { show(what: string): void; end(): void } {
  const began = terminal.now().getTime()
  let shown = ''
  return {
    show(what) {
      const line = printable(what)
      if (terminal.rewrite) terminal.rewrite(`${line} (${span(terminal.now().getTime() - began)})`)
      else if (line !== shown) terminal.say(line)
      shown = line
    },
    end() {
      if (shown !== '') terminal.rewrite?.('')
    },
  }
}
