import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Loaded, loadConfig } from '../../shared/config/load.ts'
import { formatProblems } from '../../shared/config/problems.ts'

const example = readFileSync(new URL('../../farguard.yml', import.meta.url), 'utf8')

/** Either a config that JSON can carry to a Lambda, or problems that lie in the text. */
function isAnswer(loaded: Loaded, text: string): void {
  if ('config' in loaded) {
    expect(JSON.parse(JSON.stringify(loaded.config))).toEqual(loaded.config)
    return
  }
  expect(loaded.problems.length).toBeGreaterThan(0)
  const lines = text.split(/\r\n|\n|\r/).length
  for (const problem of loaded.problems) {
    expect(problem.message).not.toBe('')
    expect(problem.line).toBeLessThanOrEqual(lines + 1)
  }
  const report = formatProblems('farguard.yml', loaded.problems)
  expect(report.split('\n')).toHaveLength(loaded.problems.length + 1)
}

const piece = fc.constantFrom(
  'targets',
  'web',
  'repository',
  'tags',
  'run',
  'service',
  'task',
  'job',
  'containers',
  'taskDefinition',
  'network',
  'cpu',
  'memory',
  'cost',
  'spot',
  'budgets',
  'covers',
  'steps',
  'guard',
  'rules',
  'for',
  'idle',
  'hours',
  'tag:env=',
  '80% of actual',
  '$5 a day',
  'none',
  ': ',
  ':',
  '\n',
  '\n  ',
  '\n    ',
  '\n\t',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ', ',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a',
  '|',
  '>',
  '#',
  '? ',
  '!x ',
  '!!binary ',
  '---\n',
  '%YAML 1.1\n',
  'semver:^1',
  'acme/web',
  '1.10',
  'true',
  'yes',
  '~',
  '0x1F',
  '.nan',
  '2026-01-01',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\uFEFF',
  '\u2028',
  'é',
  '😀',
  '\ud800',
)

describe('whatever stands in the file, the answer is a config or its problems', () => {
  test('text made of YAML and of our own words', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), pieces => isAnswer(loadConfig(pieces.join('')), pieces.join(''))),
      { numRuns: 3000 },
    )
  })

  test('any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'binary' }), text => isAnswer(loadConfig(text), text)),
      { numRuns: 1000 },
    )
  })

  test('the example with pieces cut out, doubled and put in', () => {
    const cut = fc.tuple(fc.nat(example.length), fc.nat(60), fc.oneof(piece, fc.string({ maxLength: 8 })))
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 3 }), cuts => {
        const text = cuts.reduce(
          (rest, [at, length, put]) => rest.slice(0, at) + put + rest.slice(at + length),
          example,
        )
        isAnswer(loadConfig(text), text)
      }),
      { numRuns: 1000 },
    )
  })

  test('the example with each value in turn replaced by one of another kind', () => {
    const lines = example.split('\n')
    for (const [index, line] of lines.entries()) {
      const key = /^(\s*[\w-]+:)/.exec(line)?.[1]
      if (key === undefined) continue
      for (const other of [
        '',
        '~',
        '7',
        '1.50',
        'true',
        '"x y"',
        '[]',
        '[[1]]',
        '{}',
        '{ a: { b: 1 } }',
        '|\n  x',
        '.inf',
        '-0',
      ]) {
        const text = lines.with(index, `${key} ${other}`).join('\n')
        isAnswer(loadConfig(text), text)
      }
    }
  })

  test.each([
    ['digits', `cpu: ${'1'.repeat(400_000)}`],
    ['digits with a letter', `memory: ${'1'.repeat(400_000)}x`],
    ['a repository', `repository: ${'a-'.repeat(200_000)}!`],
    ['slashes', `repository: ${'/'.repeat(400_000)}x`],
    ['a tag policy', `tags: ${'>=1.0.0 '.repeat(50_000)}`],
    ['a figure', `x: 1\nbudgets:\n  b:\n    limit: $${'1 a '.repeat(100_000)}`],
    ['a selector', `x: 1\nbudgets:\n  b:\n    covers: tag:${'a='.repeat(200_000)}`],
    [
      'many rules',
      `x: 1\nguard:\n  rules:\n${Array.from({ length: 10_000 }, () => '    - { for: all, idle: none }').join('\n')}`,
    ],
    ['a wrong word', `run: ${'servic'.repeat(60_000)}`],
    ['one key very often', Array.from({ length: 30_000 }, () => 'k: 1').join('\n    ')],
    ['many aliases', `[&a x, ${Array.from({ length: 100_000 }, () => '*a').join(',')}]`],
    ['a long key', `"${'k'.repeat(900)}": 1`],
    ['many keys', Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n    ')],
  ])('long input is answered soon: %s', (_, line) => {
    const text = `targets:\n  web:\n    ${line}\n`
    // CPU time: a machine that does other things meanwhile takes longer by the clock.
    const before = process.cpuUsage()
    isAnswer(loadConfig(text), text)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(4000)
  })
})
