import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { keepReasons } from '../../shared/guard/plan.ts'
import { notJudgedReasons, stopReasons } from '../../shared/guard/verdict.ts'

test.each([...stopReasons, ...keepReasons, ...notJudgedReasons])('docs/guard.md explains %s', reason => {
  expect(readFileSync('docs/guard.md', 'utf8')).toMatch(new RegExp(`^\\| [^|]*\`${reason}\``, 'm'))
})
