import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commands } from '../../cli/program.ts'
import { simulatedWorld } from '../simulated-world.ts'
import { type } from './shell.ts'

const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')

test.each(Object.keys(commands))('docs/commands.md shows %s, with an example', name => {
  expect(page).toMatch(new RegExp(`^\\| \\[\`${name}[ \`]`, 'm'))
  expect(page).toMatch(new RegExp(`^\\$ npx farguard ${name}\\b`, 'm'))
})

test('every option of a command is on the page', async () => {
  for (const name of Object.keys(commands)) {
    const { out } = await type([name, '--help'], simulatedWorld())
    for (const [, option = ''] of out.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)) expect(page).toContain(`--${option}`)
  }
})
