import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines } from './rendered.ts'

/** A target of this kind on lines 1 to 5, and `rest` on the lines after, indented by four. */
function target(run: 'service' | 'task' | 'job', ...rest: string[]): string {
  const own = run === 'service' ? [] : ['network: { subnets: [subnet-0a1b2c3d] }', 'taskDefinition: web']
  const lines = [...rest, ...own].map(line => `    ${line}\n`).join('')
  return `targets:\n  web:\n    repository: acme/web\n    tags: newest\n    run: ${run}\n${lines}`
}

function loaded(text: string) {
  const config = loadConfig(text)
  return 'config' in config ? config.config.targets[0] : config.problems
}

const [minute, hour] = [60_000, 3_600_000]

describe('what a rollout is given', () => {
  test.each([
    { run: 'service', rest: [], is: { verify: { withinMs: 15 * minute, settleMs: 30_000 } } },
    { run: 'service', rest: ['verify: { within: 1h }'], is: { verify: { withinMs: hour, settleMs: 30_000 } } },
    {
      run: 'service',
      rest: ['verify: { settle: 2m }'],
      is: { verify: { withinMs: 15 * minute, settleMs: 2 * minute } },
    },
    { run: 'task', rest: [], is: { verify: { withinMs: 15 * minute, settleMs: 30_000 } } },
    { run: 'task', rest: ['verify: { settle: 0s }'], is: { verify: { withinMs: 15 * minute, settleMs: 0 } } },
    {
      run: 'task',
      rest: ['verify: { within: 24h, settle: 1h }'],
      is: { verify: { withinMs: 24 * hour, settleMs: hour } },
    },
    { run: 'job', rest: [], is: { timeoutMs: 24 * hour } },
    { run: 'job', rest: ['timeout: 14d'], is: { timeoutMs: 14 * 24 * hour } },
    { run: 'job', rest: ['timeout: 1m30s'], is: { timeoutMs: 90_000 } },
  ] as const)('$run $rest', ({ run, rest, is }) => expect(loaded(target(run, ...rest))).toMatchObject({ run: is }))

  test.each([
    {
      run: 'service',
      rest: 'before: { command: [migrate, up] }',
      is: { command: ['migrate', 'up'], timeoutMs: 30 * minute },
    },
    { run: 'job', rest: 'before: { command: [check], timeout: 2h }', is: { command: ['check'], timeoutMs: 2 * hour } },
  ] as const)('$run $rest', ({ run, rest, is }) => expect(loaded(target(run, rest))).toMatchObject({ before: is }))

  test('nothing comes before where nothing is named', () => expect(loaded(target('task'))).not.toHaveProperty('before'))
})

describe('what does not go together', () => {
  test.each([
    [
      'service',
      'timeout: 1h',
      'targets.web.timeout  only a job has one. Remove this key, or write verify: { within: 15m }',
    ],
    [
      'task',
      'timeout: 1h',
      'targets.web.timeout  only a job has one. Remove this key, or write verify: { within: 15m }',
    ],
    [
      'job',
      'verify: { within: 5m }',
      'targets.web.verify  a job has succeeded when it exits with 0. Remove this key, or write timeout: 1h',
    ],
    [
      'task',
      'verify: { within: 1m, settle: 1m }',
      'targets.web.verify.settle  copies that must have run for 1m can not succeed within 1m. Try within: 1h, settle: 30s',
    ],
    [
      'task',
      'verify: { settle: 20m }',
      'targets.web.verify.settle  copies that must have run for 20m can not succeed within 15m. Try within: 1h, settle: 30s',
    ],
    [
      'task',
      'verify: { within: 10 minuts, settle: 1h }',
      'targets.web.verify.within  "10 minuts" is not a duration. Try 15m',
    ],
    ['task', 'verify: { within: 30s }', 'targets.web.verify.within  "30s" is outside 1m to 24h. Try 15m'],
    ['job', 'timeout: 15d', 'targets.web.timeout  "15d" is outside 1m to 14d. Try 24h'],
    ['job', 'timeout: 60', 'targets.web.timeout  60 has no unit. Try 60s'],
    [
      'job',
      'before: [migrate]',
      'targets.web.before  is a list, which does not fit here. Try { command: [migrate, up] }',
    ],
    ['job', 'before: { timeout: 5m }', 'targets.web.before.command  is missing. Try [migrate, up]'],
    [
      'job',
      'before: { command: migrate up }',
      'targets.web.before.command  "migrate up" does not fit here. Try [migrate, up]',
    ],
    ['job', 'before: { command: [] }', 'targets.web.before.command  is an empty list. Try [migrate, up]'],
  ] as const)('%s: %s', (run, rest, line) => {
    expect(problemLines(target(run, rest)).map(each => each.replace(/^farguard\.yml:6:\d+ {2}/, ''))).toEqual([line])
  })
})
