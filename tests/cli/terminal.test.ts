import { expect, test } from 'vitest'
import { processTerminal } from '../../cli/terminal.ts'

test('Ctrl-C ends a sleep at once, and is anybody else’s again afterwards', async () => {
  const terminal = processTerminal()
  const before = process.listeners('SIGINT')
  const waiting = terminal.untilInterrupted(async signal => {
    await terminal.sleep(60_000, signal)
    return signal.aborted
  })
  const [own] = process.listeners('SIGINT').filter(listener => !before.includes(listener))
  own?.('SIGINT')
  expect(await waiting).toBe(true)
  expect(process.listeners('SIGINT')).toEqual(before)
})

test('where nobody looks there is no screen and nobody to ask', () => {
  const terminal = processTerminal()
  expect({ ...terminal, columns: terminal.columns() }).not.toHaveProperty('confirm')
  expect(terminal.columns()).toBeUndefined()
  expect(terminal.user()).toMatch(/^.+@.+$/)
})
